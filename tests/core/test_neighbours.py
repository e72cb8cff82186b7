"""By what strangers are counted: whatever costs nothing to have many of is one."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.neighbours import household, machine, neighbourhood

LABELS = st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True)


@given(st.lists(LABELS, min_size=1, max_size=4), LABELS)
def test_every_name_below_a_domain_is_counted_as_that_domain(below: list[str], name: str) -> None:
    for domain in (f"{name}.org", f"{name}.co.uk"):
        assert neighbourhood(f"{'.'.join(below)}.{domain}") == neighbourhood(domain) == domain


@pytest.mark.parametrize("host", ["a1.duckdns.org", "a1.github.io", "a1.ac.de", "a1.co.net"])
def test_who_gives_names_away_is_one_neighbourhood(host: str) -> None:
    assert neighbourhood(host) == host.removeprefix("a1.")


def test_two_domains_of_one_registry_are_two() -> None:
    assert neighbourhood("a.lane.co.uk") != neighbourhood("a.grain.co.uk")


@given(st.ip_addresses(v=4))
def test_an_address_is_counted_with_its_network(address: IPv4Address) -> None:
    first = str(address).rpartition(".")[0]
    assert neighbourhood(str(address)) == f"{first}.0/24"
    assert machine(str(address)) == household(str(address)) == str(address)
    assert machine(f"::ffff:{address}") == str(address)


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_a_network_of_ipv6_is_one_machine(address: IPv6Address, within: int) -> None:
    other = IPv6Address(int(address) >> 64 << 64 | within)
    if address.ipv4_mapped is None and other.ipv4_mapped is None:
        assert machine(str(address)) == machine(str(other))
        assert household(machine(str(address))) == neighbourhood(str(other))


@given(st.text(max_size=40))
def test_no_host_is_too_odd_to_be_counted(host: str) -> None:
    assert isinstance(neighbourhood(host), str)
