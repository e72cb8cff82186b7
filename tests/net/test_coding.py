"""Content codings: undone piece by piece, bombs noticed early, labels not believed blindly."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from aggregator.net.coding import PIECE, BrokenCoding, TooLarge, decoded, gathered
from tests.net.shared import shared_tool

FEED = b"<?xml version='1.0'?><rss version='2.0'>" + b"<item>x</item>" * 500 + b"</rss>"
MUCH = 10_000_000


def raw_deflate(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(data) + engine.flush()


CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
}


def in_pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def undone(data: bytes, header: str | None, size: int = PIECE, most: int = MUCH) -> bytes:
    return gathered(decoded(in_pieces(data, size), header), most)


@given(st.binary(max_size=5000), st.sampled_from(sorted(CODERS)), st.integers(1, 7000))
def test_what_was_coded_comes_back_however_it_arrives(data: bytes, name: str, size: int) -> None:
    body = b"<" + data
    assert undone(CODERS[name](body), name, size) == body


@pytest.mark.parametrize("size", [1, 2, 3, 1000, PIECE])
def test_raw_deflate_is_read_as_deflate(size: int) -> None:
    assert undone(raw_deflate(FEED), "deflate", size) == FEED


def test_codings_are_undone_last_first() -> None:
    assert undone(gzip.compress(zlib.compress(FEED)), "deflate, GZIP") == FEED


def test_more_codings_than_anyone_needs_are_refused() -> None:
    with pytest.raises(BrokenCoding, match="times over"):
        undone(FEED, "gzip, gzip, gzip, gzip")


@pytest.mark.parametrize("header", [None, "", "identity", "none"])
def test_a_body_without_coding_stays_as_it_is(header: str | None) -> None:
    assert undone(FEED, header) == FEED
    assert undone(b"", header) == b""


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd", "br", "utf-8", "x-nope"])
@pytest.mark.parametrize("body", [FEED, b"\xef\xbb\xbf\n " + FEED, b'{"version": 1}', FEED[:3]])
def test_plain_text_under_a_false_label_is_read_as_it_is(name: str, body: bytes) -> None:
    assert undone(body, name) == body
    assert undone(body, name, 1) == body


@pytest.mark.parametrize("name", sorted(CODERS))
def test_an_empty_body_under_a_label_is_empty(name: str) -> None:
    assert undone(b"", name) == b""


def test_gzip_that_does_not_say_so_is_unpacked() -> None:
    assert undone(gzip.compress(FEED), None) == FEED
    assert undone(gzip.compress(gzip.compress(FEED)), "gzip") == FEED


@pytest.mark.parametrize("size", [1, 7, PIECE])
def test_every_member_of_a_gzip_body_is_read(size: int) -> None:
    packed = gzip.compress(FEED[:100]) + gzip.compress(b"") + gzip.compress(FEED[100:])
    assert undone(packed, "gzip", size) == FEED


@pytest.mark.parametrize("rest", [b"garbage", b"\0" * 100, b"\x1f"])
@pytest.mark.parametrize("size", [1, PIECE])
def test_garbage_behind_a_gzip_body_is_ignored(rest: bytes, size: int) -> None:
    assert undone(gzip.compress(FEED) + rest, "gzip", size) == FEED


@pytest.mark.parametrize("name", sorted(CODERS))
def test_a_body_that_breaks_off_is_broken(name: str) -> None:
    packed = CODERS[name](FEED)
    with pytest.raises(BrokenCoding):
        undone(packed[: len(packed) // 2], name)


def test_a_wrong_checksum_is_broken() -> None:
    with pytest.raises(BrokenCoding):
        undone(gzip.compress(FEED)[:-8] + bytes(8), "gzip")


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd", "x-nope"])
def test_what_is_neither_coded_nor_text_is_broken(name: str) -> None:
    with pytest.raises(BrokenCoding):
        undone(bytes(range(200, 256)) * 100, name)


@pytest.mark.parametrize("name", ["gzip", "deflate", "zstd"])
def test_a_bomb_is_noticed_before_it_has_gone_off(name: str) -> None:
    bomb, cap = CODERS[name](b"<" + bytes(64_000_000)), 1_000_000
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            undone(bomb, name, most=cap)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # The cap, an eighth by which the buffer grows ahead, and some pieces on their way.
    assert peak < cap * 9 / 8 + 8 * PIECE


def test_a_bomb_within_a_bomb_is_noticed() -> None:
    with pytest.raises(TooLarge):
        undone(gzip.compress(gzip.compress(bytes(20_000_000))), "gzip, gzip", most=1_000_000)


@given(st.binary(max_size=300), st.sampled_from([*sorted(CODERS), "br", "a, b"]))
def test_any_bytes_are_decoded_or_broken(data: bytes, header: str) -> None:
    read = b""
    with suppress(BrokenCoding, TooLarge):
        read = undone(data, header, most=100_000)
    assert len(read) <= 100_000


def test_brotli_is_read_where_it_can_be_told_how_much_to_give() -> None:
    brotli = pytest.importorskip("brotli", minversion="1.2")
    for size in (1, 7, PIECE):
        assert undone(brotli.compress(FEED), "br", size) == FEED
    with pytest.raises(TooLarge):
        undone(brotli.compress(bytes(20_000_000)), "br", most=1_000_000)
    with pytest.raises(BrokenCoding):
        undone(brotli.compress(FEED)[:-5], "br")


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("file", "name", "outcome"),
    [
        ("gzip_512mb.gz", "gzip", TooLarge),
        ("gzip_in_gzip.gz", "gzip", TooLarge),
        ("gzip_truncated.gz", "gzip", BrokenCoding),
        ("gzip_bad_crc.gz", "gzip", BrokenCoding),
        ("not_gzip.gz", "gzip", b"<?xml"),
        ("gzip_trailing_garbage.gz", "gzip", b"<?xml"),
        ("gzip_multimember.gz", "gzip", b"<?xml"),
        ("raw_deflate.z", "deflate", b"<?xml"),
        ("zstd_512mb.zst", "zstd", TooLarge),
    ],
)
def test_hostile_bodies_end_as_they_should(
    file: str, name: str, outcome: type[Exception] | bytes, bad_bodies: Path
) -> None:
    data = (bad_bodies / file).read_bytes()
    most = 1_000_000 if outcome is TooLarge else 15_000_000
    if isinstance(outcome, bytes):
        body = undone(data, name, most=most)
        assert body.startswith(outcome)
        assert body.endswith(b"</rss>")
    else:
        with pytest.raises(outcome):
            undone(data, name, most=most)


@pytest.fixture(scope="module")
def bad_bodies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    shared_tool("make_bad_inputs").write(folder, {"compress"})
    return folder / "compress"
