"""The invented outlets of the sample newsroom, each with another way of serving a feed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LABEL = "(sample newsroom)"
DISCLAIMER = (
    "This outlet is invented. It is part of aggregator's sample newsroom: "
    "no such place, person or event exists."
)


class Form(StrEnum):
    """What an outlet's feed is written in."""

    RSS = "rss"
    ATOM = "atom"
    RDF = "rdf"
    JSON = "json"
    LOOSE = "loose"  # meant to be RSS, but not well-formed


MEDIA_TYPES = {
    Form.RSS: "application/rss+xml; charset=utf-8",
    Form.ATOM: "application/atom+xml; charset=utf-8",
    Form.RDF: "application/rdf+xml; charset=utf-8",
    Form.JSON: "application/feed+json",
    Form.LOOSE: "application/rss+xml; charset=utf-8",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """An invented publisher. Paths start at the origin's root."""

    key: str  # its place in addresses, the name of its feed and of its file of texts
    name: str
    about: str
    form: Form
    feed_path: str
    old_path: str | None = None  # answers 301 to feed_path
    gzipped: bool = False  # sent gzip-encoded to whoever accepts it
    full_text: bool = True  # whether the feed carries whole articles or only their beginnings
    guids: bool = True  # whether entries carry ids of their own
    gone: bool = False  # answers 410, for good

    @property
    def title(self) -> str:
        """The feed's title, which says what it is wherever it is shown."""
        return f"{self.name} {LABEL}"

    @property
    def polled_path(self) -> str:
        """Where a reader that knows the outlet of old asks for the feed."""
        return self.old_path or self.feed_path


OUTLETS = (
    Outlet(
        key="orrowmark-wire",
        name="Orrowmark Wire",
        about="World news by the line, sold to papers that do not exist either.",
        form=Form.ATOM,
        feed_path="/orrowmark-wire/feed.atom",
    ),
    Outlet(
        key="tollgate-observer",
        name="The Tollgate Observer",
        about="County news, and the daily column Global Lane.",
        form=Form.RSS,
        feed_path="/tollgate-observer/feed.rss",
        gzipped=True,
    ),
    Outlet(
        key="caskwater-ledger",
        name="The Caskwater Ledger",
        about="Ships, cargoes and prices of a harbour town.",
        form=Form.RSS,
        feed_path="/caskwater-ledger/feed.rss",
    ),
    Outlet(
        key="lanternfield-review",
        name="The Lanternfield Review",
        about="Science from a university town.",
        form=Form.JSON,
        feed_path="/lanternfield-review/feed.json",
    ),
    Outlet(
        key="quillhaven-courier",
        name="The Quillhaven Courier",
        about="News of the river towns.",
        form=Form.RDF,
        feed_path="/quillhaven-courier/index.rdf",
    ),
    Outlet(
        key="brinemoor-dispatch",
        name="The Brinemoor Dispatch",
        about="A paper of the salt marshes, whose feed has moved.",
        form=Form.RSS,
        feed_path="/brinemoor-dispatch/feed.rss",
        old_path="/brinemoor-dispatch/rss",
        full_text=False,
        guids=False,
    ),
    Outlet(
        key="thistledyke-bugle",
        name="The Thistledyke Bugle",
        about="A hill village's paper, whose feed is put together by hand.",
        form=Form.LOOSE,
        feed_path="/thistledyke-bugle/feed.rss",
    ),
    Outlet(
        key="old-semaphore",
        name="The Old Semaphore",
        about="A weekly that has closed; its feed is gone.",
        form=Form.RSS,
        feed_path="/old-semaphore/feed.rss",
        gone=True,
    ),
)

BY_KEY = {outlet.key: outlet for outlet in OUTLETS}
