"""TLS: every server proves who it is, and only one explicit argument says who is believed."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import trustme

from aggregator.model.exchange import Failed, Fault, Fetched, Request
from aggregator.net.client import tls_context
from tests.net.conftest import MakeFetcher
from tests.net.origin import RSS, Origin, Talk, an_origin, answer

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def cafile(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def serving_as(leaf: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    leaf.configure_cert(context)
    return context


@pytest.fixture
def secure(authority: trustme.CA) -> Iterator[Origin]:
    tls = serving_as(authority.issue_cert("feeds.example"))
    with an_origin(lambda talk: talk.say(answer(ETag='"1"')), tls) as origin:
        yield origin


def test_a_server_that_proves_who_it_is_is_asked_on_one_connection(
    secure: Origin, cafile: str, fetcher_for: MakeFetcher
) -> None:
    fetcher = fetcher_for(secure, resolve=lambda host, port: ["127.0.0.1"], cafile=cafile)
    url = secure.url(host="feeds.example", scheme="https")
    for _ in range(2):
        outcome = fetcher.fetch(Request(url=url))
        assert isinstance(outcome, Fetched), outcome
        assert (outcome.body, outcome.etag) == (RSS, '"1"')
    assert secure.connections == 1


def test_an_unknown_authority_is_not_believed_by_default(
    secure: Origin, fetcher_for: MakeFetcher, monkeypatch: pytest.MonkeyPatch, cafile: str
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, cafile)
    fetcher = fetcher_for(secure, resolve=lambda host, port: ["127.0.0.1"])
    outcome = fetcher.fetch(Request(url=secure.url(host="feeds.example", scheme="https")))
    assert isinstance(outcome, Failed)
    assert outcome.fault is Fault.NETWORK
    assert "certificate is not valid" in outcome.problem
    assert not secure.requests
    assert outcome.hops == ()


def test_a_certificate_of_another_name_is_not_believed(
    secure: Origin, cafile: str, fetcher_for: MakeFetcher
) -> None:
    fetcher = fetcher_for(secure, resolve=lambda host, port: ["127.0.0.1"], cafile=cafile)
    outcome = fetcher.fetch(Request(url=secure.url(host="other.example", scheme="https")))
    assert isinstance(outcome, Failed)
    assert "certificate is not valid" in outcome.problem
    assert not secure.requests


def test_a_certificate_that_is_over_is_not_believed(
    authority: trustme.CA, cafile: str, fetcher_for: MakeFetcher
) -> None:
    leaf = authority.issue_cert("127.0.0.1", not_before=LONG_AGO, not_after=LONG_AGO.replace(2021))
    with an_origin(lambda talk: talk.say(answer()), serving_as(leaf)) as origin:
        outcome = fetcher_for(origin, cafile=cafile).fetch(Request(url=origin.url(scheme="https")))
    assert isinstance(outcome, Failed)
    assert "expired" in outcome.problem


def test_a_redirect_to_a_server_that_proves_nothing_is_not_followed_through(
    authority: trustme.CA, secure: Origin, cafile: str, fetcher_for: MakeFetcher
) -> None:
    def away(talk: Talk) -> None:
        talk.say(answer(b"", "302 Found", Location=secure.url(scheme="https")))

    with an_origin(away) as origin:
        outcome = fetcher_for(origin, secure, cafile=cafile).fetch(Request(url=origin.url()))
    assert isinstance(outcome, Failed)
    assert "certificate is not valid" in outcome.problem
    assert not secure.requests


def test_a_named_authority_is_believed_instead_of_the_usual_ones(cafile: str) -> None:
    usual, ours = tls_context(), tls_context(cafile)
    assert len(ours.get_ca_certs()) == 1
    assert len(usual.get_ca_certs()) > 50
    for context in (usual, ours):
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
