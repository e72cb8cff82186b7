"""Who we say we are, and logins that are never written out."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

import pytest

from aggregator.errors import UsageError
from aggregator.model.feed import Auth
from aggregator.model.settings import Site
from aggregator.net.etiquette import authorization, user_agent, with_subscribers

PAGE = "https://project.example/"


@pytest.mark.parametrize("url", [None, "https://news.example.org", "http://localhost:8000"])
def test_before_set_up_the_projects_page_is_named_and_no_readers(url: str | None) -> None:
    agent = user_agent(Site(url=url), "0.1.0", PAGE, subscribers=7)
    assert agent == f"aggregator/0.1.0 (+{PAGE})"
    assert with_subscribers(agent, 7) == agent


def test_after_set_up_our_own_page_and_the_readers_are_named() -> None:
    site = Site(url="https://news.lane.org")
    agent = user_agent(site, "0.1.0", PAGE)
    assert agent == "aggregator/0.1.0 (+https://news.lane.org/bot)"
    told = "aggregator/0.1.0 (+https://news.lane.org/bot; 7 subscribers)"
    assert user_agent(site, "0.1.0", PAGE, subscribers=7) == with_subscribers(agent, 7) == told


def test_a_login_comes_from_the_environment() -> None:
    value = authorization(Auth(basic="env:AGENCY"), {"AGENCY": "müller:a:b"})
    kind, _, packed = value.partition(" ")
    assert kind == "Basic"
    assert b64decode(packed).decode() == "müller:a:b"


def test_a_token_comes_from_a_file_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc123\n")
    value = authorization(Auth(bearer=f"file:{tmp_path / 'token'}"), {})
    assert value == "Bearer abc123"


@pytest.mark.parametrize(
    ("auth", "environ", "names"),
    [
        (Auth(basic="env:AGENCY"), {}, "AGENCY is not set"),
        (Auth(basic="env:AGENCY"), {"AGENCY": ""}, "empty"),
        (Auth(basic="env:AGENCY"), {"AGENCY": "s3cret"}, "user:password"),
        (Auth(basic="env:AGENCY"), {"AGENCY": "u:s3cret\r\nX: 1"}, "control character"),
        (Auth(bearer="env:AGENCY"), {"AGENCY": "s3cret token"}, "token"),
        (Auth(bearer="env:AGENCY"), {"AGENCY": "s3cr\u00e9t"}, "token"),
        (Auth(bearer="file:/nonexistent/token"), {}, "/nonexistent/token cannot be read"),
        (Auth(basic="user:s3cret"), {}, "env:NAME or file:PATH"),
        (Auth(bearer="s3cret"), {}, "env:NAME or file:PATH"),
        (Auth(bearer="env:"), {}, "env:NAME or file:PATH"),
        (Auth(), {}, "neither"),
    ],
)
def test_a_login_that_cannot_be_had_is_explained_and_never_repeated(
    auth: Auth, environ: dict[str, str], names: str
) -> None:
    with pytest.raises(UsageError, match=names) as error:
        authorization(auth, environ)
    assert "s3cr" not in str(error.value)


def test_a_secret_file_that_is_no_text_is_explained(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="UTF-8"):
        authorization(Auth(bearer=f"file:{tmp_path / 'token'}"), {})
