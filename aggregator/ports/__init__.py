"""The seams: what flows need of the outside, in their own words."""

from aggregator.ports.archives import Archives
from aggregator.ports.audience import Audience
from aggregator.ports.corrections import Corrections
from aggregator.ports.desk import Publications, Topics, Withdrawals
from aggregator.ports.feeds import Feeds
from aggregator.ports.hooks import Hooks
from aggregator.ports.hosts import Hosts
from aggregator.ports.hub import Hub
from aggregator.ports.journal import Journal, Touched
from aggregator.ports.learning import Learning
from aggregator.ports.ledger import Ledger
from aggregator.ports.letters import Letters, Postman
from aggregator.ports.lists import Lists
from aggregator.ports.marks import Marks
from aggregator.ports.news import Entries, Stories
from aggregator.ports.outside import Clock, Fetcher, Reader
from aggregator.ports.pages import Pages
from aggregator.ports.prints import Prints
from aggregator.ports.pushes import Pushes
from aggregator.ports.searching import Searching
from aggregator.ports.series import Columns
from aggregator.ports.store import Meta, Store, Tx
from aggregator.ports.tokens import Confidential, Tokens

__all__ = [
    "Archives",
    "Audience",
    "Clock",
    "Columns",
    "Confidential",
    "Corrections",
    "Entries",
    "Feeds",
    "Fetcher",
    "Hooks",
    "Hosts",
    "Hub",
    "Journal",
    "Learning",
    "Ledger",
    "Letters",
    "Lists",
    "Marks",
    "Meta",
    "Pages",
    "Postman",
    "Prints",
    "Publications",
    "Pushes",
    "Reader",
    "Searching",
    "Store",
    "Stories",
    "Tokens",
    "Topics",
    "Touched",
    "Tx",
    "Withdrawals",
]
