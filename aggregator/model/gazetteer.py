"""A gazetteer: names of people, places or organisations that give tags, listed in a file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """What the names of a gazetteer are names of."""

    PERSON = "person"
    PLACE = "place"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gazetteer:
    """One file of names; `names` are pairs of a tag and a phrase that gives it."""

    file: Path
    kind: Kind
    names: tuple[tuple[str, str], ...] = ()
