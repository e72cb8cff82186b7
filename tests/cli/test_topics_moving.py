"""What a command line says of topics that are renamed too late, and of addresses used again."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Aggregator


def test_a_rename_told_too_late_is_warned_of_and_mended_by_removing(
    aggregator: Aggregator, desk: Path
) -> None:
    aggregator("poll", "wire")
    desk.write_text(desk.read_text().replace("slug: lane,", "slug: corn,"))
    aggregator("publish")
    desk.write_text(desk.read_text().replace("slug: corn,", "slug: corn, former: [lane],"))
    said = aggregator("check")
    assert said.code == 0 and "`former: [lane]` came too late" in said.err
    removed = aggregator("topics", "remove", "lane")
    assert "its addresses lead to corn from now on" in removed.out
    assert "too late" not in aggregator("check").err


def test_an_address_that_is_used_again_is_warned_of(aggregator: Aggregator, desk: Path) -> None:
    aggregator("poll", "wire")
    desk.write_text(desk.read_text().replace("slug: lane,", "slug: corn, former: [lane],"))
    aggregator("publish")
    assert "address" not in aggregator("check").err
    again = "  - {slug: lane, title: Lane, match: ships}\n"
    desk.write_text(desk.read_text().replace(" former: [lane],", "") + again)
    warning = "'lane' was the address of 'corn': readers of the old address will get another topic"
    assert warning in aggregator("check").err
    aggregator("publish")
    assert warning in aggregator("check").err
    desk.write_text(desk.read_text().replace(again, ""))
    aggregator("publish")
    assert "410" in aggregator("topics", "remove", "lane").out
