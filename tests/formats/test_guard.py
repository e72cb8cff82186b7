from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.errors import ReadFailed
from aggregator.formats.guard import GuardedReader
from aggregator.formats.reading import MAX_HERE
from aggregator.ports import Reader

URL = "https://harbour.example/feed"
# Not well-formed: a worker reads it. This process reads what is well-formed itself.
FEED = b"<rss version='2.0'><channel><title>H</title><item><title>A</title></item></channel>"
# Many attributes are quadratic in feedparser: a minute's work, most of it inside C.
ENDLESS = b"<rss version='2.0'><channel><item %s/></channel></rss>" % b" ".join(
    b'a%d="1"' % number for number in range(100_000)
)


@pytest.fixture
def reader() -> Iterator[GuardedReader]:
    with GuardedReader(workers=1, seconds=1.0) as made:
        yield made


def read(reader: Reader, body: bytes = FEED) -> int:
    return len(reader.read(body, url=URL, content_type=None).entries)


def workers() -> list[int]:
    return [child.pid for child in multiprocessing.active_children() if child.pid]


def test_many_threads_read_at_once() -> None:
    with GuardedReader(workers=2) as reader, ThreadPoolExecutor(16) as threads:
        reader.warm()
        assert list(threads.map(lambda _: read(reader), range(64))) == [1] * 64


def test_what_the_fast_reader_takes_needs_no_worker() -> None:
    with GuardedReader(workers=1) as reader:
        fast = reader.read(FEED + b"</rss>", url=URL, content_type=None)
        assert (fast.reader, workers()) == ("fast", [])
        tolerant = reader.read(FEED + b"</rss>", url=URL, content_type=None, tolerant=True)
    assert tolerant == replace(fast, reader="tolerant")


def test_what_needs_a_worker_is_not_read_at_once(reader: GuardedReader) -> None:
    hostile = FEED.replace(b"</title>", b"<p>", 1)
    assert reader.read_at_once(hostile, url=URL, content_type=None) is None
    long = FEED + b"<!--%s--></rss>" % (b" " * MAX_HERE)
    assert reader.read_at_once(long, url=URL, content_type=None) is None
    assert workers() == []


def test_what_is_too_long_to_be_read_here_is_read_fast_by_a_worker(reader: GuardedReader) -> None:
    long = FEED + b"<!--%s--></rss>" % (b" " * MAX_HERE)
    assert reader.read(long, url=URL, content_type=None).reader == "fast"
    assert len(workers()) == 1


def test_a_refusal_comes_back_in_the_same_words(reader: GuardedReader) -> None:
    with pytest.raises(ReadFailed, match="this is an HTML page, not a feed"):
        read(reader, b"<html>")


def test_a_document_that_takes_too_long_costs_only_its_worker(reader: GuardedReader) -> None:
    with pytest.raises(ReadFailed, match="the reader was stopped after 1 s: the document takes"):
        read(reader, ENDLESS)
    assert read(reader) == 1


def test_a_document_that_takes_too_much_memory_costs_only_its_worker() -> None:
    huge = FEED.replace(b"<title>A", b'<title a="%s">A' % (b"A" * 12_000_000))
    with GuardedReader(workers=1, memory=60) as reader:
        with pytest.raises(ReadFailed, match="the document takes more than 60 MB to read"):
            read(reader, huge)
        assert read(reader) == 1


def test_a_worker_killed_while_it_reads_is_told(reader: GuardedReader) -> None:
    read(reader)
    pid = workers()[0]
    timer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
    timer.start()
    with pytest.raises(ReadFailed, match=r"the document ended its reader \(SIGKILL\)"):
        read(reader, ENDLESS)
    timer.join()
    assert read(reader) == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_that_died_idle_are_replaced(reader: GuardedReader, how: signal.Signals) -> None:
    read(reader)
    for pid in workers():
        os.kill(pid, how)
    assert read(reader) == 1


def test_workers_are_replaced_after_so_many_documents() -> None:
    with GuardedReader(workers=1, documents=2) as reader:
        seen = set()
        for _ in range(6):
            assert read(reader) == 1
            seen.update(workers())
        assert len(seen) >= 2


def test_closing_ends_a_running_task_at_once() -> None:
    reader = GuardedReader(workers=1, seconds=30)
    read(reader)
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(read, reader, ENDLESS) for _ in range(4)]
        time.sleep(0.3)
        before = time.monotonic()
        reader.close()
        took = time.monotonic() - before
        errors = [str(one.exception(timeout=5)) for one in waiting]
    assert took < 5  # the daemon has as long to end, whatever is being read
    assert [error for error in errors if "the reader" not in error or "closed" not in error] == []
    assert not workers()


def test_a_closed_reader_says_so(reader: GuardedReader) -> None:
    reader.close()
    reader.close()
    with pytest.raises(ReadFailed, match="the reader is closed"):
        read(reader)


PROBE = """
from aggregator.__main__ import main

if __name__ == "__main__":
    from aggregator.formats.guard import GuardedReader

    with GuardedReader(workers=1) as reader:
        feed = reader.read(b"<rss version='2.0'>", url="https://h.example/", content_type=None)
    print(feed.format, main.__module__)
"""


@pytest.mark.parametrize("how", ["script", "module"])
def test_it_works_under_a_console_script_and_a_module(tmp_path: Path, how: str) -> None:
    (tmp_path / "probe.py").write_text(PROBE)
    root = Path(__file__).parent.parent.parent
    command = ["probe.py"] if how == "script" else ["-m", "probe"]
    done = subprocess.run(
        [sys.executable, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{tmp_path}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("rss20 aggregator.__main__\n", "")


def test_a_worker_loads_only_what_reading_needs() -> None:
    code = (
        "import sys, aggregator.__main__, aggregator.formats.guard;"
        "print(*sorted({m.split('.')[1] for m in sys.modules if m.startswith('aggregator.')}))"
    )
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["__main__", "core", "errors", "formats", "model"]
