"""How coarsely reports are told as one story."""

from __future__ import annotations

from enum import StrEnum


class Grain(StrEnum):
    """Fine keeps the sides of an affair apart; coarse tells the whole affair as one story."""

    FINE = "fine"
    NORMAL = "normal"
    COARSE = "coarse"
