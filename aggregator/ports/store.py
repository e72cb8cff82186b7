"""The store: transactions over everything we keep."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from aggregator.ports.archives import Archives
from aggregator.ports.audience import Audience
from aggregator.ports.corrections import Corrections
from aggregator.ports.desk import Publications, Topics, Withdrawals
from aggregator.ports.feeds import Feeds
from aggregator.ports.hooks import Hooks
from aggregator.ports.hosts import Hosts
from aggregator.ports.hub import Hub
from aggregator.ports.journal import Journal
from aggregator.ports.keys import Keys
from aggregator.ports.learning import Learning
from aggregator.ports.ledger import Ledger
from aggregator.ports.letters import Letters
from aggregator.ports.lists import Lists
from aggregator.ports.marks import Marks
from aggregator.ports.news import Entries, Stories
from aggregator.ports.pages import Pages
from aggregator.ports.placing import Placing
from aggregator.ports.prints import Prints
from aggregator.ports.pushes import Pushes
from aggregator.ports.reports import Reports
from aggregator.ports.retelling import Retelling
from aggregator.ports.retention import Retention
from aggregator.ports.searching import Searching
from aggregator.ports.series import Columns
from aggregator.ports.tokens import Confidential, Tokens


class Meta(Protocol):
    """Small facts that are set once (authority, year) or counted."""

    def get(self, name: str) -> str | None: ...
    def set(self, name: str, value: str) -> None: ...
    def set_once(self, name: str, value: str) -> str:
        """Keep the value unless one is there; return the one that holds."""
        ...


class Tx(Protocol):
    """One transaction: all of it is kept, or none."""

    @property
    def feeds(self) -> Feeds: ...
    @property
    def entries(self) -> Entries: ...
    @property
    def stories(self) -> Stories: ...
    @property
    def topics(self) -> Topics: ...
    @property
    def publications(self) -> Publications: ...
    @property
    def archives(self) -> Archives: ...
    @property
    def marks(self) -> Marks: ...
    @property
    def audience(self) -> Audience: ...
    @property
    def withdrawals(self) -> Withdrawals: ...
    @property
    def meta(self) -> Meta: ...
    @property
    def pushes(self) -> Pushes: ...
    @property
    def pages(self) -> Pages: ...
    @property
    def prints(self) -> Prints: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def hosts(self) -> Hosts: ...
    @property
    def hub(self) -> Hub: ...
    @property
    def lists(self) -> Lists: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def reports(self) -> Reports: ...
    @property
    def retelling(self) -> Retelling: ...
    @property
    def columns(self) -> Columns: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def placing(self) -> Placing: ...
    @property
    def corrections(self) -> Corrections: ...
    @property
    def retention(self) -> Retention: ...
    @property
    def learning(self) -> Learning: ...
    @property
    def searching(self) -> Searching: ...
    @property
    def tokens(self) -> Tokens: ...
    @property
    def letters(self) -> Letters: ...
    @property
    def hooks(self) -> Hooks: ...
    @property
    def confidential(self) -> Confidential: ...

    def savepoint(self) -> AbstractContextManager[None]:
        """A part that can fail alone: its writes are rolled back, the error goes on."""
        ...


class Store(Protocol):
    """Where everything we know is kept."""

    def read(self) -> AbstractContextManager[Tx]:
        """A consistent view; never waits for the writer."""
        ...

    def write(self, *, durable: bool = False) -> AbstractContextManager[Tx]:
        """The one writer. `durable` survives a power cut (decisions, publications)."""
        ...

    def version(self) -> int:
        """A number that changes when anybody, in any process, has written."""
        ...

    def doctor(self) -> tuple[tuple[str, bool, str], ...]:
        """(check, fine, what was found) for each thing that can be wrong with the store."""
        ...

    def close(self) -> None: ...
