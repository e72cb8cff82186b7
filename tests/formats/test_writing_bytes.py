"""Published bytes are a pure function of what is visible (DESIGN §2, law 9).

The golden files show one ordinary edition as it goes out. When a change of them is meant,
look at the difference and renew them: `python -m tests.formats.test_writing_bytes`.
"""

from __future__ import annotations

import gzip
import hashlib
import locale
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from aggregator import __version__
from aggregator.formats import atom, jsonfeed, rss
from aggregator.formats.rendering import EXTENSIONS, FORMATS, document, etag_of, pack, render
from tests.formats.editions import ordinary_edition

GOLDEN = Path(__file__).parent / "golden"
ENDINGS = sorted(EXTENSIONS)
ROOT = Path(__file__).parents[2]
DIGEST = """
from tests.formats.test_writing_bytes import digest
print(digest())
"""


def written(ending: str) -> bytes:
    body, left_out = render(ordinary_edition(), ending)
    assert left_out == ()
    return body


def golden(ending: str) -> bytes:
    """Return what is written, without the version, which no golden file should hang on."""
    return written(ending).replace(__version__.encode(), b"VERSION")


def digest() -> str:
    return hashlib.sha256(b"".join(pack(written(ending)) for ending in ENDINGS)).hexdigest()


def forget() -> None:
    atom._entry.cache_clear()
    rss._item.cache_clear()
    jsonfeed._item.cache_clear()


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ordinary_edition_is_written_as_its_golden_file(ending: str) -> None:
    assert golden(ending) == (GOLDEN / f"ordinary.{ending}").read_bytes()


@pytest.mark.parametrize(
    ("seed", "words", "zone"),
    [("0", "C", "UTC"), ("1", "de_DE.UTF-8", "Asia/Tokyo"), ("4242", "tr_TR.UTF-8", "UTC")],
)
def test_hash_seed_locale_and_time_zone_change_no_byte(seed: str, words: str, zone: str) -> None:
    surroundings = {"PYTHONHASHSEED": seed, "LC_ALL": words, "LANG": words, "TZ": zone}
    done = subprocess.run(
        [sys.executable, "-c", DIGEST],
        env=os.environ | surroundings,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == digest()


def test_time_changes_no_byte() -> None:
    forget()
    before = digest()
    time.sleep(1.1)  # dates are written in whole seconds
    forget()
    assert digest() == before


def test_the_locale_of_the_process_is_never_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    touched: list[object] = []

    def note(*asked: object) -> str:
        touched.append(asked)
        return "C"

    forget()
    monkeypatch.setattr(locale, "setlocale", note)
    digest()
    assert touched == [], "the locale belongs to the whole process"


@pytest.mark.parametrize("ending", ["atom", "rss"])
def test_a_fragment_needs_no_namespace_of_its_own(ending: str) -> None:
    fragments = [EXTENSIONS[ending].fragment(item) for item in ordinary_edition().items]
    assert not [each for each in fragments if b"xmlns" in each]


@pytest.mark.parametrize("fragment", [atom._entry, rss._item, jsonfeed._item])
def test_an_item_that_did_not_change_is_not_written_again(fragment: Any) -> None:
    forget()
    for ending in ENDINGS:
        written(ending)
    before = fragment.cache_info()
    for ending in ENDINGS:
        written(ending)
    after = fragment.cache_info()
    assert (after.hits - before.hits, after.misses - before.misses) == (2, 0)


def test_gzip_holds_the_body_and_no_time() -> None:
    body = written("atom")
    assert gzip.decompress(pack(body)) == body
    assert pack(body)[4:8] == b"\0\0\0\0"


def test_an_etag_is_a_quoted_hash_of_the_body() -> None:
    assert etag_of(b"a") == etag_of(b"a") != etag_of(b"b")
    assert etag_of(b"a").startswith('"')
    assert etag_of(b"a").endswith('"')


def test_a_document_is_finished_bytes_at_an_address() -> None:
    made = document("topics/x.atom", FORMATS["atom"], b"<feed/>", 12.9)
    assert (made.path, made.content_type) == (
        "topics/x.atom",
        "application/atom+xml; charset=utf-8",
    )
    assert (made.body, gzip.decompress(made.gzip)) == (b"<feed/>", b"<feed/>")
    assert (made.etag, made.kept_at) == (etag_of(b"<feed/>"), 12)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in ENDINGS:
        (GOLDEN / f"ordinary.{each}").write_bytes(golden(each))
        print(GOLDEN / f"ordinary.{each}")
