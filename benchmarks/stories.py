"""How well reports of one piece of news are told as one story, and what it costs.

    python -m benchmarks.stories FILE [--grain fine|normal|coarse] [--window HOURS]

FILE holds JSON lines `{"id", "title", "summary", "time", "lang", "story"}` in time order, perhaps
with a "url" and a "feed" (or "publisher"). `story` is the truth; it is not looked at before the
end. Precision, recall and F are told of pairs and of B-cubed, with the joins of stories carried
out up to the end of the file. `us` is the processor time of the index for one entry, in
microseconds, its words given; `mb` what the index holds at the end.

`copies` is what folds by default: the same address, the same body, near-duplicate bodies with
guards; a title alone folds nothing. Where `pairs` is 0 a precision of 1 says nothing. Peers in the
same run: a rule on titles as readers have it, and as the floor plain tf-idf of one level.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aggregator.core.cluster import Placement, StoryIndex
from aggregator.core.fingerprint import compare, print_of
from aggregator.core.identity import body_hash
from aggregator.core.text import tokens
from aggregator.core.urls import url_key
from aggregator.model.grain import Grain
from aggregator.model.prints import Kind, Print
from benchmarks.show import figure, finish, table
from benchmarks.stories_peers import OneLevel, TitleRule, judged

HOUR = 3600
SHOWN = ("pair_p", "pair_r", "pair_f", "b3_p", "b3_r", "b3_f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One line of the file."""

    title: str
    summary: str
    said: tuple[str, str]
    lang: str
    at: int
    url: str
    source: int
    story: str


def reports(file: Path) -> list[Report]:
    found, sources = [], {"": 0}
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            title, summary = row.get("title") or "", row.get("summary") or ""
            source = str(row.get("feed") or row.get("publisher") or "")
            found.append(
                Report(
                    title=title,
                    summary=summary,
                    said=(" ".join(tokens(title)), " ".join(tokens(summary))),
                    lang=row.get("lang") or "",
                    at=int(row["time"]),
                    url=row.get("url") or "",
                    source=sources.setdefault(source, len(sources)),
                    story=str(row["story"]),
                )
            )
    return found


def placed(reports: Sequence[Report], index: StoryIndex) -> list[Placement]:
    return [
        index.place(number, each.said, each.lang, each.at, source=each.source)
        for number, each in enumerate(reports, start=1)
    ]


def stories_of(placements: Sequence[Placement]) -> list[int]:
    """Return the story of each in the end, all joins carried out as rows would."""
    into: dict[int, int] = {}
    of = {each.cluster: [each.cluster] for each in placements}
    for each in placements:
        for join in each.joins:
            moved = of.pop(join.merged, [])
            of.setdefault(join.into, []).extend(moved)
            into |= dict.fromkeys(moved, join.into)
    return [into.get(each.cluster, each.cluster) for each in placements]


def copies_of(reports: Sequence[Report], window: int) -> list[int]:
    """Return for each the first of what folds with it by default."""
    first: dict[object, int] = {}
    keyed: dict[int, list[int]] = {}
    prints: list[Print | None] = []
    told: list[int] = []
    for number, each in enumerate(reports):
        page = url_key(each.url) if each.url else None
        body = body_hash(each.summary)
        own = print_of(tokens(each.summary), each.summary, each.title)
        near = {old for key in own.keys for old in keyed.get(key, ())} if own else set()
        exact = [("page", page), ("body", body)]
        found = [first[name] for name in exact if name[1] is not None and name in first]
        for old in sorted(near):
            earlier, apart = prints[old], abs(each.at - reports[old].at)
            same_feed = each.source != 0 and each.source == reports[old].source
            if found or own is None or earlier is None or same_feed or apart > window:
                continue
            likeness = compare(own, earlier, apart=apart)
            if likeness is not None and likeness.kind is Kind.COPY:
                found.append(told[old])
        told.append(found[0] if found else number)
        for name in exact:
            first.setdefault(name, told[number])
        prints.append(own)
        for key in own.keys if own else ():
            keyed.setdefault(key, []).append(number)
    return told


def timed(act: Callable[[], Sequence[int]], entries: int) -> tuple[Sequence[int], float]:
    """Return what an act returns, and its processor time for one entry in microseconds."""
    start = time.process_time()
    found = act()
    return found, figure((time.process_time() - start) / max(entries, 1) * 1e6)


def megabytes(reports: Sequence[Report], window: int, grain: Grain) -> float:
    """Return what an index of these holds, in a run of its own: being watched is slow."""
    tracemalloc.start()
    index = StoryIndex(window=window, grain=grain)
    for number, each in enumerate(reports, start=1):
        index.place(number, each.said, each.lang, each.at, source=each.source)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return figure(held / 1e6)


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stories")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--grain", type=Grain, choices=list(Grain), default=Grain.NORMAL)
    parser.add_argument("--window", type=float, default=72.0, help="hours")
    asked = parser.parse_args(arguments)
    told, window = reports(asked.file), int(asked.window * HOUR)
    if not told:
        parser.error("no entries there")
    index, title_rule, floor = StoryIndex(window=window, grain=asked.grain), TitleRule(), OneLevel()
    start = time.process_time()
    placements = placed(told, index)
    us = figure((time.process_time() - start) / len(told) * 1e6)
    ways = {
        "ours": (stories_of(placements), us),
        "copies": timed(lambda: copies_of(told, window), len(told)),
        "title rule": timed(lambda: [title_rule.place(each.said) for each in told], len(told)),
        "one level": timed(lambda: [floor.place(each.said) for each in told], len(told)),
    }
    truth = [each.story for each in told]
    rows = {name: judged(truth, stories) | {"us": spent} for name, (stories, spent) in ways.items()}
    rows = {
        name: {
            key: figure(value) if key in SHOWN else value  # a count and a time stand as they are
            for key, value in row.items()
        }
        for name, row in rows.items()
    }
    print(f"{len(told)} entries, {len(set(truth))} stories, grain {asked.grain}")
    print(table(["", *rows["ours"]], [[name, *row.values()] for name, row in rows.items()]))
    finish(
        {
            "entries": len(told),
            "grain": asked.grain.value,
            **rows["ours"],
            "mb": megabytes(told, window, asked.grain),
            **{f"copies_{name}": value for name, value in rows["copies"].items()},
            "title_rule": rows["title rule"],
            "one_level": rows["one level"],
        }
    )


if __name__ == "__main__":
    main(sys.argv[1:])
