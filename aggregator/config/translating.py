"""What pydantic found wrong, in our words and at its place in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from aggregator.config.problems import Finding
from aggregator.config.shape import FileShape
from aggregator.config.tree import Hole, Tree, Where
from aggregator.config.words import kind

_MAPPING = frozenset({"model_type", "dict_type", "model_attributes_type"})


def translated(error: ErrorDetails, tree: Tree) -> Finding | None:
    """Return the finding; None when the tree has reported what stands there already."""
    where, at_key = _way(error)
    written, type_ = error["input"], error["type"]
    if type_ == "extra_forbidden":
        return _unknown(where, tree)
    if written is Hole.REFUSED:
        return None
    spot = tree.spot(where)
    line, column = (spot.key_line, spot.key_column) if at_key else (spot.line, spot.column)
    said: Mapping[str, Any] = _said(error)
    if type_ == "missing":
        said = {"problem": f"'{where[-1]}' is missing", "hint": f"write {where[-1]}: …"}
    elif written is Hole.EMPTY:
        line, column = spot.key_line, spot.key_column
        said = _empty(where)
    return Finding(line=line, column=column, **said)


def _way(error: ErrorDetails) -> tuple[Where, bool]:
    where = error["loc"]
    if where and where[-1] == "[key]":
        return where[:-1], True
    return where, False


def _said(error: ErrorDetails) -> dict[str, Any]:
    """Return the words for an error of ours or of pydantic's own checks."""
    written, type_, context = error["input"], error["type"], error.get("ctx", {})
    if type_ == "said":
        return dict(context)
    if type_ in _MAPPING:
        return {
            "problem": f"this must be a mapping, not {kind(written)}",
            "hint": "write 'key: value' lines below it",
        }
    if type_ == "list_type":
        hint = f"write [{written}]" if isinstance(written, str) and len(written) < 40 else ""
        return {
            "problem": f"this must be a list, not {kind(written)}",
            "hint": hint or "write [a, b], or lines that begin with '- '",
        }
    if type_ in ("enum", "literal_error"):
        words = re.findall(r"'([^']+)'", str(context.get("expected", "")))
        choices = " or ".join((", ".join(words[:-1]), words[-1]))
        shown = f"'{written}'" if isinstance(written, str) else kind(written)
        hint = f"write {choices}"
        word = str(written) if isinstance(written, str) else ""
        return {
            "problem": f"{shown} is not known here",
            "hint": hint,
            "word": word,
            "choices": words,
        }
    if type_ in ("greater_than_equal", "less_than_equal"):
        bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
        return {"problem": f"{written} is out of bounds", "hint": f"write {bound}"}
    if type_ == "too_short":
        return {"problem": "this list is empty", "hint": "write at least one, or leave the key out"}
    return {"problem": error["msg"], "hint": ""}


def _empty(where: Where) -> dict[str, Any]:
    if where and isinstance(where[-1], str):
        hint = "write a value or leave the key out"
        return {"problem": f"'{where[-1]}' has no value", "hint": hint}
    return {"problem": "nothing stands after this '-'", "hint": "write a value or leave it out"}


def _unknown(where: Where, tree: Tree) -> Finding:
    spot, known = tree.spot(where), _keys_at(where[:-1])
    key = str(where[-1])
    return Finding(
        line=spot.key_line,
        column=spot.key_column,
        problem=f"unknown key '{key}'",
        hint=f"known here: {', '.join(known)}",
        word=key,
        choices=known,
    )


def _keys_at(where: Where) -> list[str]:
    """Return the keys that may stand in the mapping at a way."""
    model: type[BaseModel] = FileShape
    for step in where:
        if isinstance(step, str):
            fields = {info.alias or name: info for name, info in model.model_fields.items()}
            model = _model_in(fields[step].annotation) or model
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(part) for part in get_args(annotation))
    return next((model for model in inner if model is not None), None)
