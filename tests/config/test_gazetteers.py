"""Gazetteers are read from their files; what is wrong is told at its line there."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config import load_settings, read_settings
from aggregator.config.gazetteers import read_names
from aggregator.config.problems import ConfigProblem
from aggregator.config.showing import shown
from aggregator.errors import ConfigError
from aggregator.model.gazetteer import Gazetteer, Kind

FILE = Path("/srv/places.tsv")


def problems(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(ConfigError) as refused:
        read_names(text, FILE)
    told = [each for each in refused.value.problems if isinstance(each, ConfigProblem)]
    assert {each.path for each in told} == {FILE}
    return [(each.line, each.column, each.problem) for each in told]


def test_a_line_is_a_name_its_tag_and_other_names() -> None:
    text = "\ufeff# places\nMosul\tNineveh City\tMossul\t الموصل \n\nErbil\r\nKirkuk\t\tKerkuk\n"
    assert read_names(text, FILE) == (
        ("nineveh-city", "Mosul"),
        ("nineveh-city", "Mossul"),
        ("nineveh-city", "الموصل"),
        ("erbil", "Erbil"),
        ("kirkuk", "Kirkuk"),
        ("kirkuk", "Kerkuk"),
    )


def test_every_slip_is_told_at_its_line_and_column() -> None:
    assert problems("Mosul\n---\nErbil\t!!\nKirkuk\t\tok\t?\n") == [
        (2, 1, "no letter or digit to look for in '---'"),
        (3, 7, "no letter or digit in '!!'"),
        (4, 12, "no letter or digit to look for in '?'"),
    ]


def test_a_file_beside_feeds_yaml_is_read_with_it(tmp_path: Path) -> None:
    (tmp_path / "places.tsv").write_text("Mosul\n", encoding="utf-8")
    path = tmp_path / "feeds.yaml"
    path.write_text(
        "gazetteers: [{file: places.tsv, kind: place}]\n"
        "categories: {World News: world, Nothing: [], 'A & B': [a, b]}\n"
    )
    settings = load_settings(path)
    (only,) = settings.gazetteers
    assert only == Gazetteer(
        file=tmp_path / "places.tsv", kind=Kind.PLACE, names=(("mosul", "Mosul"),)
    )
    assert settings.categories == {"World News": ("world",), "Nothing": (), "A & B": ("a", "b")}


def test_what_is_shown_names_the_same_file_and_maps_the_same(tmp_path: Path) -> None:
    text = (
        "gazetteers: [{file: places.tsv, kind: place}]\n"
        "categories: {World News: world, Nothing: []}\n"
    )
    settings = read_settings(text, tmp_path / "feeds.yaml")
    again = read_settings(shown(settings), tmp_path / "other" / "feeds.yaml")
    assert again.gazetteers == settings.gazetteers
    assert again.categories == settings.categories


def test_every_problem_of_every_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("Mosul\n--\n")
    (tmp_path / "latin.tsv").write_bytes(b"ok\nM\xf6sul\n")
    path = tmp_path / "feeds.yaml"
    path.write_text(
        "gazetteers:\n"
        "  - {file: bad.tsv, kind: place}\n"
        "  - {file: latin.tsv, kind: person}\n"
        "  - {file: none.tsv, kind: organisation}\n"
    )
    with pytest.raises(ConfigError) as refused:
        load_settings(path)
    told = str(refused.value)
    assert f"{tmp_path / 'bad.tsv'}:2:1: no letter or digit" in told
    assert f"{tmp_path / 'latin.tsv'}:2:1: holds bytes that are no UTF-8" in told
    assert f"{tmp_path / 'none.tsv'}: cannot be read" in told


def test_a_kind_that_is_none_and_a_category_twice_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text(
        "gazetteers: [{file: a.tsv, kind: river}]\n"
        "categories:\n  World News: world\n  world news!: wide\n"
    )
    with pytest.raises(ConfigError) as refused:
        load_settings(path)
    assert "this category stands here twice" in str(refused.value)
    assert "feeds.yaml:1:34: 'river'" in str(refused.value)
