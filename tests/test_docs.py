"""The documents are complete: every command and option of the program stands in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import click
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import aggregator
from aggregator import errors
from aggregator.cli.main import COMMANDS, cli
from aggregator.formats.jsonfeed import render_json
from tests.formats.editions import ordinary_edition

ROOT = Path(__file__).parent.parent
DOC = (ROOT / "docs" / "commands.md").read_text()
README = (ROOT / "README.md").read_text()


def commands() -> Iterator[tuple[str, click.Command]]:
    ctx = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(ctx, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", each) for sub, each in command.commands.items())
        else:
            yield name, command


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_command_and_option_is_documented(name: str, command: click.Command) -> None:
    start = DOC.find(f"# `{name}")
    assert start >= 0, f"docs/commands.md does not tell of {name}"
    section = DOC[start : DOC.find("\n#", start)]
    for option in (each for each in command.params if isinstance(each, click.Option)):
        assert f"`{option.opts[0]}" in section, f"{name} {option.opts[0]} is not documented"


@pytest.mark.parametrize(("name", "command"), list(commands()))
def test_every_help_ends_with_an_example(name: str, command: click.Command) -> None:
    assert command.help and command.epilog and f" {name.split()[0]}" in command.epilog


def test_every_general_option_is_documented() -> None:
    for option in cli.params:
        assert f"`{option.opts[-1]}" in DOC


def test_every_exit_code_is_documented() -> None:
    codes = {
        each.exit_code
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.AggregatorError)
    }
    for code in codes | {0, 3, 130}:
        assert f"| {code} |" in DOC


def test_the_readme_begins_with_the_two_commands() -> None:
    blocks = README.split("```")
    assert blocks[1].strip().endswith(".venv/bin/aggregator demo")
    assert blocks[3].strip().endswith(".venv/bin/pytest -q")
    assert "python3-venv" in README.split("## ")[0]


def test_the_readme_points_only_at_what_is_there() -> None:
    for part in README.split("](")[1:]:
        target = part.split(")")[0]
        assert target.startswith("http") or (ROOT / target).exists(), target


def test_the_changelog_knows_this_version() -> None:
    assert f"## {aggregator.__version__} - " in (ROOT / "CHANGELOG.md").read_text()


def test_the_constraints_pin_everything_and_name_no_registry() -> None:
    text = (ROOT / "constraints.txt").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines and all("==" in line for line in lines)
    assert "://" not in text and "--" not in text


def test_the_constraints_pin_whatever_is_installed_for_us() -> None:
    """From our own requirements on, of every extra, as far as they are installed here."""
    text = (ROOT / "constraints.txt").read_text()
    pinned = {canonicalize_name(line.split("==")[0]) for line in text.splitlines() if "==" in line}
    extras = (*(metadata.metadata("aggregator").get_all("Provides-Extra") or ()), "")
    left = [*needed("aggregator", extras), ("hatchling", ("",))]
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while left:
        name, wanted = each = left.pop()
        if each in seen:
            continue
        seen.add(each)
        assert name in pinned or name == "pip", name  # which installs the others
        left += needed(name, wanted)
    assert len(seen) > 50


def needed(name: str, extras: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """What a package needs on this machine, each with its extras; nothing of what is not here."""
    try:
        told = [Requirement(each) for each in metadata.requires(name) or ()]
    except metadata.PackageNotFoundError:
        return []
    return [
        (canonicalize_name(each.name), (*sorted(each.extras), ""))
        for each in told
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras)
    ]


def test_every_member_of_our_json_extension_is_documented() -> None:
    text = (ROOT / "docs" / "published-feeds.md").read_text()
    feed = json.loads(render_json(ordinary_edition()))
    members = {*feed["_aggregator"]}
    for item in feed["items"]:
        members |= item["_aggregator"].keys()
        members |= {name for source in item["_aggregator"]["sources"] for name in source}
    assert members and all(f"`{member}`" in text for member in members)
