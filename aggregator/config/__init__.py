"""feeds.yaml: read, checked at once and in full, explained, and shown again."""

from aggregator.config.loading import (
    load_settings,
    read_settings,
    recalled_settings,
    store_named,
    without_comments,
)
from aggregator.config.problems import ConfigProblem
from aggregator.config.sample import sample
from aggregator.config.schema import json_schema
from aggregator.config.showing import shown

__all__ = [
    "ConfigProblem",
    "json_schema",
    "load_settings",
    "read_settings",
    "recalled_settings",
    "sample",
    "shown",
    "store_named",
    "without_comments",
]
