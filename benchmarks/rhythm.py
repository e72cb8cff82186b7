"""What learning a feed's rhythm gains: polls saved, and what they cost in delay.

    python -m benchmarks.rhythm DIR… [--days 60] [--seed S]

Every feed file under the folders that dates its entries is lived again: its entries come at their
dates, and the schedule of `core/schedule.py` asks, once with `every: auto` and once with a fixed
hour. The oldest third of the dates is there from the start; at most the last `--days` are lived.
Servers offer validators. The delay of an entry is from its date to the poll that finds it, in
minutes. `delay as many` is the mean that one fixed interval would have with as many polls a day as
auto took in that row.
"""

from __future__ import annotations

import argparse
import random
import sys
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median

from aggregator.core.rhythm import Rhythm, rhythm
from aggregator.core.schedule import DAY, HOUR, MINUTE, Turn, after_success, heard, told
from aggregator.errors import ReadFailed
from aggregator.formats.reading import read_document
from aggregator.model.entry import ParsedEntry, ParsedFeed
from aggregator.model.exchange import Caching, Fetched, NotModified
from aggregator.model.feed import PollState
from benchmarks.show import figure, finish, table

URL = "https://bench.example/feed"
SUFFIXES = {".xml", ".rss", ".atom", ".rdf", ".json"}
FEWEST = 9  # dates of a document that tell anything
SHORTEST = 6 * HOUR  # to be lived: less tells nothing of polls a day
SHOWN = 40  # entries of a document at a time
KINDS = ("an hour or less", "an hour to a day", "a day or more", "dated column", "all")

CHANGED = Fetched(
    url=URL,
    status=200,
    body=b"",
    content_type=None,
    etag='"x"',
    last_modified=None,
    caching=Caching(),
)
UNCHANGED = NotModified(etag=None, last_modified=None, caching=Caching())


@dataclass(slots=True, kw_only=True)
class Lived:
    """What some feeds went through: the rate of each, and the delay of each entry."""

    rates: list[float] = field(default_factory=list)  # polls a day
    delays: list[float] = field(default_factory=list)  # seconds

    def add(self, other: Lived) -> None:
        self.rates += other.rates
        self.delays += other.delays


def documents(folders: Sequence[Path], longest: float) -> Iterator[tuple[int, list[int]]]:
    """Yield from when on a document is lived, and its dates, oldest first."""
    paths = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    for path in paths:
        if path.suffix not in SUFFIXES:
            continue
        with suppress(ReadFailed):
            entries = read_document(path.read_bytes(), URL, None).entries
            dates = sorted({date for each in entries if (date := each.published or each.updated)})
            if len(dates) < FEWEST or dates[0] <= 0:
                continue
            start = max(dates[len(dates) // 3], int(dates[-1] - longest))
            if dates[-1] - start >= SHORTEST:
                yield start, dates


def live(start: int, dates: Sequence[int], every: int | None, chance: random.Random) -> Lived:
    """Poll a feed until its newest entry is found."""
    state, now, known = PollState(), start + chance.random() * HOUR, bisect_right(dates, start)
    polls, delays = 0, list[float]()
    while not polls or known < len(dates):
        there = bisect_right(dates, now)
        new = dates[known:there] if polls else ()
        delays += [now - date for date in new]
        read = dates[:there] if new or not polls else None
        state = settled(state, every, now, read, chance)
        polls, known, now = polls + 1, there, state.next_poll_at or 0.0
    rate = polls * DAY / (dates[-1] - start)
    return Lived(rates=[rate], delays=delays)


def settled(
    state: PollState,
    every: int | None,
    now: float,
    dates: Sequence[int] | None,
    chance: random.Random,
) -> PollState:
    """Return the state after a poll; with dates it brought a new document."""
    turn = Turn(started=now, every=every, jitter=chance.random())
    if dates is None:
        return after_success(state, UNCHANGED, turn)
    entries = tuple(ParsedEntry(published=date) for date in dates[-SHOWN:])
    turn = told(turn, ParsedFeed(format="rss20", entries=entries))
    return heard(after_success(state, CHANGED, turn), new=1, turn=turn)


def kind_of(found: Rhythm) -> str:
    """Return the kind of a feed by the rhythm of all its dates."""
    if found.usual_at is not None:
        return "dated column"
    gap = found.gap or 0
    return KINDS[0] if gap <= HOUR else KINDS[1] if gap < DAY else KINDS[2]


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rhythm")
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--days", type=float, default=60.0, help="at most so many are lived")
    parser.add_argument("--seed", type=int, help="of chance; printed when not given")
    asked = parser.parse_args(arguments)
    seed = random.randrange(2**32) if asked.seed is None else asked.seed
    hourly, auto = ({kind: Lived() for kind in KINDS} for _ in range(2))
    for start, dates in documents(asked.folders, asked.days * DAY):
        for lived, every in ((hourly, HOUR), (auto, None)):
            one = live(start, dates, every, random.Random(seed))
            lived[kind_of(rhythm(dates, dates[-1]))].add(one)
            lived["all"].add(one)
    if not auto["all"].delays:
        parser.error("no feed files with dates there")
    print(f"{len(auto['all'].rates)} feeds with dates, seed {seed}")
    told_of = {kind: compared(hourly[kind], auto[kind]) for kind in KINDS if auto[kind].delays}
    columns = [name.replace("_", " ") for name in told_of["all"]]
    print(table(["gap", *columns], [[kind, *row.values()] for kind, row in told_of.items()]))
    finish({"seed": seed, **told_of["all"], "kinds": told_of})


def compared(hourly: Lived, auto: Lived) -> dict[str, float]:
    """Return one row: polls a day by the mean of feeds, minutes of delay by entries."""
    rate = fmean(auto.rates)
    return {
        "feeds": len(auto.rates),
        "polls_hourly": figure(fmean(hourly.rates)),
        "polls_auto": figure(rate),
        "ratio": figure(rate / fmean(hourly.rates)),
        "delay_hourly": figure(fmean(hourly.delays) / MINUTE),
        "delay_auto": figure(fmean(auto.delays) / MINUTE),
        "delay_as_many": figure(DAY / rate / 2 / MINUTE),
        "median_hourly": figure(median(hourly.delays) / MINUTE),
        "median_auto": figure(median(auto.delays) / MINUTE),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
