"""Who we say we are, and the logins we were given."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from aggregator.errors import UsageError
from aggregator.model.feed import Auth
from aggregator.model.settings import Site

BOT_PAGE = "/bot"
"""Where our own site tells publishers what we poll and how to have us stop."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def user_agent(site: Site, version: str, project_page: str, subscribers: int | None = None) -> str:
    """Return our User-Agent: the project's page before set-up, then our own and who reads.

    >>> user_agent(Site(), "0.1.0", "https://aggregator.example/", 3)
    'aggregator/0.1.0 (+https://aggregator.example/)'
    >>> user_agent(Site(url="https://news.lane.org"), "0.1.0", "", 3)
    'aggregator/0.1.0 (+https://news.lane.org/bot; 3 subscribers)'
    """
    page = f"{site.url}{BOT_PAGE}" if site.is_set_up else project_page
    return with_subscribers(f"aggregator/{version} (+{page})", subscribers)


def with_subscribers(agent: str, subscribers: int | None) -> str:
    """Add how many read a feed, where the User-Agent names our own page; else leave it alone."""
    if subscribers is None or not agent.endswith(f"{BOT_PAGE})"):
        return agent
    return f"{agent[:-1]}; {subscribers} subscribers)"


def authorization(auth: Auth, environ: Mapping[str, str]) -> str:
    """Return the Authorization header's value for a feed's `auth:`.

    The secret is read from `env:NAME` or `file:PATH` each time, so that it can be changed without
    a restart. Raises `UsageError`, which names the place of the secret and never the secret.
    """
    if auth.basic is not None:
        login = secret_at(auth.basic, environ)
        if ":" not in login:
            raise UsageError(f"auth: basic: {auth.basic} does not hold user:password")
        return "Basic " + b64encode(login.encode()).decode("ascii")
    if auth.bearer is not None:
        token = secret_at(auth.bearer, environ)
        if not token.isascii() or " " in token:
            raise UsageError(f"auth: bearer: {auth.bearer} does not hold a token")
        return "Bearer " + token
    raise UsageError("auth: names neither basic nor bearer")


def secret_at(place: str, environ: Mapping[str, str], what: str = "auth") -> str:
    """Return the secret that lies at `env:NAME` or `file:PATH`; `what` of feeds.yaml names it.

    Raises `UsageError`, which never tells the secret.
    """
    kind, _, name = place.partition(":")
    if kind == "env" and name:
        if name not in environ:
            raise UsageError(f"{what}: the environment variable {name} is not set")
        secret = environ[name]
    elif kind == "file" and name:
        try:
            secret = Path(name).expanduser().read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise UsageError(f"{what}: the file {name} is no UTF-8 text") from None
        except (OSError, RuntimeError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise UsageError(f"{what}: the file {name} cannot be read ({why})") from None
    else:  # what was written may be the secret itself: it is not repeated
        raise UsageError(f"{what}: a secret is given as env:NAME or file:PATH, never written out")
    secret = secret.rstrip("\r\n")
    if not secret or _CONTROL.search(secret):
        raise UsageError(f"{what}: {place} is empty or holds a control character")
    return secret
