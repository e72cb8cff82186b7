"""Hostile documents through the reader: each within its time, all within a process's memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.corpus

SECONDS = 10
MEMORY = 300  # MB

PROBE = """
import json, resource, sys, time
from pathlib import Path

if __name__ == "__main__":
    from aggregator.errors import ReadFailed
    from aggregator.formats.guard import GuardedReader

    took = {}
    with GuardedReader(workers=1) as reader:
        for path in sorted(Path(sys.argv[1]).rglob("*.*")):
            body = path.read_bytes()
            start = time.monotonic()
            try:
                feed = reader.read(body, url="https://h.example/f", content_type=None)
            except ReadFailed as error:
                told = str(error)
            else:
                told = f"{feed.reader}: {len(feed.entries)} entries"
            took[path.name] = (time.monotonic() - start, told)
            del body
        fine = reader.read(
            b"<rss version='2.0'><channel><item/></channel></rss>",
            url="https://h.example/f",
            content_type=None,
        )
    # Our own from /proc: what getrusage tells of a process holds its parent's peak before exec.
    status = Path("/proc/self/status").read_text()
    own = int(status.partition("VmHWM:")[2].split()[0]) // 1000
    peaks = [own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1000]
    print(json.dumps({"took": took, "peaks": peaks, "after": len(fine.entries)}))
"""


@pytest.mark.parametrize("kind", ["xml", "encoding", "json", "compress"])
def test_hostile_documents_are_bounded_in_time_and_memory(kind: str, tmp_path: Path) -> None:
    tool = Path(os.environ["AGGREGATOR_SHARED"]) / "tools" / "make_bad_inputs.py"
    bad = tmp_path / "bad"
    subprocess.run([sys.executable, tool, bad, "--only", kind], check=True, capture_output=True)
    probe = tmp_path / "probe.py"
    probe.write_text(PROBE)
    root = Path(__file__).parent.parent.parent
    done = subprocess.run(
        [sys.executable, probe, bad / kind],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    found = json.loads(done.stdout)
    slow = {name: told for name, told in found["took"].items() if told[0] > SECONDS + 1}
    assert slow == {}
    assert len(found["took"]) >= 5
    assert max(found["peaks"]) < MEMORY, found
    assert found["after"] == 1
