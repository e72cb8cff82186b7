"""The seams: what flows need of the outside, in their own words."""

from aggregator.ports.desk import Publications, Topics, Withdrawals
from aggregator.ports.feeds import Feeds
from aggregator.ports.hosts import Hosts
from aggregator.ports.journal import Journal, Touched
from aggregator.ports.learning import Learning
from aggregator.ports.ledger import Ledger
from aggregator.ports.lists import Lists
from aggregator.ports.news import Entries, Stories
from aggregator.ports.outside import Clock, Fetcher, Reader
from aggregator.ports.pages import Pages
from aggregator.ports.prints import Prints
from aggregator.ports.pushes import Pushes
from aggregator.ports.searching import Searching
from aggregator.ports.series import Columns
from aggregator.ports.store import Meta, Store, Tx

__all__ = [
    "Clock",
    "Columns",
    "Entries",
    "Feeds",
    "Fetcher",
    "Hosts",
    "Journal",
    "Learning",
    "Ledger",
    "Lists",
    "Meta",
    "Pages",
    "Prints",
    "Publications",
    "Pushes",
    "Reader",
    "Searching",
    "Store",
    "Stories",
    "Topics",
    "Touched",
    "Tx",
    "Withdrawals",
]
