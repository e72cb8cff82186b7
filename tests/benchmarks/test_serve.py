"""The benchmark of serving runs, and ends in one line of JSON; no figures."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import serve
from benchmarks.origins import nginx

ROOT = Path(__file__).parent.parent.parent
HERE = nginx() is not None and shutil.which("wrk") is not None


@pytest.mark.skipif(not HERE, reason="nginx and wrk are installed by .ci/run alone")
def test_it_tells_both_ratios_of_one_run() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.serve", "--seconds", "1", "--rounds", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.returncode == 0, done.stderr
    *shown, last = done.stdout.splitlines()
    assert len(shown) > 4, "a table stands before the last line"
    told = json.loads(last)
    for status in ("200", "304"):
        assert {"ratio", "a_second", "nginx_a_second", "p99_ms"} == told[status].keys()
        assert told[status]["a_second"] > 0
    assert told["bytes"] > told["gzip_bytes"] > 1000
    assert told["targets"] == {"200": 0.33, "304": 0.3, "p99_ms": 5.0}


def test_without_its_tools_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "nginx", lambda: None)
    with pytest.raises(SystemExit) as ended:
        serve.main([])
    assert ended.value.code == 2
    assert "apt-get install nginx-light wrk" in capsys.readouterr().err
