"""How soon a topic learns what its editors want, and how far what it learnt may be trusted.

    python -m benchmarks.learn FILE [--least N] [--seed N]

FILE holds JSON lines `{"id", "title", "summary", "story"}`, as for `benchmarks.stories`; "topic"
in place of "story" will do. Each story of at least `--least` entries is a topic among all the
others. Of each, 10, 50 and 200 entries are decided on, half of them of the topic (no more than
half of all it has), drawn by the seed; whatever was not decided on is then judged. Words are
counted over the whole file, as the store counts them over all it has.

F1 is the mean over topics. `floor` is multinomial naive Bayes on counted words; `logistic` a
regression on our own vectors, where scikit-learn can be imported. `publish`: of what scores above
the cut for a cross-validated precision of .95, among as many entries of the topic as of others,
how much was right and how much of the topic that was.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from random import Random
from statistics import fmean

from aggregator.core.learn import ALIKE, learn, vector, words_of
from aggregator.flow.suggest import signed
from aggregator.model.learn import Frequencies, Lesson
from benchmarks.show import figure, finish, table

DECISIONS = (10, 50, 200)
TRUSTED = 0.95
Words = Mapping[str, float]
Judge = Callable[[Words], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One topic after so many decisions: what was decided on, and all that was not."""

    name: str
    chosen: tuple[int, ...]
    rejected: tuple[int, ...]
    wanted: frozenset[int]  # of the others, those of the topic
    others: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How ours fared at one desk."""

    f1: float
    words: str
    us: float  # processor time to judge one text, its words given
    published: tuple[float, float] | None  # precision and recall; None: none may be


def read(file: Path) -> tuple[Sequence[Words], list[str]]:
    with file.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    told = [words_of(row.get("title") or "", row.get("summary") or "") for row in rows]
    return told, [str(row["topic"] if "topic" in row else row["story"]) for row in rows]


def desks(topics: Sequence[str], least: int, seed: int) -> list[list[Desk]]:
    """Return each topic at its desks; a later one knows what an earlier one decided."""
    found = []
    for name, size in sorted(Counter(topics).items(), key=lambda each: (-each[1], each[0])):
        if size < least:
            continue
        chance = Random(f"{seed} {name}")
        inside = [at for at, topic in enumerate(topics) if topic == name]
        outside = [at for at, topic in enumerate(topics) if topic != name]
        chance.shuffle(inside)
        chance.shuffle(outside)
        found.append([_desk(name, inside, outside, count) for count in DECISIONS])
    return found


def _desk(name: str, inside: Sequence[int], outside: Sequence[int], count: int) -> Desk:
    yes = min(count // 2, len(inside) // 2)
    return Desk(
        name=name,
        chosen=tuple(inside[:yes]),
        rejected=tuple(outside[: count - yes]),
        wanted=frozenset(inside[yes:]),
        others=(*inside[yes:], *outside[count - yes :]),
    )


def f1(judge: Judge, told: Sequence[Words], desk: Desk) -> float:
    taken = {at for at in desk.others if judge(told[at])}
    right = len(taken & desk.wanted)
    return 2 * right / (len(taken) + len(desk.wanted)) if right else 0.0


def ours(told: Sequence[Words], known: Frequencies, desk: Desk) -> Outcome:
    lessons = [
        Lesson(words=told[at], yes=yes, story=at)
        for yes, some in ((True, desk.chosen), (False, desk.rejected))
        for at in some
    ]
    learnt = learn(lessons, known)
    assert learnt is not None, "half of what is decided on is chosen"
    start = time.process_time()
    scores = {at: learnt.likeness(told[at], known).score for at in desk.others}
    us = (time.process_time() - start) / len(scores) * 1e6
    cut, published = learnt.cut(TRUSTED), None
    if cut is not None:
        even = desk.others[: 2 * len(desk.wanted)]  # which begins with all that is wanted
        taken = {at for at in even if scores[at] >= cut}
        right = len(taken & desk.wanted)
        published = (right / len(taken) if taken else 1.0, right / len(desk.wanted))
    return Outcome(
        f1=f1(lambda words: learnt.likeness(words, known).score >= ALIKE, told, desk),
        words=signed(learnt.telling(6)),
        us=us,
        published=published,
    )


def naive_bayes(told: Sequence[Words], desk: Desk) -> float:
    """Multinomial, add-one, with the share of what was chosen for its prior."""
    counts: list[Counter[str]] = [Counter(), Counter()]
    for side, some in enumerate((desk.rejected, desk.chosen)):
        for at in some:
            counts[side].update(dict.fromkeys(told[at], 1))
    words = len(counts[0].keys() | counts[1].keys())
    totals = [sum(each.values()) + words for each in counts]
    prior = log(len(desk.chosen) / len(desk.rejected))

    def judge(text: Words) -> bool:
        said = prior
        for word in text:
            if counts[0][word] or counts[1][word]:
                said += log((counts[1][word] + 1) / totals[1])
                said -= log((counts[0][word] + 1) / totals[0])
        return said > 0

    return f1(judge, told, desk)


def logistic(told: Sequence[Words], known: Frequencies, desk: Desk) -> float | None:
    """Return the peer's F1 on the same vectors, None where there is no scikit-learn."""
    try:
        texts = importlib.import_module("sklearn.feature_extraction").DictVectorizer()
        regression = importlib.import_module("sklearn.linear_model").LogisticRegression
    except ImportError:
        return None
    decided = [vector(told[at], known) for at in (*desk.chosen, *desk.rejected)]
    said = [1] * len(desk.chosen) + [0] * len(desk.rejected)
    model = regression(C=10, class_weight="balanced").fit(texts.fit_transform(decided), said)
    asked = texts.transform([vector(told[at], known) for at in desk.others])
    yes = dict(zip(desk.others, model.predict(asked), strict=True))
    taken = {at for at in desk.others if yes[at]}
    right = len(taken & desk.wanted)
    return 2 * right / (len(taken) + len(desk.wanted)) if right else 0.0


def published(outcomes: Sequence[Outcome]) -> dict[str, float | int | None]:
    some = [each.published for each in outcomes if each.published is not None]
    return {
        "topics": len(some),
        "precision": figure(fmean(each[0] for each in some)) if some else None,
        "recall": figure(fmean(each[1] for each in some)) if some else None,
    }


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learn")
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--least", type=int, default=50, help="entries of a topic")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    told, topics = read(asked.file)
    tried = desks(topics, asked.least, asked.seed)
    if not tried:
        parser.error(f"no story has {asked.least} entries; try --least")
    known = Frequencies(texts=len(told), having=Counter(word for words in told for word in words))
    results = [[ours(told, known, desk) for desk in row] for row in tried]
    for row, outcomes in zip(tried, results, strict=True):
        print(f"{row[0].name}: {topics.count(row[0].name)} entries")
        for count, each in zip(DECISIONS, outcomes, strict=True):
            print(f"  after {count:>3}: F1 {each.f1:.2f}  {each.words}")
    ways: dict[str, list[float | None]] = {"ours": [], "floor": [], "logistic": []}
    for at in range(len(DECISIONS)):
        some = [row[at] for row in tried]
        ways["ours"].append(figure(fmean(row[at].f1 for row in results)))
        ways["floor"].append(figure(fmean(naive_bayes(told, desk) for desk in some)))
        peer = [score for desk in some if (score := logistic(told, known, desk)) is not None]
        ways["logistic"].append(figure(fmean(peer)) if peer else None)
    names = [f"f1_{count}" for count in DECISIONS]
    print(f"\n{len(told)} entries, {len(tried)} topics, seed {asked.seed}")
    print(table(["", *names], [[name, *scores] for name, scores in ways.items()]))
    if ways["logistic"][0] is None:
        print("no peer: scikit-learn is not installed here (pip install scikit-learn)")
    finish(
        dict(zip(names, ways["ours"], strict=True))
        | {
            "floor": dict(zip(names, ways["floor"], strict=True)),
            "logistic": dict(zip(names, ways["logistic"], strict=True)),
            "publish_50": published([row[1] for row in results]),
            "publish_200": published([row[2] for row in results]),
            "us": figure(fmean(each.us for row in results for each in row)),
            "entries": len(told),
            "topics": len(tried),
            "seed": asked.seed,
        }
    )


if __name__ == "__main__":
    main(sys.argv[1:])
