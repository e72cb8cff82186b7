"""The feeds that `benchmarks.poll` polls: made, served on the loopback, and what is true of them.

The tools of AGGREGATOR_SHARED make and serve them (make_origin.py, serve_origin.py).
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

WRITTEN = 3600  # seconds that the files of a tree are older than its clock
ENTRY = re.compile(rb"<(?:item|entry)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How an origin behaves. A delay in milliseconds; shares 0..1 of feeds that always fail, or
    are sent at two bytes a second. `hosts`: addresses that share the feeds; None: one each."""

    latency: int = 0
    errors: float = 0.0
    slow: float = 0.0
    hosts: int | None = None
    fast: bool = False  # by nginx, where it is installed and nothing is wrong with the origin

    @property
    def by_nginx(self) -> bool:
        """Whether nginx serves."""
        plain = not (self.latency or self.errors or self.slow)
        return self.fast and plain and nginx() is not None


def nginx() -> str | None:
    """Return where nginx lies, which is not on everybody's PATH."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def tools() -> Path:
    """Return where the origin's scripts lie."""
    shared = os.environ.get("AGGREGATOR_SHARED")
    if not shared:
        sys.exit("--make needs AGGREGATOR_SHARED: the folder whose tools/ hold make_origin.py")
    return Path(shared) / "tools"


def make_tree(folder: Path, feeds: int, seed: int) -> None:
    """Write a tree of made feeds in two states."""
    script = tools() / "make_origin.py"
    subprocess.run(
        [sys.executable, str(script), str(folder), "-n", str(feeds), "--seed", str(seed)],
        check=True,
        stderr=subprocess.DEVNULL,
    )


def clock_of(tree: Path) -> int:
    """Return the time at which a tree was made, as its entries have it: its files carry it."""
    files = (tree / "state0" / "f").iterdir()
    return int(max(each.stat().st_mtime for each in files)) + WRITTEN


def flip(tree: Path) -> None:
    """Let the origin serve the other state from now on."""
    script = tools() / "make_origin.py"
    command = [sys.executable, str(script), str(tree), "--flip"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def serving(tree: Path, out: Path, *, port: int, manner: Manner) -> Iterator[Path]:
    """Serve a tree in a process of its own; yields the file of its addresses, kept in `out`."""
    out.mkdir(parents=True, exist_ok=True)
    hosts = manner.hosts or sum(1 for _ in (tree / "state0" / "f").glob("*.gz"))
    how = ["--nginx"] if manner.by_nginx else ["--latency-ms", str(manner.latency)]
    how += [f"--errors={manner.errors}", f"--slow={manner.slow}"]
    where = ["--hosts", str(hosts), "--port", str(port), "--out", str(out)]
    server = subprocess.Popen(
        [sys.executable, str(tools() / "serve_origin.py"), str(tree), *where, *how],
        stdout=subprocess.PIPE,
        text=True,
    )
    with server:
        try:
            assert server.stdout is not None
            if not server.stdout.readline():
                sys.exit("the origin did not start")
            yield out / "urls.txt"
        finally:
            server.terminate()


def free_port() -> int:
    """Return a port nobody uses on the loopback now."""
    with socket.create_server(("127.0.10.1", 0)) as probe:
        return int(probe.getsockname()[1])


def hurt(url: str, manner: Manner) -> bool:
    """Whether serve_origin.py spoils this feed: it chooses by the path alone, on every run."""
    path = urlsplit(url).path

    def chance(fault: str) -> float:
        return zlib.crc32(f"{fault}{path}".encode()) / 0xFFFFFFFF

    return chance("error") < manner.errors or chance("slow") < manner.slow


def entries_of(tree: Path, urls: Sequence[str]) -> int:
    """Return how many entries these made feeds hold as they are served now."""
    files = (tree / "www" / urlsplit(url).path.lstrip("/") for url in urls)
    return sum(len(ENTRY.findall(file.read_bytes())) for file in files)


def refuse_the_internet(urls: Sequence[str]) -> None:
    """End here unless every address is one of the loopback."""
    for url in urls:
        host = urlsplit(url).hostname or ""
        try:
            local = host == "localhost" or ip_address(host).is_loopback
        except ValueError:
            local = False
        if not local:
            sys.exit(f"{url}: not on the loopback; a benchmark asks nobody else's server")
