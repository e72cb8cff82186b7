from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import aggregator.core
from aggregator.core.tracking import listed, read_groups, tracking
from aggregator.core.urls import KEY_VERSION, key_version, url_hash, url_key

LIST = Path(aggregator.core.__file__).with_name("data") / "tracking.txt"
GROUPS = tuple(read_groups(LIST.read_text("utf-8")))


def test_every_listed_parameter_stands_under_who_documents_it() -> None:
    assert len(GROUPS) > 30
    for group in GROUPS:
        assert group.maker
        assert re.fullmatch(r"https://[a-z0-9.-]+/\S*", group.source)
        assert group.words
    assert {word for group in GROUPS for word in group.words} == set(listed().words)


def test_no_parameter_is_listed_twice() -> None:
    words = [word for group in GROUPS for word in group.words]
    assert len(words) == len(set(words))
    names = {word for word in words if "=" not in word and not word.endswith("*")}
    assert not [name for name in names if name.startswith(listed().prefixes)]


@pytest.mark.parametrize("word", listed().words)
def test_each_listed_parameter_leaves_the_key(word: str) -> None:
    names, equals, values = word.partition("=")
    for name in names.split("|"):
        for value in values.split("|") if equals else ["x1"]:
            pair = f"{name.replace('*', 'x')}={value.replace('*', '_x')}"
            for query in (f"id=7&{pair}", f"{pair.upper()}&id=7", f"{pair}&id=7"):
                assert url_key(f"https://x.example/a?{query}") == "https://x.example/a?id=7"


@pytest.mark.parametrize(
    "pair",
    [
        *("id=7", "p=7", "page=2", "s=x", "q=x", "cid=1", "sid=1", "ref=12", "source=ap", "src=1"),
        *("from=2024", "amp=2", "rss=2", "feed=rss", "type=rss", "utm=1", "ut=1", "gclid2=1"),
        *("date=2014-03-10", "story=1", "v=abc", "code=x", "partner=12", "nav=1", "feedtype=x"),
    ],
)
def test_what_is_not_listed_stays(pair: str) -> None:
    assert url_key(f"https://x.example/a?{pair}") == f"https://x.example/a?{pair}"


def test_an_installation_names_parameters_of_its_own() -> None:
    url = "https://x.example/a?My_Param=1&own_b=2&id=7&utm_source=x"
    own = tracking(("my_param", "Own_*"))
    assert url_key(url) == "https://x.example/a?My_Param=1&id=7&own_b=2"
    assert url_key(url, own) == "https://x.example/a?id=7"
    assert url_hash(url, own) == url_hash("https://x.example/a?id=7")
    wrapped = "https://l.facebook.com/l.php?u=https%3A%2F%2Fx.example%2Fa%3Fown_c%3D1"
    assert url_key(wrapped, own) == "https://x.example/a"


def test_the_same_names_are_the_same_object_so_that_caches_hold() -> None:
    assert tracking(("a",)) is tracking(("a",))
    assert tracking(()) is listed()


def test_stored_keys_are_told_by_version_and_list() -> None:
    assert key_version(listed()) == key_version(tracking(("utm_*",)))
    assert key_version(listed()) != key_version(tracking(("my_param",)))
    assert KEY_VERSION >= 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("    utm_*\n", "line 1: '    utm_*'"),
        ("A maker without a source\n    x\n", "line 1: 'A maker without a source'"),
        ("A <https://a.example/>\n    ok\n    no!\n", "line 3: 'no!'"),
        ("A <https://a.example/>\n    UTM\n", "line 2: 'UTM'"),
        ("A <https://a.example/>\n    *\n", "line 2: '*'"),
    ],
)
def test_a_bad_line_of_the_list_is_named(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        list(read_groups(text))


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_parameter_raises(name: str, value: str) -> None:
    assert listed().drops(name, value) in {True, False}
