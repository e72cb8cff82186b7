"""What every command shares: the file, the store, and how to speak to whoever is there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from aggregator.cli.show import Screen
from aggregator.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from aggregator.flow.applied import Taker
    from aggregator.flow.kit import Kit
    from aggregator.flow.sync import Synced
    from aggregator.model.settings import Settings

FILE = "feeds.yaml"


@dataclass(slots=True, kw_only=True)
class Session:
    """The options that stand before (or behind) every command."""

    config: Path
    db: str | None
    screen: Screen

    def settings(self, *, environ: Mapping[str, str] | None = None) -> Settings:
        """Load feeds.yaml; `--db` overrides its store. With `environ`, its secrets must be set."""
        from aggregator.config import load_settings

        settings = load_settings(self.config, environ=environ)
        if self.db is None:
            return settings
        store = (
            self.db if "://" in self.db or self.db == ":memory:" else str(Path(self.db).resolve())
        )
        return replace(settings, store=store)

    @contextmanager
    def kit(
        self,
        *,
        base: str | None = None,
        sync: bool = True,
        lead: bool = False,
        create: bool = False,
        protects: bool = False,
    ) -> Iterator[Kit]:
        """Open the store and everything else; with `sync` it first follows feeds.yaml.

        A store that follows another file (the demo's, say) is shown and curated as it is; only
        `run`, `poll` and `publish` make it follow this one (`lead`). Raises `UsageError` for a
        `--db` that is not there, unless the command is one to begin a store with (`create`).
        An act that protects people (`protects`) does not wait for a mistake in feeds.yaml to be
        mended: it goes by what the file said when it was last taken in.
        """
        from aggregator.system import open_kit

        try:
            settings = (None if lead or create else self._sample()) or self.settings()
        except ConfigError as error:
            kept = self._last_good() if protects else None
            if kept is None:
                raise
            self._tell_unread(error)
            settings, sync = kept, False
        if not create:
            self._refuse_missing(settings.store)
        with open_kit(settings, base=base) as kit:
            if sync:
                self.follow(kit, lead=lead)
            yield kit

    def follow(self, kit: Kit, *, lead: bool = False, taker: Taker | None = None) -> Synced | None:
        """Let the store follow feeds.yaml; None where it follows another file and is left alone.

        Changed rules are taken in by `taker`. With `lead` it follows this file from now on.
        """
        from aggregator.system import SAMPLE, bring_into_line, follows_another

        if kit.settings.path is None:
            self.screen.say(f"this store follows {SAMPLE}; left as it is")
            return None
        other = follows_another(kit) if not lead else None
        if other is None:
            return bring_into_line(kit, taker)
        self.screen.say(f"this store follows {other}, not {self.config}; left as it is")
        return None

    def _sample(self) -> Settings | None:
        """Return how the demo runs if `--db` names its store: no feeds.yaml is needed for that."""
        from aggregator.demo.settings import demo_settings
        from aggregator.system import sample_base

        if self.db is None or "://" in self.db or self.db == ":memory:":
            return None
        store = str(Path(self.db).resolve())
        base = sample_base(store)
        if base is None:
            return None
        return demo_settings("http://127.0.0.1", store=store, site_url=base)

    def _last_good(self) -> Settings | None:
        from aggregator.config import store_named
        from aggregator.system import last_good

        store = str(Path(self.db).resolve()) if self.db is not None else store_named(self.config)
        return last_good(store, of=self.config) if store is not None else None

    def _tell_unread(self, error: ConfigError) -> None:
        first = str(error).partition("\n")[0]
        self.screen.warn(
            f"{self.config} has a mistake and was not read; this goes by what it said when it was "
            f"last taken in. {first} (`aggregator check` tells all)"
        )

    def _refuse_missing(self, store: str) -> None:
        """A path given by hand may be mistyped: an empty store there would answer everything."""
        if self.db is None or "://" in store or store == ":memory:" or Path(store).exists():
            return
        raise UsageError(
            f"{self.db}: there is no store here; look at --db, or make one with"
            f" `aggregator --db {self.db} poll`"
        )


def actor() -> str:
    """Who acts at this terminal: the login name."""
    return os.environ.get("AGGREGATOR_ACTOR") or os.environ.get("USER") or "editor"
