"""The seams: what flows need of the outside, in their own words."""

from aggregator.ports.desk import Publications, Topics, Withdrawals
from aggregator.ports.feeds import Feeds
from aggregator.ports.news import Entries, Stories
from aggregator.ports.outside import Clock, Fetcher, Reader
from aggregator.ports.store import Meta, Store, Tx

__all__ = [
    "Clock",
    "Entries",
    "Feeds",
    "Fetcher",
    "Meta",
    "Publications",
    "Reader",
    "Store",
    "Stories",
    "Topics",
    "Tx",
    "Withdrawals",
]
