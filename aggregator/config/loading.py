"""feeds.yaml from its text to `Settings`, or to every problem it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import yaml
from pydantic import ValidationError

from aggregator.config.building import POSTGRES, built
from aggregator.config.gazetteers import read_gazetteers
from aggregator.config.meaning import disagreements
from aggregator.config.problems import ConfigProblem, Finding, describe
from aggregator.config.shape import FileShape
from aggregator.config.translating import translated
from aggregator.config.tree import MAX_CHARACTERS, Tree, Unreadable, read_tree
from aggregator.errors import ConfigError
from aggregator.model.settings import Settings

_STORE = re.compile(r"""^store:[ \t]+["']?([^"'#\r\n]+)""", re.MULTILINE)


def load_settings(path: Path, *, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the file and return what to run with.

    With `environ`, every secret named `env:NAME` must be set in it. Raises `ConfigError` with
    every problem of the file, one of which may be that we cannot yet run on its store.
    """
    text = _text_of(path)
    tree = _tree_of(text, path)
    settings = _checked(tree, path, environ)
    settings = replace(settings, gazetteers=read_gazetteers(settings.gazetteers), text=text)
    if settings.store.startswith(POSTGRES):
        spot = tree.spot(("store",))
        problem = "a PostgreSQL store comes in a later version"
        hint = "name a file, as store: db/aggregator.db"
        later = Finding(line=spot.line, column=spot.column, problem=problem, hint=hint)
        raise ConfigError(describe([later], path, tree.lines))
    return settings


def read_settings(text: str, path: Path) -> Settings:
    """Return what the text says, as if it stood at `path`. Raises `ConfigError`.

    Pure but for the working folder, from which a relative `path` counts; gazetteers are named
    and not read.
    """
    return _checked(_tree_of(text, path), path, None)


def recalled_settings(text: str, path: Path) -> Settings:
    """Return what a file once said (`Settings.text`) that may say something else by now.

    Its gazetteers as far as they can be read. Raises `ConfigError` for what this version
    understands no more.
    """
    settings = replace(_checked(_tree_of(text, path), path, None), text=text)
    with suppress(ConfigError):
        settings = replace(settings, gazetteers=read_gazetteers(settings.gazetteers))
    return settings


def without_comments(text: str) -> str:
    """Return what a file says, written again without comments: they may hold what was only meant
    for whoever opens it."""
    events = list(yaml.parse(text))
    for event in events:
        if isinstance(event, yaml.ScalarEvent) and event.tag is None:
            event.implicit = (True, True)  # or words that come to need quotes would get a tag
    return str(yaml.emit(events, allow_unicode=True))


def store_named(path: Path) -> str | None:
    """Return the store that a file names which cannot be read as a whole; None: nor can that."""
    try:
        text = path.read_bytes().decode(errors="replace")
    except (OSError, ValueError):
        return None
    found = _STORE.search(text)
    return str(path.absolute().parent / (found[1].strip() if found else Settings().store))


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(4 * MAX_CHARACTERS + 1)
    except FileNotFoundError:
        hint = "name it with -c, or start with ours: aggregator config sample > feeds.yaml"
        raise _whole(path, "there is no such file", hint) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise _whole(path, f"cannot be read: {why}", "") from None
    try:
        return data[: 4 * MAX_CHARACTERS].decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start)
        finding = Finding(
            line=line, column=0, problem="holds bytes that are no UTF-8", hint="save it as UTF-8"
        )
        raise ConfigError(describe([finding], path, ())) from None


def _whole(path: Path, problem: str, hint: str) -> ConfigError:
    return ConfigError((ConfigProblem(path=path, line=0, column=0, problem=problem, hint=hint),))


def _tree_of(text: str, path: Path) -> Tree:
    try:
        return read_tree(text)
    except Unreadable as unreadable:
        raise ConfigError(describe(unreadable.findings, path, unreadable.lines)) from None


def _checked(tree: Tree, path: Path, environ: Mapping[str, str] | None) -> Settings:
    findings, file = list(tree.findings), None
    try:
        file = FileShape.model_validate(tree.value)
    except ValidationError as error:
        found = (translated(one, tree) for one in error.errors(include_url=False))
        findings.extend(one for one in found if one is not None)
    findings.extend(disagreements(tree, environ))
    if file is None or findings:
        raise ConfigError(describe(findings, path, tree.lines))
    return built(file, path)
