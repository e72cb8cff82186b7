"""robots.txt as RFC 9309 has it; what a hostile one costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.robots import MAX_BODY, RobotsShelf, place_of, read_robots, robots_url

SITE = "https://news.example"


def may(text: str, path: str) -> bool:
    rule = read_robots(text).rule_for(SITE + path)
    return rule is None or rule.allow


def ours(*lines: str) -> str:
    return "\n".join(("User-agent: aggregator", *lines))


@pytest.mark.parametrize(
    ("rule", "inside", "outside"),
    [
        ("/fish", "/fish.html", "/Fish"),
        ("/fish", "/fish", "/a/fish"),
        ("/fish/", "/fish/salmon", "/fish"),
        ("/*.php", "/x/a.php?b", "/a.PHP"),
        ("/*.php$", "/a.php", "/a.php?b"),
        ("/fish*.php", "/fishheads/catfish.php?x", "/Fish.PHP"),
        ("*/print", "/a/print", "/a/prin"),
        ("/a$", "/a", "/ab"),
        ("/a*b*c$", "/a1b2bc", "/a1b2bcd"),
        ("/*?", "/x?y", "/x"),
        ("/$", "/", "/a"),
        ("/a$b", "/a$bc", "/a"),
        ("private", "/private/x", "/x"),
    ],
)
def test_a_rule_is_the_beginning_of_a_path_with_a_star_for_anything_and_a_dollar_for_the_end(
    rule: str, inside: str, outside: str
) -> None:
    assert not may(ours(f"Disallow: {rule}"), inside)
    assert may(ours(f"Disallow: {rule}"), outside)


@pytest.mark.parametrize(
    ("rule", "path"),
    [  # the table of section 2.2.2
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz"),
        ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https://foo.bar"),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%e3%83%84", "/foo/bar/ツ"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html"),
        ("/path/foo-%24", "/path/foo-$"),
        ("/a%7eb", "/a~b"),
        ("/a%2fb", "/a%2Fb"),
    ],
)
def test_escapes_are_compared_in_one_way(rule: str, path: str) -> None:
    assert not may(ours(f"Disallow: {rule}"), path)


def test_an_escaped_slash_is_no_slash() -> None:
    assert may(ours("Disallow: /a/b"), "/a%2Fb")


def test_the_longest_rule_wins_and_of_equals_the_one_that_allows() -> None:
    assert may(ours("Disallow: /p", "Allow: /page"), "/page")
    assert not may(ours("Allow: /p", "Disallow: /page"), "/page")
    assert may(ours("Disallow: /folder", "Allow: /folder"), "/folder/x")
    assert not may(ours("Allow: /", "Disallow: /*.htm"), "/page.htm")


def test_the_group_that_names_us_holds_and_not_everybodys() -> None:
    text = "User-agent: *\nDisallow: /\n\nUser-agent: Aggregator/2\nDisallow: /letters\n"
    assert may(text, "/news")
    assert not may(text, "/letters")


def test_a_group_that_names_us_and_forbids_nothing_lets_us_ask_everything() -> None:
    assert may("User-agent: *\nDisallow: /\nUser-agent: aggregator\nDisallow:\n", "/news")


def test_groups_that_name_us_are_one_group() -> None:
    text = ours("Disallow: /a", "", "User-agent: other", "Disallow: /", ours("Disallow: /b"))
    assert [may(text, path) for path in ("/a", "/b", "/c")] == [False, False, True]


def test_several_agents_may_share_a_group_with_unknown_lines_between_them() -> None:
    text = "User-agent: other\nSitemap: https://e.example/s\nUser-agent: aggregator\nDisallow: /a"
    assert not may(text, "/a")


def test_another_agents_name_that_ours_begins_with_or_holds_is_not_ours() -> None:
    for name in ("a", "agg", "aggregators", "the-aggregator", "bot"):
        assert may(f"User-agent: {name}\nDisallow: /", "/x"), name


def test_everybodys_rules_hold_when_nobody_names_us() -> None:
    assert not may("User-agent: other\nDisallow:\nUser-agent: *\nDisallow: /x", "/x")
    assert not may("\ufeffUSER-AGENT : * # all\r\ndisallow:/x#y\r", "/x")


def test_rules_before_any_agent_and_lines_that_mean_nothing_count_for_nothing() -> None:
    assert may("Disallow: /\n<html>\nUser-agent\nDisallow /", "/x")


def test_robots_txt_itself_may_always_be_asked_for() -> None:
    assert may(ours("Disallow: /"), "/robots.txt")


def test_a_crawl_delay_is_ours_to_honour_within_reason() -> None:
    assert read_robots(ours("Crawl-delay: 7.5")).delay == 7.5
    assert read_robots(ours("Crawl-delay: 86400")).delay == 60.0
    assert read_robots("User-agent: other\nCrawl-delay: 7").delay == 0.0
    for odd in ("nan", "-3", "inf", "soon"):
        assert read_robots(ours(f"Crawl-delay: {odd}")).delay == 0.0


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://e.example/a", "https://e.example/robots.txt"),
        ("http://e.example:80/a?b#c", "http://e.example/robots.txt"),
        ("https://e.example:80/", "https://e.example:80/robots.txt"),
        ("http://[::1]:8080/a", "http://[::1]:8080/robots.txt"),
        ("https://me:pw@e.example/a", "https://e.example/robots.txt"),
    ],
)
def test_each_host_and_port_has_a_robots_txt_of_its_own(url: str, place: str) -> None:
    assert robots_url(url) == place


def test_what_is_no_web_address_has_none() -> None:
    assert place_of("mailto:a@b") is None
    assert robots_url("https://e.example:99999/") is None


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_text_is_a_robots_txt(text: str, path: str) -> None:
    rule = read_robots(text).rule_for(f"{SITE}/{path}")
    assert rule is None or isinstance(rule.line, str)


@given(st.text("ab*$/", max_size=12), st.text("ab/", max_size=12))
def test_what_is_forbidden_stays_forbidden_with_more_after_it_but_for_a_dollar(
    rule: str, path: str
) -> None:
    if not rule.endswith("$") and not may(ours(f"Disallow: {rule}"), f"/{path}"):
        assert not may(ours(f"Disallow: {rule}"), f"/{path}c")


HOSTILE = {
    "agents times rules": "".join(f"user-agent:{n}\n" for n in range(20_000))
    + "allow:/a\n" * 25_000,
    "our agents times rules": "user-agent: aggregator\n" * 15_000 + "allow:/a\n" * 20_000,
    "stars": ours("Disallow: /" + "*a" * 250_000),
    "many with stars": ours(*("Disallow: /*a*b*c*d*e*f*g$" for _ in range(18_000))),
    "one line": "User-agent: *\nDisallow: /" + "x" * MAX_BODY,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.timeout(20)  # what is quadratic here takes minutes
def test_a_hostile_robots_txt_gives_no_more_rules_than_it_has_lines(text: str) -> None:
    found = read_robots(text)
    assert len(found.rules) <= text.count("\n")
    assert found.rule_for(SITE + "/" + "abcdefg" * 500) in (None, *found.rules)


def test_a_shelf_keeps_what_was_read_lately_and_no_more_than_it_has_room_for() -> None:
    shelf, long = RobotsShelf(room=100), "Disallow: /" + "x" * 200
    texts = {f"h{n}": f"User-agent: *\nDisallow: /{n}" + " " * 10 for n in range(9)}
    first = shelf.read("h0", texts["h0"])
    assert shelf.read("h0", texts["h0"]) is first
    assert shelf.read("h0", "User-agent: *\nDisallow: /b") is not first
    for place, text in texts.items():
        assert shelf.read(place, text) == read_robots(text)
    assert shelf._size() <= 100
    assert shelf.read("long", long) is shelf.read("long", long), "the newest is kept in any case"
