"""Judge labelled cases with our engine and with the rules of other systems, side by side.

Ours runs with its default settings. Each rival is shown as published and, on the right, with
whichever of its settings has the best recall on these very cases at that many false alarms per
subject-week or fewer: a choice in hindsight, to its favour. `prec.` is detected outages over those
and the false alarms, `false` is false alarms per subject-week, delays are medians, `sec.` is
seconds of one core, reading excluded.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # one core a case; set before NumPy loads

import numpy as np
from rivals.families import FAMILIES, ON_NETWORK, ON_PEOPLE, PAIRS, PROPHET
from rivals.rule import Scores, Spell, incidents, spells, together
from rivals.sheet import Sheet, sheet_of
from rivals.tally import Tallies, Tally, added, best

from outage.errors import OutageError
from outage.evaluation import Case, compare, judge_case, read_case, wilson
from outage.settings import Settings

OURS = "ours"
LEVELS = (0.05, 0.2, 0.4)
PAIR_SLOTS = 3


@dataclass(slots=True)
class Judged:
    """Counts by family, as published and of every setting tried; seconds on one core."""

    published: dict[str, Tallies] = field(default_factory=dict)
    tried: dict[str, Tallies] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def clock(self, family: str) -> Iterator[None]:
        """Add the seconds of the block to the family's."""
        started = _core_seconds()
        yield
        self.seconds[family] = _core_seconds() - started


def _core_seconds() -> float:
    """Return the time that this process and those it waited for (Prophet's) have computed."""
    return sum(os.times()[:4])


def judge(folder: Path, families: Sequence[str]) -> Judged:
    """Judge one case with ours and with every family; raises BadInput."""
    case, found = read_case(folder), Judged()
    if OURS in families:
        with found.clock(OURS):
            ours = judge_case(case, Settings())
        found.published[OURS] = {"default": Tally.of(ours, case.slot_seconds)}
    sheet = sheet_of(case)
    scores = {name: judge_family(name, case, sheet, found) for name in families if name != OURS}
    for pair in PAIRS:
        if scores.keys() >= set(pair):
            judge_pair(pair, case, scores, found)
    return found


def judge_family(family: str, case: Case, sheet: Sheet, found: Judged) -> Scores:
    """Judge a case with all settings of a family; return the scores of its first member."""
    members = FAMILIES[family]
    with found.clock(family):
        first = members[""].score(sheet)
        defaults = {name: spells(first, one) for name, one in members[""].defaults.items()}
    found.published[family] = {name: tally(case, said) for name, said in defaults.items()}
    found.tried[family] = {
        f"{setting} {name}".strip(): tally(case, spells(scores, setting))
        for name, rival in members.items()
        for scores in (rival.score(sheet) if name else first,)
        for setting in rival.sweep
    }
    return first


def judge_pair(
    pair: tuple[str, str], case: Case, scores: Mapping[str, Scores], found: Judged
) -> None:
    """Judge a case with both rules of a pair, where they speak within three slots."""
    family = " + ".join(pair)
    within = PAIR_SLOTS * max(case.slot_seconds, scores[pair[0]].slot_seconds)
    network, people = ON_NETWORK[pair[0]], ON_PEOPLE[pair[1]]
    with found.clock(family):
        left, right = spells(scores[pair[0]], network[0]), spells(scores[pair[1]], people[0])
        both = together(left, right, within)
    found.seconds[family] += sum(found.seconds[one] for one in set(pair))
    found.published[family] = {"defaults": tally(case, both)}
    seen = {str(one): spells(scores[pair[0]], one) for one in network}
    said = {str(one): spells(scores[pair[1]], one) for one in people}
    found.tried[family] = {
        f"{first} and {second}": tally(case, together(seen[first], said[second], within))
        for first in seen
        for second in said
    }


def tally(case: Case, found: Sequence[Spell]) -> Tally:
    """Count spells by the same rules as our incidents."""
    return Tally.of(compare(case, incidents(found), []), case.slot_seconds)


def judge_all(folders: Sequence[Path], families: Sequence[str], workers: int) -> list[Judged]:
    """Judge every case; one that cannot be read is said on stderr and left out."""
    results = []
    with ProcessPoolExecutor(max_workers=workers) as pool:
        jobs = [pool.submit(judge, folder, families) for folder in folders]
        for number, job in enumerate(jobs, 1):
            try:
                results.append(job.result())
            except OutageError as error:
                print(f"detect: {error}", file=sys.stderr)
            if sys.stderr.isatty():
                print(f"\r{number} of {len(jobs)} cases", end="", file=sys.stderr)
    return results


def total(results: Sequence[Judged]) -> Judged:
    """Return the sums over cases."""
    whole = Judged()
    for family in results[0].published:
        whole.published[family] = added(one.published[family] for one in results)
        tried = added(one.tried.get(family, {}) for one in results)
        whole.tried[family] = whole.published[family] | tried
        whole.seconds[family] = sum(one.seconds[family] for one in results)
    return whole


def lines(whole: Judged, levels: Sequence[float]) -> Iterator[str]:
    """Yield the table, a line for every rule as published."""
    at = "".join(f"{f'r<={level:.3g}':>9}" for level in levels)
    yield f"{'rule':30}{'as':9} recall  prec.  false  slots  min.  cause   sec.{at}"
    for family, published in whole.published.items():
        found = [best(whole.tried[family], level) for level in levels]
        at = "".join(f"{f'{one[1].recall:.3f}' if one else '-':>9}" for one in found)
        for name, one in published.items():
            cause = f"{one.cause_accuracy:.3f}" if family == OURS else "-"
            yield (
                f"{family:30}{name:9} {one.recall:6.3f} {one.precision:6.3f} {one.rate:6.3f}"
                f" {median(one.slots):6.1f} {median(one.minutes):5.0f} {cause:>6}"
                f" {whole.seconds[family]:6.1f}{at}"
            )


def median(values: Sequence[float]) -> float:
    """Return the median, NaN of nothing."""
    return float(np.median(values)) if values else np.nan


def settings_at(whole: Judged, level: float) -> Iterator[str]:
    """Yield for each rival the setting chosen at a level."""
    for family, tried in whole.tried.items():
        chosen = best(tried, level)
        if family != OURS and chosen:
            name, one = chosen
            yield f"  {family}: recall {one.recall:.3f} at {one.rate:.3f} with {name}"


def summary(whole: Judged, cases: int) -> str:
    """Return the last line: ours against the best rival at no more false alarms than ours."""
    ours = whole.published[OURS]["default"]
    rivals = [
        (chosen[1].recall, family, chosen)
        for family, tried in whole.tried.items()
        if family != OURS and (chosen := best(tried, ours.rate))
    ]
    low, high = wilson(ours.detected, ours.outages) or (np.nan, np.nan)
    text = (
        f"detect: {cases} cases, {ours.outages} outages; ours: recall {ours.recall:.3f}"
        f" ({low:.3f} to {high:.3f}) at {ours.rate:.3f} false alarms per subject-week"
    )
    if not rivals:
        return f"{text}; no rival has as few"
    recall, family, (name, one) = max(rivals, key=lambda row: row[0])
    ahead = "ahead" if ours.recall > recall else "NOT ahead"
    return (
        f"{text}; best rival at no more: {recall:.3f} at {one.rate:.3f} ({family}, {name}); {ahead}"
    )


def spread(folders: Sequence[Path], most: int | None) -> Sequence[Path]:
    """Return at most so many of the folders, evenly spread."""
    if most is None or most >= len(folders):
        return folders
    return [folders[number * len(folders) // most] for number in range(most)]


def main() -> None:
    """Judge once, print the table, the settings chosen in hindsight and, last, the summary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--cases", type=int, help="only so many, evenly spread")
    parser.add_argument("--no-prophet", action="store_true", help="without its many fits")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    names = [name for name in FAMILIES if name != PROPHET or not options.no_prophet]
    results = judge_all(spread(options.folders, options.cases), [OURS, *names], options.workers)
    if not results:
        raise SystemExit("detect: no case could be judged; name folders of labelled cases")
    whole = total(results)
    rate = whole.published[OURS]["default"].rate
    print(*lines(whole, (rate, *LEVELS)), sep="\n")
    print(
        f"\nchosen in hindsight at {rate:.3f} false alarms or fewer:",
        *settings_at(whole, rate),
        sep="\n",
    )
    print(summary(whole, len(results)))


if __name__ == "__main__":
    main()
