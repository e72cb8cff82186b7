"""Servers: whose turn it is to ask them."""

from __future__ import annotations

from typing import Protocol


class Hosts(Protocol):
    """One request at a time to a host, and a pause between two: feeds' polls and all else."""

    def take(self, host: str, now: float, *, hold: float, per_host: int) -> float:
        """Take the host's turn until `now + hold`, unless it is paused or its feeds are polled.

        Returns `now` when it was taken; else when to try again, and nothing is taken.
        """
        ...

    def give_back(self, host: str, *, held_until: float, free_at: float) -> None:
        """End a turn: others may ask from `free_at` on. A pause that came meanwhile stands."""
        ...
