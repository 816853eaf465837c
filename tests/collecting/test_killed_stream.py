"""A run that reads a stream is killed again and again: nothing is lost, nothing counted twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from shutil import copy

import numpy as np

from outage.clock import now
from outage.slots import HOUR, floor_slot, format_time
from outage.store import Store
from outage.words import Series
from tests.collectors.people.streams import Stream, post, streaming

SLOT = 600
KILLS = 20
TEXTS = (
    "whatsapp is down",
    "ist whatsapp down? geht nicht",
    "lovely day",
    "telegram is back",
    "I use whatsapp and telegram",
    "anyone else? telegram not working",
)


def made(since: int, until: int) -> list[dict[str, object]]:
    """Return a post every ten seconds, of which some name a service."""
    draw = random.Random(7)
    moments = range(since, until + 40, 10)
    return [post(moment, draw.choice(TEXTS), n=n) for n, moment in enumerate(moments)]


def started(folder: Path, database: str, since: int, until: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "outage", "collect", "bluesky", "--database"]
    command += [f"sqlite:///{folder / database}", "--config", str(folder / "outage.toml")]
    command += ["--since", str(format_time(since)), "--until", str(format_time(until))]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finished(folder: Path, database: str, since: int, until: int) -> dict[Series, list[float]]:
    """Collect to the end, and return all that is stored."""
    process = started(folder, database, since, until)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()
    with Store.open(f"sqlite:///{folder / database}") as store:
        batch = store.load(since, until)
    values = {one: batch.value[batch.series_index == i] for i, one in enumerate(batch.series)}
    return {one: found.tolist() for one, found in values.items()}


def killed(folder: Path, stream: Stream, since: int, until: int, draw: random.Random) -> bool:
    """Start a run and kill it some time after it connects; return whether it was still at work."""
    asked = len(stream.asked)
    process = started(folder, "killed.db", since, until)
    while len(stream.asked) == asked and process.poll() is None:
        time.sleep(0.005)
    time.sleep(draw.uniform(0.0, 0.4))
    at_work = process.poll() is None
    process.kill()
    process.communicate()
    return at_work


def test_counts_after_twenty_kills_are_those_of_an_undisturbed_run(
    tmp_path: Path, sqlite_store_file: Path
) -> None:
    until = floor_slot(now() - 120, SLOT)
    since = until - 12 * HOUR
    draw = random.Random(11)
    for database in ("killed.db", "whole.db"):
        copy(sqlite_store_file, tmp_path / database)
    with streaming(Stream(made(since, until), pause=0.0006)) as stream:
        (tmp_path / "outage.toml").write_text(
            f'[sources.bluesky]\nplug = "bluesky"\noptions = {{ url = "{stream.url}" }}\n'
        )
        kills = tries = 0
        while kills < KILLS and tries < 3 * KILLS:
            kills += killed(tmp_path, stream, since, until, draw)
            tries += 1
        stream.pause = 0.0
        interrupted = finished(tmp_path, "killed.db", since, until)
        undisturbed = finished(tmp_path, "whole.db", since, until)

    assert kills == KILLS
    assert interrupted == undisturbed
    spoken = {one.subject for one, values in undisturbed.items() if np.sum(values) > 0}
    assert spoken == {"whatsapp", "telegram"}
    assert {len(values) for values in undisturbed.values()} == {12 * HOUR // SLOT}
    posts = sum(undisturbed[Series("whatsapp", "posts", source="bluesky")])
    named = sum("whatsapp" in str(one) for one in stream.frames if one["time_us"] < until * 10**6)
    assert posts == named
