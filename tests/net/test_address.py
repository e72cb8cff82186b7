"""The guard: what may be connected to, and that nobody talks it into more."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.errors import UsageError
from aggregator.net.address import Guard, Refused, canonical_host, faces, is_public


def refused(guard: Guard, address: str, host: str, port: int) -> bool:
    try:
        guard.check(address, host=host, port=port)
    except Refused:
        return True
    return False


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "172.31.255.255",
        "192.0.0.8",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::808:808",
        "2002:7f00:1::",
        "2001:0:0:0:0:0:80ff:fffe",
        "2001:db8::1",
        "3fff::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fec0::1",
        "ff0e::1",
    ],
)
def test_no_address_that_is_not_public_may_be_connected_to(address: str) -> None:
    with pytest.raises(Refused):
        Guard().check(address, host="feeds.example", port=80)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_a_public_address_may_be_connected_to_in_any_form(address: str) -> None:
    assert not refused(Guard(), address, "feeds.example", 80)


@pytest.mark.parametrize(
    ("allow", "address", "host", "port"),
    [
        ("127.0.0.1:8801", "127.0.0.1", "127.0.0.1", 8801),
        ("127.0.0.1:8801", "127.0.0.1", "localhost", 8801),
        ("127.0.0.1:8801", "::ffff:127.0.0.1", "::ffff:7f00:1", 8801),
        ("127.0.0.1", "127.0.0.1", "localhost", 9999),
        ("127.0.0.0/8", "127.9.9.9", "127.9.9.9", 80),
        ("10.0.0.0/8", "10.1.1.1", "intranet.example", 443),
        ("localhost:8000", "127.0.0.1", "localhost", 8000),
        ("localhost:8000", "::1", "localhost", 8000),
        ("LOCALHOST", "127.0.0.1", "localhost", 8000),
        ("[::1]:8000", "::1", "::1", 8000),
        ("::1", "::1", "localhost", 8000),
        ("fd00::/8", "fd12::1", "intranet.example", 80),
    ],
)
def test_what_the_operator_allows_may_be_connected_to(
    allow: str, address: str, host: str, port: int
) -> None:
    assert refused(Guard(), address, host, port), "only because it is allowed"
    assert not refused(Guard([allow]), address, host, port)


@pytest.mark.parametrize(
    ("allow", "address", "host", "port"),
    [
        ("127.0.0.1:8801", "127.0.0.1", "127.0.0.1", 8802),
        ("127.0.0.1:8801", "127.0.0.2", "127.0.0.2", 8801),
        ("localhost:8000", "127.0.0.1", "evil.example", 8000),
        ("10.0.0.0/8", "192.168.0.1", "x", 80),
        ("::/0", "2002:7f00:1::", "x", 80),
        ("::/0", "64:ff9b::a9fe:a9fe", "x", 80),
    ],
)
def test_an_allowance_opens_nothing_but_what_it_names(
    allow: str, address: str, host: str, port: int
) -> None:
    with pytest.raises(Refused):
        Guard([allow]).check(address, host=host, port=port)


@pytest.mark.parametrize(
    "entry",
    ["", "10.0.0.0/8:80", "http://localhost", "a b:1", "x:99999", "user@host:1", "10.0.0.0/64"],
)
def test_an_allowance_that_says_nothing_is_refused_by_name(entry: str) -> None:
    with pytest.raises(UsageError, match=r"net\.allow"):
        Guard([entry])


@pytest.mark.parametrize("port", [22, 25, 81, 993, 0, 6379, 11211, 5432, 3306, 9200, 27017])
def test_ports_of_other_services_are_closed(port: int) -> None:
    guard = Guard(["10.0.0.0/8", "feeds.example"])
    with pytest.raises(Refused, match="no web port"):
        guard.target(f"http://feeds.example:{port}/")


def test_an_exact_host_and_port_opens_a_closed_port() -> None:
    assert Guard(["cache.example:6379"]).target("http://cache.example:6379/").port == 6379


@pytest.mark.parametrize("port", [80, 443, 1024, 8000, 8080, 8443, 65535])
def test_web_ports_and_high_ports_are_open(port: int) -> None:
    assert Guard().target(f"http://feeds.example:{port}/").port == port


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("HTTP://Feeds.Example", "http://feeds.example/"),
        ("https://feeds.example:443/a?b=c#d", "https://feeds.example/a?b=c"),
        ("http://feeds.example:443/", "http://feeds.example:443/"),
        ("http://feeds.example./x", "http://feeds.example/x"),
        ("http://bücher.example/ä b?q=ü", "http://xn--bcher-kva.example/%C3%A4%20b?q=%C3%BC"),
        ("http://127.1/", "http://127.0.0.1/"),
        ("http://0x7f000001:8000/", "http://127.0.0.1:8000/"),
        ("http://①②⑦.⓪.⓪.①/", "http://127.0.0.1/"),
        ("http://[2606:4700:0::1]/", "http://[2606:4700::1]/"),
        ("http://x.example?a=%2f&b=[]", "http://x.example/?a=%2f&b=[]"),
        ("http://under_score.example/", "http://under_score.example/"),
    ],
)
def test_a_url_is_written_one_way(url: str, written: str) -> None:
    assert Guard().target(url).url == written


@pytest.mark.parametrize(
    "url",
    [
        "",
        "feeds.example/x",
        "//feeds.example/",
        "file:///etc/passwd",
        "ftp://feeds.example/",
        "http:feeds.example",
        "http:///etc/passwd",
        "http://user:secret@feeds.example/",
        "http://@feeds.example/",
        "http://good.example\\@evil.example/",
        "http://feeds.example/a\\b",
        "http://feeds.example/a\r\nX-Injected: 1",
        "http://feeds.example/\x00",
        "http://feeds.example/\ud800",
        "http://feeds .example/",
        "http://feeds.example%00.example/",
        "http://a..example/",
        "http://-a.example/",
        f"http://{'a' * 64}.example/",
        "http://feeds.example:port/",
        "http://feeds.example:99999/",
        "http://[fe80::1%25lo]/",
        "http://[::1/",
        "http://[v1.x]/",
        "http://1.2.3.4.5/",
        "http://a\u2100b.example/",
    ],
)
def test_a_url_that_can_be_read_in_two_ways_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        Guard().target(url)


def test_a_refused_login_is_not_repeated() -> None:
    with pytest.raises(Refused) as refused:
        Guard().target("http://user:hunter2@feeds.example/")
    assert "hunter2" not in str(refused.value)


@given(st.text() | st.from_regex(r"https?://[^/]{0,30}(:[0-9]{0,6})?/.*"))
def test_any_text_is_a_target_or_refused_and_a_target_is_stable(url: str) -> None:
    guard = Guard()
    try:
        once = guard.target(url)
    except Refused:
        return
    assert once.url.isascii()
    assert guard.target(once.url) == once


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_makes_nothing_public(inner: IPv4Address) -> None:
    number = int(inner)
    wrapped = [
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0x0064FF9B << 96 | number),
        IPv6Address(0x2002 << 112 | number << 80),
    ]
    for outer in wrapped:
        assert all(map(is_public, faces(outer))) == is_public(inner)


@given(st.ip_addresses())
def test_a_literal_host_stays_the_address_it_is(address: IPv4Address | IPv6Address) -> None:
    assert ip_address(canonical_host(str(address))) == address
