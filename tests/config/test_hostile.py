"""Whatever the text: settings or a readable refusal, soon, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from aggregator.config import load_settings, read_settings, shown
from aggregator.config import tree as tree_module
from aggregator.errors import ConfigError
from aggregator.model.settings import Settings
from tests.config.makers import HERE, problems_of
from tests.config.test_mistakes import SPECIMENS
from tests.config.test_reading import FULL

KEYS = ["feeds", "topics", "match", "title", "series", "any", "tags", "every", "auth", "url"]
SIGNS = [": ", "- ", "\n", "\n  ", ", ", "|\n", ">-\n", "&a ", "*a", "!!str ", "---", "%YAML 9"]
ODD = ["\t", "\\ud800", "\ud800", "\x00", "\ufeff", "\u2028", "é", "https://a.example/", "env:X"]
WORDS = ["http://me:pw@[::1", "3600", "15m", "tag:x AND", "age<3d", "feed:a", "series:b", "10.0/8"]
BITS = st.sampled_from([*KEYS, *SIGNS, *ODD, *WORDS, *":{}[]'\"#?\\("])


def settle(text: str) -> Settings | str:
    try:
        return read_settings(text, HERE)
    except ConfigError as error:
        assert error.problems
        return str(error)


@given(st.lists(BITS, max_size=40).map("".join))
def test_any_pieces_give_settings_or_a_refusal(text: str) -> None:
    assert settle(text)


@given(st.text(max_size=200))
def test_any_text_gives_settings_or_a_refusal(text: str) -> None:
    assert settle(text)


@given(st.integers(0, len(FULL)), st.integers(0, 40), st.lists(BITS, max_size=4).map("".join))
def test_a_good_file_with_a_wound_gives_settings_or_a_refusal(at: int, out: int, put: str) -> None:
    settled = settle(FULL[:at] + put + FULL[at + out :])
    if isinstance(settled, Settings):
        assert read_settings(shown(settled), HERE) == settled


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["feeds", "url", "name", "topics", "match", "series", "any", "from"])
            | st.sampled_from(["tags", "site", "net", "allow", "defaults", "every", "auth", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(TREES)
def test_any_tree_of_values_gives_settings_or_a_refusal(tree: object) -> None:
    assert settle(yaml.safe_dump(tree))


@pytest.mark.parametrize("text", [specimen[0] for specimen in SPECIMENS])
def test_without_libyaml_the_same_texts_are_refused(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_module, "LOADER", yaml.SafeLoader)
    assert len(problems_of(text)) == 1


def test_without_libyaml_a_good_file_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = read_settings(FULL, HERE)
    monkeypatch.setattr(tree_module, "LOADER", yaml.SafeLoader)
    assert read_settings(FULL, HERE) == fast


@pytest.mark.parametrize("depth", ["[", "{a: ", "- ", "? "])
def test_deep_nesting_is_refused_before_it_is_followed(depth: str) -> None:
    assert any("nested deeper" in one.problem for one in problems_of(depth * 20_000))


def test_an_alias_bomb_is_never_unfolded() -> None:
    bomb = 'tags:\n  a0: &a0 ["lol"]\n' + "".join(
        f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
    )
    told = problems_of(bomb)
    assert (told[0].line, told[0].problem) == (2, "anchors like &a0 are not read")


@pytest.mark.corpus
def test_the_bad_files_of_the_newsroom_are_refused_with_a_line(tmp_path: Path) -> None:
    tool = Path(os.environ["AGGREGATOR_SHARED"]) / "tools" / "make_bad_inputs.py"
    run = [sys.executable, str(tool), str(tmp_path), "--only", "yaml"]
    subprocess.run(run, check=True, capture_output=True)
    paths = sorted(tmp_path.rglob("*.yaml"))
    assert paths
    for path in paths:
        with pytest.raises(ConfigError) as refused:
            load_settings(path)
        assert str(refused.value).startswith(f"{path}:")
