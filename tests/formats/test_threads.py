from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from aggregator.errors import ReadFailed
from aggregator.formats.threads import ReadingThreads


def test_no_more_documents_are_read_at_once_than_there_are_threads() -> None:
    under_way, most, lock = 0, 0, threading.Lock()
    pause = threading.Event()

    def read() -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        pause.wait(0.02)
        with lock:
            under_way -= 1

    threads = ReadingThreads(at_once=2)
    with ThreadPoolExecutor(8) as others:
        list(others.map(lambda _: threads.run(read), range(16)))
    threads.close()
    assert most == 2


def test_threads_are_replaced_after_so_many_documents() -> None:
    threads = ReadingThreads(at_once=1, documents=3)
    seen = [threads.run(threading.current_thread) for _ in range(9)]
    threads.close()
    assert [len({*seen[n : n + 3]}) for n in (0, 3, 6)] == [1, 1, 1]
    assert len({*seen}) == 3
    for thread in seen:
        thread.join(5)
        assert not thread.is_alive()


def test_what_is_raised_in_a_thread_is_raised_here() -> None:
    threads = ReadingThreads()
    with pytest.raises(ZeroDivisionError):
        threads.run(lambda: 1 / 0)
    threads.close()


def test_closed_threads_read_nothing_more() -> None:
    threads = ReadingThreads()
    threads.close()
    threads.close()
    with pytest.raises(ReadFailed, match="the reader is closed"):
        threads.run(lambda: None)
