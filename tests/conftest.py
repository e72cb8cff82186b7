"""What holds for every test: no property fails for taking long on a busy machine."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unhurried", settings(settings.default, deadline=None))
settings.load_profile("unhurried")
