"""The report on quality of experience: section 5 and figure 7 of the paper.

People rated downloads of 5 MB over WhatsApp: good up to 20 s of waiting, acceptable up to about
40 s, very bad from 80 s. What lies between is bad. The paper gives no numbers for its scores: ours
are those of ITU-T P.800 at these marks (4 good, 3 fair, 1 bad), joined by straight lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from outage.reports.distributions import (
    DOWN,
    LARGE,
    SECONDS,
    Cloud,
    Quantity,
    by_part,
    cdf,
    cells,
    table,
)
from outage.reports.exhibits import (
    WHOLE,
    Axis,
    Column,
    Exhibit,
    Line,
    Plot,
    Report,
    Row,
    Table,
    Value,
)
from outage.reports.selection import Flows
from outage.reports.traffic import doubts

GOOD, ACCEPTABLE, VERY_BAD = 20, 40, 80  # seconds
#: Waiting time in seconds, opinion score; straight lines between, 1 afterwards.
SCORES: Final = ((0, 5.0), (GOOD, 4.0), (ACCEPTABLE, 3.0), (VERY_BAD, 1.0))
MARKS: Final = ((GOOD, "good"), (ACCEPTABLE, "acceptable"), (VERY_BAD, "very bad"))
MIDDLE: Final = (4_000_000, 6_000_000)  # bytes: about the 5 MB that people rated

NOTE: Final = (
    "Opinion: good up to 20 s, acceptable to 40 s, bad to 80 s, very bad from 80 s; the scores at"
    " these marks are 4, 3 and 1 (ITU-T P.800), straight lines between."
)
OVER: Final = "over 1 MB"
ABOUT: Final = "4 to 6 MB"
TIMES: Final = Quantity(
    "download_time",
    "Download time of transfers over 1 MB",
    "figure 7 (c)",
    Axis("download time", "seconds", log=True),
    SECONDS,
    f"bytes_down > {LARGE}",
)
MIDDLE_TIMES: Final = replace(TIMES, where="bytes_down BETWEEN {} AND {}".format(*MIDDLE))


def qoe(flows: Flows) -> Report:
    """Return the report on quality of experience; transfers are flows with over 1 MB down."""
    times = by_part(flows, TIMES)
    both = {ABOUT: by_part(flows, MIDDLE_TIMES)[WHOLE], OVER: times[WHOLE]}
    exhibits: list[Exhibit] = [
        opinions(flows),
        _scores(),
        cells(flows, _sizes_and_times()),
        replace(cdf(TIMES, both), marks=MARKS),
        table(TIMES, "part", times),
        table(DOWN, "part", by_part(flows, DOWN)),
    ]
    remarks = doubts(flows)
    if not times[WHOLE].flows:
        remarks.append("no flow brought more than 1 MB down: there is no transfer to rate")
    return Report("qoe", "Quality of experience", flows.scope, exhibits, remarks)


def _sizes_and_times() -> Cloud:
    return Cloud(
        "download_time_by_size",
        "Download time against flow size, over 1 MB",
        "figure 7 (b)",
        "bytes_down",
        TIMES.where,
        Axis("bytes down", "bytes", log=True),
        Axis("download time", "seconds", log=True),
    )


def score_of(seconds: str) -> str:
    """Return the SQL of the opinion score of an SQL waiting time."""
    cases = [
        f"WHEN {seconds} < {later}"
        f" THEN {high} - ({seconds} - {sooner}) * {(high - low) / (later - sooner)}"
        for (sooner, high), (later, low) in pairwise(SCORES)
    ]
    return f"CASE {' '.join(cases)} ELSE {SCORES[-1][1]} END"


def opinions(flows: Flows) -> Table:
    """Return the shares of transfers by opinion: about 5 MB, over 1 MB, and the latter by part."""
    columns = [
        Column("transfers", "transfers"),
        Column("count", "count", "count"),
        Column("good", "good, up to 20 s", "share"),
        Column("acceptable", "acceptable, to 40 s", "share"),
        Column("bad", "bad, to 80 s", "share"),
        Column("very_bad", "very bad, from 80 s", "share"),
        Column("at_least_acceptable", "at least acceptable", "share"),
        Column("bad_or_worse", "bad or very bad", "share"),
        Column("score", "mean opinion score", "score"),
    ]
    found = flows.rows(_opinion_query())
    rows = [_opinion(ABOUT, WHOLE, [row for row in found if row[1]]), _opinion(OVER, WHOLE, found)]
    inner = [_opinion(OVER, part, _of(found, flows, part)) for part in flows.parts.names[1:]]
    rows += [row for row in inner if row["count"]]
    title = "Opinion of downloads by waiting time"
    return Table("opinions", title, "section 5, figure 7 (a, c)", columns, rows, NOTE)


def _of(rows: Sequence[Any], flows: Flows, part: str) -> list[Any]:
    return [row for row in rows if row[0] in flows.parts.members[part]]


def _opinion_query() -> str:
    return f"""
        SELECT category, middle, count(*),
            count(*) FILTER (waited <= {GOOD}), count(*) FILTER (waited <= {ACCEPTABLE}),
            count(*) FILTER (waited >= {VERY_BAD}), sum({score_of("waited")})
        FROM (SELECT category, {SECONDS} AS waited, {MIDDLE_TIMES.where} AS middle
            FROM chosen WHERE {TIMES.where})
        GROUP BY ALL ORDER BY ALL"""  # noqa: S608 - numbers of this module


def _opinion(size: str, part: str, rows: Sequence[Any]) -> Row:
    name = size if part == WHOLE else f"{size}, {part}"
    about: dict[str, Value] = {"transfers": name, "size": size, "part": part}
    count, good, acceptable, very_bad, score = (sum(row[k] for row in rows) for k in range(2, 7))
    if not count:
        return about | {"count": 0}
    return about | {
        "count": count,
        "good": good / count,
        "acceptable": (acceptable - good) / count,
        "bad": (count - acceptable - very_bad) / count,
        "very_bad": very_bad / count,
        "at_least_acceptable": acceptable / count,
        "bad_or_worse": (count - acceptable) / count,
        "score": score / count,
    }


def _scores() -> Plot:
    x, y = zip(*SCORES, (2 * VERY_BAD, 1.0), strict=True)
    return Plot(
        "score_by_time",
        "Opinion score by waiting time",
        "figure 7 (a)",
        Axis("waiting time", "seconds"),
        Axis("opinion score, 1 to 5", "score"),
        [Line("opinion score", [float(one) for one in x], list(y))],
        "time",
        marks=MARKS,
    )
