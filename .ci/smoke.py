"""Start `aggregator demo`, and see a Global Lane item in its feed and on its page in time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

LIMIT = 5.0  # seconds from the start of the process: the promise of the README
SLACK = float(os.environ.get("SMOKE_SLACK", "1"))  # a slow machine can be given more, and is told


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return str(answer.read().decode())
    except (urllib.error.URLError, OSError):
        return ""


def main() -> None:
    command, port = sys.argv[1], free_port()
    base = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        demo = subprocess.Popen(
            [command, "demo", "--port", str(port), "--db", f"{folder}/demo.db"],
            stdout=subprocess.DEVNULL,
        )
        try:
            while "Global Lane –" not in get(f"{base}/topics/global-lane.atom"):
                if time.monotonic() - begun > LIMIT * SLACK:
                    sys.exit(f"no Global Lane item within {LIMIT * SLACK} s")
                time.sleep(0.05)
            took = time.monotonic() - begun
            if "Global Lane –" not in get(f"{base}/topics/global-lane"):
                sys.exit("the topic's page does not show it")
        finally:
            demo.terminate()
            asked = time.monotonic()
            code = demo.wait(timeout=10)
    ended = time.monotonic() - asked
    print(f"first item after {took:.1f} s (promised: {LIMIT}); ended with {code} in {ended:.1f} s")
    if took > LIMIT:
        print("warning: later than promised")
    if code != 0:
        sys.exit(f"exit code {code}")


if __name__ == "__main__":
    main()
