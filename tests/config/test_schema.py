"""The JSON Schema, the manual and the file agree on what may be written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from aggregator.config import json_schema, read_settings
from aggregator.config.words import RESERVED_SLUGS
from tests.config.makers import HERE

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "feeds-yaml.md").read_text()


def keys_of(schema: dict[str, Any], part: dict[str, Any], way: str = "") -> Iterator[str]:
    """Yield every key of a schema as the manual writes it: `feeds[].auth.basic`."""
    while "$ref" in part:
        part = schema["$defs"][part["$ref"].removeprefix("#/$defs/")]
    for variant in part.get("anyOf", ()):
        yield from keys_of(schema, variant, way)
    if "items" in part:
        yield from keys_of(schema, part["items"], f"{way}[]")
    for key, inner in part.get("properties", {}).items():
        here = f"{way}.{key}" if way else key
        yield here
        yield from keys_of(schema, inner, here)


def test_the_manual_tells_every_key_and_no_other() -> None:
    told = re.findall(r"^\| `([^`]+)` \|", MANUAL, re.MULTILINE)
    schema = json_schema()
    assert sorted(told) == sorted(set(keys_of(schema, schema)))


def test_the_manuals_example_loads() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL)
    assert read_settings(example, HERE).topics[0].slug == "global-lane"


def test_the_manual_tells_every_default_as_the_schema_does() -> None:
    schema = json_schema()
    rows = dict(re.findall(r"^\| `([^`]+)` \|[^|]*\| `([^`]+)` \|", MANUAL, re.MULTILINE))
    for section in ("site", "defaults", "net", "stories"):
        part = schema["$defs"][schema["properties"][section]["$ref"].removeprefix("#/$defs/")]
        for key, inner in part["properties"].items():
            if inner.get("default", []) != []:
                assert rows[f"{section}.{key}"] == str(inner["default"])


def test_the_manual_lists_the_slugs_that_are_taken() -> None:
    (listed,) = re.findall(r"addresses are taken: `([^`]+)`", MANUAL)
    assert listed.split() == sorted(RESERVED_SLUGS)


@pytest.fixture
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(json_schema())
    return Draft202012Validator(json_schema())


def test_the_shipped_file_is_valid_by_the_schema(validator: Draft202012Validator) -> None:
    shipped = yaml.safe_load((ROOT / "feeds.yaml").read_text())
    assert [error.message for error in validator.iter_errors(shipped)] == []


@pytest.mark.parametrize(
    "text",
    [
        "feeeds: []",
        "feeds: [{name: a}]",
        "feeds: [1]",
        "defaults: {every: 3600}",
        "defaults: {rights: all}",
        "topics: [{slug: Global Lane, title: x, match: y}]",
        "feeds: [{url: 'https://a.example', auth: {basic: hunter2}}]",
        "series: [{name: x, any: []}]",
        "site: {title: null}",
    ],
)
def test_what_an_editor_can_see_is_wrong_is_wrong_by_the_schema(
    text: str, validator: Draft202012Validator
) -> None:
    assert not validator.is_valid(yaml.safe_load(text))
