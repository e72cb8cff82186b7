"""Whether addresses of one page have one key, and of different pages never, beside peers.

    python -m benchmarks.urls FILE [--mutate] [--seed S] [--rounds N]

FILE holds JSON lines {"id", "url", "group"}. Addresses of one group are of one page; without a
group, each address is a page of its own. With --mutate (and always where there are no groups)
every address also comes back changed in each of the ways that --help lists.

`recall` is the share of pairs of one page that have one key: an address with each of its mutations,
and the first address of a group with each other one. A false merge is a key that two pages share;
each is printed with its addresses, and those of ours that hold mutations of the same two addresses
count once. `us` is processor time of one call for addresses never asked before: the best of some
rounds, with emptied caches, over all that are in the file or made. Peers are asked what is the
same address by their own normal form, where they are installed (`pip install 'aggregator[bench]'`).
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from time import process_time_ns
from typing import Any

from aggregator.core import urls
from benchmarks.mutations import KINDS
from benchmarks.show import figure, finish, table

GIVEN = "given"  # the kind of a pair that stood in the file
ROUNDS = 5
SHOWN = 20  # false merges

Key = Callable[[str], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: an address of it, and others with the kind of their difference."""

    url: str
    others: tuple[tuple[str, str], ...]  # kind, address


def pages(path: Path, mutate: bool, chance: random.Random) -> tuple[list[Page], bool]:
    """Return the pages of a file, and whether they were mutated. ValueError for a bad line."""
    groups: dict[str, list[str]] = defaultdict(list)
    told = False
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            group, url = row.get("group"), str(row["url"])
        except (ValueError, KeyError, AttributeError):
            raise ValueError(f'{path}:{number}: no JSON object with "url"') from None
        told = told or group is not None
        groups[f"group {group}" if group is not None else f"url {url}"].append(url)
    mutate = mutate or not told
    return [_page(list(dict.fromkeys(each)), mutate, chance) for each in groups.values()], mutate


def _page(found: Sequence[str], mutate: bool, chance: random.Random) -> Page:
    others = [(GIVEN, url) for url in found[1:]]
    for url in found if mutate else ():
        made = ((kind, change(url, chance)) for kind, change in KINDS.items())
        others += [(kind, other) for kind, other in made if other is not None and other != url]
    return Page(url=found[0], others=tuple(others))


def peers() -> dict[str, Key]:
    """Return the keys to compare: ours, and the normal forms of peers that are installed."""
    found: dict[str, Key] = {"ours": urls.url_key}
    with suppress(ImportError):
        found["url-normalize"] = importlib.import_module("url_normalize").url_normalize
    with suppress(ImportError):
        found["w3lib"] = importlib.import_module("w3lib.url").canonicalize_url
    with suppress(ImportError):
        clean = importlib.import_module("courlan").clean_url
        found["courlan"] = clean
        normal = importlib.import_module("courlan").normalize_url
        found["courlan, strict"] = lambda url: _text(normal(url, strict=True))
    with suppress(ImportError):
        url_of = importlib.import_module("yarl").URL
        found["yarl"] = lambda url: str(url_of(url))
    return {name: key if name == "ours" else _patient(key) for name, key in found.items()}


def _text(value: object) -> str:
    return str(value)


def _patient(key: Key) -> Key:
    """A peer that raises has no key for that address."""

    def ask(url: str) -> str | None:
        try:
            return key(url)
        except Exception:
            return None

    return ask


def recalls(found: Sequence[Page], key: Key) -> dict[str, tuple[int, int]]:
    """Return by kind how many pairs have one key, and how many there are."""
    held, asked = Counter[str](), Counter[str]()
    for page in found:
        own = key(page.url)
        for kind, other in page.others:
            asked[kind] += 1
            held[kind] += own is not None and key(other) == own
    return {kind: (held[kind], count) for kind, count in asked.items()}


def false_merges(found: Sequence[Page], key: Key) -> list[tuple[str, str]]:
    """Return pairs of different pages that share a key, one address of each."""
    holders: dict[str, dict[int, str]] = defaultdict(dict)
    for number, page in enumerate(found):
        for url in (page.url, *(other for _, other in page.others)):
            if (its := key(url)) is not None:
                holders[its].setdefault(number, url)
    pairs: dict[tuple[int, int], tuple[str, str]] = {}
    for sharers in holders.values():
        (first, url), *more = sharers.items()
        for number, other in more:
            pairs.setdefault((first, number), (url, other))
    return list(pairs.values())


def microseconds(asked: Sequence[str], key: Key, rounds: int) -> float:
    """Return processor time of one call, nothing remembered of an earlier one; best of rounds."""
    best = float("inf")
    for _ in range(rounds):
        for cached in (urls.url_key, urls.url_hash, urls._split):
            cached.cache_clear()
        start = process_time_ns()
        for url in asked:
            key(url)
        best = min(best, (process_time_ns() - start) / 1000 / len(asked))
    return figure(best)


def measured(found: Sequence[Page], key: Key, rounds: int) -> dict[str, Any]:
    by_kind = recalls(found, key)
    held, asked = (sum(each) for each in zip(*by_kind.values())) if by_kind else (0, 0)
    every = [page.url for page in found] + [url for page in found for _, url in page.others]
    return {
        "recall": figure(held / asked, 5) if asked else None,
        "false_merges": false_merges(found, key),
        "us": microseconds(every, key, rounds),
        "us_given": microseconds([page.url for page in found], key, rounds),
        "kinds": {kind: figure(one / of, 5) for kind, (one, of) in by_kind.items()},
        "pairs": {kind: of for kind, (_, of) in by_kind.items()},
    }


def shown(results: Mapping[str, dict[str, Any]]) -> None:
    """Print what the last line holds, for people."""
    rows = [
        [name, told["recall"], len(told["false_merges"]), told["us"], told["us_given"]]
        for name, told in results.items()
    ]
    print(table(("key", "recall", "false merges", "us", "us as given"), rows))
    pairs = results["ours"]["pairs"]
    print()
    kinds = [
        [kind, of, *(each["kinds"][kind] for each in results.values())]
        for kind, of in pairs.items()
    ]
    print(table(("recall by kind", "pairs", *results), kinds))
    merged = results["ours"]["false_merges"]
    for one, other in merged[:SHOWN]:
        print(f"\nfalse merge: {one}\n             {other}")
    if len(merged) > SHOWN:
        print(f"\n… and {len(merged) - SHOWN} more")
    print()


def main(arguments: Sequence[str]) -> None:
    ways = "\n".join(f"{kind:10} {change.__doc__}" for kind, change in KINDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.urls",
        description="Measure which addresses have one key, beside peers. FILE holds JSON lines"
        ' {"id", "url", "group"}; without a group, an address is a page of its own.',
        epilog=f"An address is changed in {len(KINDS)} ways:\n{indent(dedent(ways), '  ')}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--mutate", action="store_true", help="change addresses of groups, too")
    parser.add_argument("--seed", type=int, help="of the mutations; printed when not given")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help="of the clock")
    asked = parser.parse_args(arguments)
    seed = random.randrange(2**32) if asked.seed is None else asked.seed
    try:
        found, mutated = pages(asked.file, asked.mutate, random.Random(seed))
    except (OSError, ValueError) as error:
        parser.error(str(error))
    if not found:
        parser.error(f"no addresses in {asked.file}")
    made = "mutated" if mutated else "as they are"
    print(f"{len(found)} pages, {made}, seed {seed}\n")
    results = {name: measured(found, key, asked.rounds) for name, key in peers().items()}
    shown(results)
    told = {
        name: {**result, "false_merges": len(result["false_merges"])}
        for name, result in results.items()
    }
    ours = told.pop("ours")
    finish({"pages": len(found), "seed": seed, **ours, "peers": told})


if __name__ == "__main__":
    main(sys.argv[1:])
