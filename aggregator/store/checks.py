"""What can be wrong with a store on SQLite, one check at a time."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from aggregator.errors import StoreError
from aggregator.ports import Store
from aggregator.store.migrate import Ladder, database
from aggregator.store.sqlite import SQLITE_VERSION, Connection
