"""Every error of ours: where, what, and what to do next."""

from __future__ import annotations


class AggregatorError(Exception):
    """Something a person can read and act on; never a bug's traceback."""

    exit_code = 1


class UsageError(AggregatorError):
    """What was asked cannot be done as asked."""

    exit_code = 2


class ConfigError(AggregatorError):
    """`feeds.yaml` cannot be used as it stands; carries every problem at once."""

    exit_code = 2

    def __init__(self, problems: tuple[object, ...]) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class QueryError(AggregatorError):
    """A query that does not parse: `position` is the 0-based character where it went wrong."""

    exit_code = 2

    def __init__(self, problem: str, *, query: str, position: int, hint: str = "") -> None:
        super().__init__(problem)
        self.problem, self.query, self.position, self.hint = problem, query, position, hint

    def __str__(self) -> str:
        tail = f" ({self.hint})" if self.hint else ""
        return f"at character {self.position + 1}: {self.problem}{tail}"


class NotFound(AggregatorError):
    """No feed, topic, entry, story or decision answers to that name."""

    exit_code = 4


class StoreError(AggregatorError):
    """The store could not do what was asked: full, locked, corrupt or read-only."""


class StoreBusy(StoreError):
    """Another writer held the store for longer than we wait."""


class StoreSlow(StoreError):
    """What was asked of the store took longer than whoever asked may wait."""


class StoreFull(StoreError):
    """No space is left for the store to write."""


class StoreCorrupt(StoreError):
    """The store's file is damaged or is no store of ours."""


class StoreRefused(StoreError):
    """What was to be written breaks a rule of the store; the store itself is well."""


class StoreTooNew(StoreError):
    """The store was written by a newer version than this one."""


class StoreHeld(AggregatorError):
    """Another daemon holds the store; says which."""

    exit_code = 5


class ReadFailed(AggregatorError):
    """A document could not be read as a feed; the text says why."""


class ColumnError(UsageError):
    """A text file could not be read as a newspaper column."""
