"""News feed aggregator and syndication service."""

__version__ = "0.4.0"

PROJECT_PAGE = "https://aggregator.example/"
"""Where a publisher learns who is polling before the operator has set `site.url`."""
