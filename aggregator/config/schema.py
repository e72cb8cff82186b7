"""feeds.yaml as a JSON Schema, for editors that complete and check while one types."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from aggregator.config.shape import FileShape, Shape


class _Plain(GenerateJsonSchema):
    """Leaves out what our models need and the file does not: nulls, titles made from names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])  # a key is written or left out, never null

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        if schema.get("default") is None or isinstance(schema["default"], Shape):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of feeds.yaml.

    It knows keys, types and bounds; what depends on other parts of the file (names that must
    exist, queries that must parse) only `check` knows.
    """
    schema = FileShape.model_json_schema(schema_generator=_Plain)
    for part in schema["$defs"].values():
        part.pop("title", None)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema, "title": "feeds.yaml"}
