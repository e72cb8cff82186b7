"""`benchmarks.decide` measures what it says, on news that is what it is called."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.decide import PARTS, POLL
from benchmarks.decide_news import News
from tests.test_benchmarks import last_line


def test_made_news_is_the_same_for_a_seed_and_tells_events_more_than_once() -> None:
    news, again, other = News(3), News(3), News(4)
    told = [news.entry(at) for at in range(400)]
    assert told == [again.entry(at) for at in range(400)]
    assert told[0].title != other.entry(0).title
    bodies = [set(each.content.split()) for each in told]
    alike = [
        len(one & two) / min(len(one), len(two))
        for number, one in enumerate(bodies)
        for two in bodies[number + 1 :]
    ]
    assert any(share > 0.9 for share in alike)
    assert sum(share > 0.9 for share in alike) < len(told)


def test_a_decision_is_told_by_its_parts_and_so_is_a_start() -> None:
    told = last_line("benchmarks.decide", "--window", "300", "600", "--polls", "4", "--seed", "3")
    assert [each["window"] for each in told["windows"]] == [300, 600]
    assert told["parts"].keys() == {"draft", *(name for _, _, name in PARTS)}
    assert all(took > 0 for took in told["parts"].values())
    assert told["ms"] >= told["least_ms"] > 0
    assert told["poll"] == POLL
    assert 400 < told["start"]["articles"] < 600 + 16 * POLL
    assert told["start"]["seconds"] > 0


def test_who_imports_a_benchmark_keeps_the_modules_of_others() -> None:
    """numpy blocked at import was seen to break hypothesis in the tests collected after it."""
    numpy_is_missing = (
        "import sys; from importlib.machinery import PathFinder; find = PathFinder.find_spec; "
        "PathFinder.find_spec = lambda name, *more: None if name == 'numpy' else find(name, *more)"
    )
    said = "import benchmarks.decide, benchmarks.pollers; assert 'numpy' not in sys.modules"
    command = [sys.executable, "-c", f"{numpy_is_missing}; {said}"]
    subprocess.run(command, check=True, timeout=60)
