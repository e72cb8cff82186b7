"""What the tests of the configuration share."""

from __future__ import annotations

from pathlib import Path

import pytest

from aggregator.config import ConfigProblem, read_settings
from aggregator.errors import ConfigError

HERE = Path("/srv/news/feeds.yaml")


def problems_of(text: str) -> tuple[ConfigProblem, ...]:
    """Return what is wrong with a text that must be refused."""
    with pytest.raises(ConfigError) as refused:
        read_settings(text, HERE)
    return tuple(one for one in refused.value.problems if isinstance(one, ConfigProblem))
