"""The ledger: what was asked of whom, and what it brought, day by day."""

from __future__ import annotations

from dataclasses import dataclass

from aggregator.model.feed import Feed

DAY = 86_400


def day_of(at: float) -> int:
    """Return the day a time lies in: whole days since 1970-01-01, UTC.

    >>> day_of(0.0), day_of(86_399.9), day_of(86_400.0)
    (0, 0, 1)
    """
    return int(at // DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Requests and what came of them. Bytes are those of bodies as they came over the wire."""

    requests: int = 0
    not_modified: int = 0
    failed: int = 0  # no answer, or a status of 400 and above
    bytes: int = 0

    @property
    def unchanged(self) -> float | None:
        """The share of requests answered with 304; None when there were none."""
        return self.not_modified / self.requests if self.requests else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTally:
    """What was asked of one host."""

    host: str
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class OnHost:
    """The feeds we poll on one host: how many, and the first of them with their last poll."""

    count: int
    last_poll_at: float | None  # of all of them
    feeds: tuple[tuple[Feed, float | None], ...]
