"""The shared tools, loaded from where AGGREGATOR_SHARED says they lie."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType


def shared_tool(name: str) -> ModuleType:
    """Load one tool as a module; fails when the place is not given or wrong."""
    path = Path(os.environ["AGGREGATOR_SHARED"]) / "tools" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None, path
    assert spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
