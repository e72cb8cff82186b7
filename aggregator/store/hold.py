"""One daemon a store: a lock on a file beside it that dies with its process."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.errors import StoreHeld


@contextmanager
def hold(store: str, command: str, since: str) -> Iterator[None]:
    """Hold the store for one daemon; the kernel lets go when the process ends, however it ends.

    `since` is told to whoever comes second. Raises `StoreHeld`, naming the holder, at once.
    A store in memory is nobody else's and needs no lock.
    """
    if store == ":memory:":
        yield
        return
    path = Path(f"{store}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreHeld(f"{store} is held by {_holder(path)}; stop it first") from None
        file.seek(0)
        file.truncate()
        json.dump({"pid": os.getpid(), "command": command, "since": since}, file)
        file.flush()
        yield


def _holder(path: Path) -> str:
    try:
        told = json.loads(path.read_text())
        return f"`aggregator {told['command']}`, process {told['pid']}, since {told['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
