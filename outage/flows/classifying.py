"""Classify flow logs: named flows by day as Parquet, and samples ready to be imported.

A run over a folder of results takes up the logs from which it was made before: the days that the
given logs touch are made anew from all of them, so that late records correct earlier samples.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from outage.errors import BadInput, UsageError
from outage.flows.cluster import SHARES_A_WORKER, Runner, runner
from outage.flows.emitting import Emission, write_samples
from outage.flows.engine import DAY_US, SECOND_US, engine, parquet
from outage.flows.history import History, Input, as_input, read_history, touched, write_history
from outage.flows.inputs import ANSWERS, FLOWS, Kind, Log, open_log, read_whole
from outage.flows.naming import RULES, Share
from outage.flows.places import is_url, make_folder, names_in, remove
from outage.flows.shares import Classified, Day, Plan, classify_share, day_name, sum_day_up
from outage.flows.surveying import Options, survey

if TYPE_CHECKING:
    from outage.catalogue import Catalogue

One = TypeVar("One")
Result = TypeVar("Result")
Progress: TypeAlias = Callable[[str, int, int], None]

ANSWERS_AT_ONCE: Final = 6_000_000  # of one share: what fits into the default limit of memory
LONGEST_DAYS: Final = 7
STAY: Final = "stays as it was, without what was given anew; bring the file back"
LOGS: Final = ("*.parquet", "*.csv", "*.csv.gz")
NONE: Final = f"the folders hold no {', '.join(LOGS)}; give what `outage flows read` wrote"


@dataclass(slots=True)
class Outcome:
    """What a run did: counts, and a line for each thing that was wrong."""

    out: str
    files: int = 0
    files_failed: int = 0
    flows: int = 0
    named: dict[str, int] = field(default_factory=lambda: dict.fromkeys(RULES, 0))
    days: int = 0
    slots: int = 0
    samples: int = 0
    seconds: float = 0.0
    lines: list[str] = field(default_factory=list)

    @property
    def unnamed(self) -> int:
        """Return the flows that no rule named."""
        return self.flows - sum(self.named.values())

    def summary(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        return {
            "files": self.files,
            "files_failed": self.files_failed,
            "flows": self.flows,
            "named": self.named,
            "unnamed": self.unnamed,
            "days": self.days,
            "slots": self.slots,
            "samples": self.samples,
            "seconds": round(self.seconds, 3),
            "flows_per_second": round(self.flows / self.seconds) if self.seconds else 0,
            "damage": self.lines,
            "out": self.out,
        }


def classify_logs(
    flows: Sequence[str],
    answers: Sequence[str],
    out: str,
    catalogue: Catalogue,
    options: Options,
    progress: Progress = lambda _step, _done, _total: None,
) -> Outcome:
    """Classify canonical logs (files, patterns or folders) into `out`.

    Writes `out/flows/day=.../*.parquet` and `out/samples.parquet`. A file that cannot be used is
    left out and told in the outcome's lines. Raises UsageError if an option is wrong, BadInput
    if no file of flows can be used.
    """
    begun = time.perf_counter()
    options.check()
    out = out.rstrip("/") if is_url(out) else str(Path(out).resolve())
    outcome = Outcome(out)
    given = _expanded(flows, out), _expanded(answers, out)
    make_folder(out)
    staging = None if is_url(out) else out
    with (
        TemporaryDirectory(prefix=".staged-", dir=staging) as folder,
        runner(options.cluster) as hands,
    ):
        job = _Job(out, catalogue, options, hands, Path(folder), outcome, progress)
        job.take(*given)
    outcome.seconds = time.perf_counter() - begun
    return outcome


def _expanded(paths: Iterable[str], out: str) -> list[str]:
    """Return the files that names, patterns and folders stand for; none may lie in `out`."""
    found: list[str] = []
    for path in paths:
        if is_url(path) or Path(path).is_file():
            found += [path]
        elif Path(path).is_dir():
            found += sorted(str(one) for pattern in LOGS for one in Path(path).glob(pattern))
        else:
            found += sorted(glob(path)) or [path]  # noqa: PTH207 - a pattern may be absolute
    absolute = [one if is_url(one) else str(Path(one).resolve()) for one in found]
    inside = "" if is_url(out) else f"{Path(out).resolve()}/"
    for one in absolute:
        if inside and one.startswith(inside):
            raise UsageError(f"{one}: lies in --out, whose folders are written; choose another")
    return sorted(set(absolute))


@dataclass(slots=True)
class _Logs:
    """The logs of one run."""

    flows: list[Log]
    answers: list[Log]

    def drop(self, logs: Sequence[Log]) -> None:
        self.flows = [log for log in self.flows if log not in logs]
        self.answers = [log for log in self.answers if log not in logs]


@dataclass(slots=True)
class _Job:
    """One run, and how far it has come."""

    out: str
    catalogue: Catalogue
    options: Options
    hands: Runner
    staging: Path
    outcome: Outcome
    progress: Progress
    reached: set[int] = field(default_factory=set)

    def take(self, flows: list[str], answers: list[str]) -> None:
        """Open the given logs, take up earlier ones, and classify the days that are touched."""
        history = read_history(self.out, self.options.slot_seconds)
        logs = _Logs(self._open(flows, FLOWS), self._open(answers, ANSWERS))
        if not logs.flows and not logs.answers:
            why = f"; the first: {self.outcome.lines[0]}" if self.outcome.lines else f": {NONE}"
            raise BadInput(f"no file can be used{why}")
        given = self._inputs(logs)
        again = history.known(self._origins(logs))
        days = touched([*given[0], *given[1], *again])
        self.reached = self._reached({day for one in again for day in one.days})
        days -= self._take_up(history, logs, days)
        while True:
            try:
                self._classify(history, logs, days)
            except BadInput as error:
                self._leave_damaged(logs, error)
            else:
                return

    def _origins(self, logs: _Logs) -> set[str]:
        return {log.origin for log in (*logs.flows, *logs.answers)}

    def _reached(self, days: Iterable[int]) -> set[int]:
        """Return the days into which flows last that an earlier run named on these days."""
        files = [path for day in days for path in self._files(day)]
        if not files:
            return set()
        with engine(self.options.limits, self.out, files) as connection:
            rows = connection.execute(
                f'SELECT epoch_us("start") // {DAY_US} AS first, max(epoch_us("end")) // {DAY_US}'
                f" FROM {parquet(files)} GROUP BY first"
            ).fetchall()
        return {day for first, last in rows for day in range(first, _bounded(first, last) + 1)}

    def _inputs(self, logs: _Logs) -> tuple[list[Input], list[Input]]:
        grace = self.options.grace * SECOND_US
        return [as_input(log, 0) for log in logs.flows], [
            as_input(log, log.lasting + grace) for log in logs.answers
        ]

    def _open(self, paths: Iterable[str], kind: Kind) -> list[Log]:
        logs = []
        for path in paths:
            self.outcome.files += 1
            try:
                log, lines = self._opened(path, kind)
            except BadInput as error:
                self._leave_out(str(error))
            else:
                logs.append(log)
                self.outcome.lines += lines
        return logs

    def _opened(self, path: str, kind: Kind) -> tuple[Log, list[str]]:
        with engine(self.options.limits, self.out, [path]) as connection:
            return open_log(connection, path, kind, self.staging)

    def _leave_out(self, line: str) -> None:
        self.outcome.files_failed += 1
        self.outcome.lines.append(line)

    def _take_up(self, history: History, logs: _Logs, days: set[int]) -> set[int]:
        """Add the earlier logs of these days; return the days of which one is gone."""
        lost: set[int] = set()
        known = self._origins(logs)
        for earlier, kind, kept in (
            (history.flows, FLOWS, logs.flows),
            (history.answers, ANSWERS, logs.answers),
        ):
            for one in earlier.values():
                spoken = one.spoken() & days
                if one.path in known or not spoken:
                    continue
                try:
                    kept.append(self._opened(one.path, kind)[0])
                except BadInput as error:
                    lost |= spoken
                    self.outcome.lines.append(f"{error}; {_named_days(spoken)} {STAY}")
        return lost

    def _leave_damaged(self, logs: _Logs, error: BadInput) -> None:
        """Drop the logs that cannot be read to their end; raises the error if there are none."""
        damaged = []
        for log in (*logs.flows, *logs.answers):
            try:
                with engine(self.options.limits, self.out, [log.path]) as connection:
                    read_whole(connection, log)
            except BadInput as fault:
                damaged.append(log)
                self._leave_out(str(fault))
        logs.drop(damaged)
        if not damaged or not (logs.flows or logs.answers):
            raise error

    def _classify(self, history: History, logs: _Logs, days: set[int]) -> None:
        self.progress("looking at names", 0, 1)
        plan = survey(logs.flows, logs.answers, self.out, self.catalogue, self.options)
        done = list(self._each("classifying", classify_share, plan, self._shares(plan, days)))
        self._clear(days, done)
        for _ in self._each("summing up", sum_day_up, plan, self._days(plan, days, done)):
            pass
        self._emit()
        flows, answers = self._inputs(logs)
        history.flows.update({one.path: one for one in flows})
        history.answers.update({one.path: one for one in answers})
        write_history(self.out, history)
        counts = sum((Counter(one.named) for one in done), Counter[str]())
        self.outcome.flows = counts.total()
        self.outcome.named = {rule: counts[rule] for rule in RULES}
        self.outcome.days = len({one.share.day for one in done if one.paths})

    def _each(
        self, title: str, step: Callable[[Plan, One], Result], plan: Plan, items: Sequence[One]
    ) -> Iterator[Result]:
        for place, result in enumerate(self.hands.run(step, plan, items)):
            self.progress(title, place + 1, len(items))
            yield result

    def _shares(self, plan: Plan, days: set[int]) -> list[Share]:
        """Return the work: each day, cut by client where memory or many workers ask for it."""
        mine = sorted(days & {day for log in plan.flows for day in log.days})
        least = -(-self.hands.workers * SHARES_A_WORKER // max(1, len(mine)))
        shares = []
        for day in mine:
            whole = Share(day)
            rows = sum(
                log.rows_within(whole.start - plan.look_back, whole.end) for log in plan.answers
            )
            count = max(-(-rows // ANSWERS_AT_ONCE), least if self.hands.workers > 1 else 1)
            shares += [Share(day, bucket, count) for bucket in range(count)]
        return shares

    def _clear(self, days: set[int], done: Sequence[Classified]) -> None:
        """Remove what earlier runs, or steps that died, wrote of the days that were made anew."""
        written = {path for one in done for path in one.paths}
        for day in days:
            unfinished = names_in(self._folder(day), ".*.tmp")
            for path in {*self._files(day), *unfinished} - written:
                remove(path)

    def _files(self, day: int) -> list[str]:
        return names_in(self._folder(day), "*.parquet")

    def _folder(self, day: int) -> str:
        return f"{self.out}/flows/{day_name(day)}"

    def _days(self, plan: Plan, days: set[int], done: Sequence[Classified]) -> list[Day]:
        """Return the days to be summed up: those made anew, and those into which flows last."""
        ends: dict[int, int] = {}
        for one in done:
            day, last = one.share.day, one.last // DAY_US
            ends[day] = max(ends.get(day, day), _bounded(day, last))
        wanted = (
            days
            | self.reached
            | {day for first, last in ends.items() for day in range(first, last + 1)}
        )
        return [self._day(day, ends) for day in sorted(wanted)]

    def _day(self, day: int, ends: Mapping[int, int]) -> Day:
        before = range(day - LONGEST_DAYS, day)
        earlier = [path for x in before if ends.get(x, day) >= day for path in self._files(x)]
        return Day(day, tuple(self._files(day)), tuple(earlier))

    def _emit(self) -> None:
        options = self.options
        emission = Emission(options.source, options.slot_seconds, options.since, options.until)
        place = f"{self.out}/slots"
        flow_facts, dns_facts = names_in(place, "flows-*"), names_in(place, "dns-*")
        with engine(options.limits, self.out) as connection:
            self.outcome.samples, self.outcome.slots = write_samples(
                connection, flow_facts, dns_facts, emission, f"{self.out}/samples.parquet"
            )


def _bounded(first: int, last: int) -> int:
    """Return the last day of a flow; one that lasts longer has a wrong clock."""
    return min(last, first + LONGEST_DAYS)


def _named_days(days: Iterable[int]) -> str:
    return ", ".join(day_name(day).removeprefix("day=") for day in sorted(days)[:3])
