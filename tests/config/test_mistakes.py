"""One specimen a mistake: where it is said to be, what, and what to do."""

from __future__ import annotations

import pytest

from tests.config.makers import problems_of

FEED = "feeds:\n  - {{url: 'https://a.example/', {}}}\n"
TOPIC = "topics:\n  - slug: x\n    title: X\n    {}\n"
RULE = (
    "feeds: [{{url: 'https://a.example/', name: wire}}]\n"
    "series: [{{name: Lane, any: [{{title: x}}]}}]\n" + TOPIC
)

SPECIMENS = [
    # YAML itself
    ("", "1:1", "nothing in it", "version: 1"),
    ("# all of it\n# is comment\n", "1:1", "nothing in it", "version: 1"),
    ("feeds:\n\t- a\n", "2:1", "a tab", "indent with blanks"),
    ("feeds:\n  - url: http://e.example/\n    ti", "3:5", "a key without a value", "'key: value'"),
    ("version: 1\nfeeds: [a, b\n", "2:8", "'[' is not closed", "']' is missing"),
    ("site: {title: a\n", "1:7", "'{' is not closed", "'}' is missing"),
    ("site:\n  title: 'a\n", "2:10", "quote is never closed", "closing quote"),
    ("site: {title: x}\nstore: a: b\n", "2:9", "':' that cannot stand here", "put quotes"),
    ("store: @x\n", "1:8", "'@' cannot begin a value", "put quotes"),
    ('store: "a\\qb"\n', "1:10", "unknown escape", "single quotes"),
    ("site:\n  title: a\n url: b\n", "3:2", "does not belong here", "indentation"),
    ("store: a - b: - c\n", "1:13", "cannot stand here", "quotes"),
    ("version: 1\n---\nversion: 1\n", "2:1", "a second document", "'---'"),
    ("version: 1\nstore: a\x07b\n", "2:9", "the character U+0007", "UTF-8"),
    ('version: 1\nstore: "a\\x07b"\n', "2:8", "control character U+0007", ""),
    ("version: 1\nstore: &x a\n", "2:8", "anchors like &x", "leave it out"),
    ("version: 1\nstore: *x\n", "2:8", "aliases like *x", "write the value out"),
    ("version: 1\nstore: !!python/name:os.system x\n", "2:8", "tags like !!python/name", "leave"),
    ("version: 1\nversion: 1\n", "2:1", "'version' stands here twice", "first in line 1"),
    ("{{ site }}: 1\n", "1:1", "a key must be one word", "put quotes"),
    ("[" * 20_000 + "]" * 20_000, "1:33", "nested deeper than 32", "bracket left open"),
    ("store: " + "x" * 2_000_001, "1:1", "larger than 2,000,000", "right file"),
    # keys and types
    ("- a\n", "1:1", "must be a mapping, not a list", "key: value"),
    ("feeeds: []\n", "1:1", "unknown key 'feeeds'", "did you mean 'feeds'?"),
    ("zzz: 1\n", "1:1", "unknown key 'zzz'", "known here: version, site"),
    ("<<: {store: x}\n", "1:1", "unknown key '<<'", "known here"),
    ("site:\n  tilte: x\n", "2:3", "unknown key 'tilte'", "did you mean 'title'?"),
    (FEED.format("evry: 1h"), "2:33", "unknown key 'evry'", "did you mean 'every'?"),
    (TOPIC.format("match: x\n    publish: {iems: 3}"), "5:15", "unknown key 'iems'", "'items'"),
    ("feeds:\n", "1:1", "'feeds' has no value", "leave the key out"),
    ("feeds:\n  -\n", "2:4", "nothing stands after this '-'", "leave it out"),
    (
        "feeds: https://a.example/\n",
        "1:8",
        "must be a list, not text",
        "write [https://a.example/]",
    ),
    ("feeds: {a: b}\n", "1:8", "must be a list, not a mapping", "[a, b]"),
    ("feeds: [[a]]\n", "1:9", "must be a mapping, not a list", "key: value"),
    ("site: {title: [a]}\n", "1:15", "must be text, not a list", "quotes"),
    ("feeds: [{name: a}]\n", "1:9", "'url' is missing", "url:"),
    ("topics: [{slug: a, title: b}]\n", "1:10", "'match' is missing", "match:"),
    ("version: 2\n", "1:10", "version 2 is not known", "version: 1"),
    ("version: 1.10\n", "1:10", "'1.10' is no whole number", "digits"),
    ("net: {workers: '3'}\n", "1:16", "a number in quotes", "write 3"),
    ("net: {workers: 0}\n", "1:16", "0 is out of bounds", "at least 1"),
    ("net: {workers: 1_0}\n", "1:16", "no whole number", "digits"),
    ("net: {per_host: 17}\n", "1:17", "17 is out of bounds", "at most 16"),
    (FEED.format("name: desk"), "2:39", "the editors' own columns", "another name"),
    (FEED.format("trust: 1.5"), "2:40", "no number from 0 to 1", "0.5"),
    (
        TOPIC.format("match: y\n    learn: {publish_above: 0.3}"),
        "5:28",
        "0.3 would be wrong more often than right",
        "0.95",
    ),
    (
        TOPIC.format("match: y\n    learn: {publish_above: 95}"),
        "5:28",
        "no number from 0 to 1",
        "0.5",
    ),
    (FEED.format("fulltext: yes"), "2:43", "neither true nor false", "true or false"),
    # words of ours
    (
        "defaults: {every: 3600}\n",
        "1:19",
        "'3600' has no unit",
        "write 3600m for minutes, 3600s for seconds",
    ),
    (
        "defaults: {every: 90}\n",
        "1:19",
        "'90' has no unit",
        "write 90m for minutes, 90s for seconds",
    ),
    ("defaults: {every: soon}\n", "1:19", "'soon' is no time span", "as 15m"),
    ("defaults: {keep: 1h}\n", "1:18", "1h is out of bounds", "from 1d"),
    ("defaults: {keep: 999999999w}\n", "1:18", "out of bounds", "from 1d"),
    ("defaults: {keep: auto}\n", "1:18", "'auto' is no time span", "as 15m"),
    ("defaults: {rights: ful}\n", "1:20", "'ful' is not known", "did you mean 'full'?"),
    ("defaults: {rights: none}\n", "1:20", "'none' is not known", "link, excerpt or full"),
    ("net: {max_body: 15}\n", "1:17", "'15' is no size", "as 15MB"),
    ("net: {max_body: 15MiB}\n", "1:17", "'15MiB' is no size", "as 15MB"),
    ("net: {max_body: 9GB}\n", "1:17", "out of bounds", "1GB"),
    ("net: {spacing: 1}\n", "1:16", "'1' has no unit", "write 1m for minutes, 1s for seconds"),
    ("net: {allow: [127.0.0.1]}\n", "1:15", "neither host:port nor a network", "127.0.0.1/32"),
    ("net: {allow: [10.0.0.1/8]}\n", "1:15", "no network", "beyond the mask"),
    ("net: {allow: ['1.2.3:80']}\n", "1:15", "no IP address", "127.0.0.1:8801"),
    ("net: {allow: ['[a]:80']}\n", "1:15", "no IP address", "127.0.0.1:8801"),
    ("net: {allow: ['..:80']}\n", "1:15", "neither host:port", ""),
    ("net: {allow: ['a:99999']}\n", "1:15", "no port 99999", "65535"),
    ("stories: {window: 1m}\n", "1:19", "out of bounds", "from 1h to 30d"),
    ("stories: {tracking: ['*']}\n", "1:22", "'*' is no parameter", "my_*"),
    ("stories: {tracking: ['a=b']}\n", "1:22", "'a=b' is no parameter", "the name alone"),
    ("stories: {grain: corse}\n", "1:18", "'corse' is not known", "did you mean 'coarse'?"),
    ("site: {url: news.example.org}\n", "1:13", "begins with http", "'https://news.example.org'?"),
    ("site: {url: 'https://a.example/?x=1'}\n", "1:13", "ends with its path", "leave out"),
    ("site: {contact: nobody}\n", "1:17", "'nobody' is no contact", "mail address"),
    ("site: {proxies: [nginx]}\n", "1:18", "neither an address nor", "127.0.0.1"),
    ("site: {proxies: [10.0.0.1/8]}\n", "1:18", "neither an address nor", "10.0.0.0/8"),
    ("site: {title: ' '}\n", "1:15", "this is empty", "leave the key out"),
    ('site: {title: "a\\nb"}\n', "1:15", "must be one line", ""),
    ("store: mysql://h/d\n", "1:8", "cannot be mysql://", "postgresql://"),
    ("store: ~/news.db\n", "1:8", "'~' is not read", "whole path"),
    # feeds
    ("feeds: [example.org/rss]\n", "1:9", "begins with http", "'https://example.org/rss'?"),
    ("feeds: ['ftp://a.example/']\n", "1:9", "begins with http", ""),
    ("feeds: ['https:///x']\n", "1:9", "has no host", "https://example.org"),
    ("feeds: ['https://a.example:x/']\n", "1:9", "no address", "host and port"),
    ("feeds: ['https://[::1/']\n", "1:9", "no address", "host and port"),
    ("feeds: ['https://a.example/a b']\n", "1:9", "no address", "https://example.org"),
    ("feeds: ['https://me:pw@a.example/']\n", "1:9", "a login does not stand", "auth: {basic"),
    (
        "feeds:\n- https://a.example/\n- url: https://a.example/\n",
        "3:8",
        "this feed stands",
        "line 2",
    ),
    (
        "feeds:\n- {url: 'https://a.example/', name: a}\n- {url: 'https://b.example/', name: a}\n",
        "3:37",
        "a feed of this name",
        "first in line 2",
    ),
    (FEED.format("name: A Wire"), "2:39", "a feed's name is", "write a-wire"),
    (FEED.format("name: 12"), "2:39", "a feed's number", "add a letter"),
    (FEED.format("tags: [x, '…']"), "2:43", "no letter or digit", ""),
    (FEED.format("every: 5m"), "2:40", "every 5m is impolite", "write 15m or longer"),
    (FEED.format("every: 0s"), "2:40", "0s is out of bounds", "from 1s"),
    ("defaults: {every: 1m}\nfeeds: ['https://a.example/']\n", "1:19", "impolite", "net.allow"),
    (FEED.format("auth: {basic: hunter2}"), "2:47", "a secret does not stand", "env:NAME"),
    (FEED.format("auth: {basic: 'env:'}"), "2:47", "a secret does not stand", "env:NAME"),
    (FEED.format("auth: {}"), "2:39", "either basic or bearer", "auth: {basic"),
    (FEED.format("scrape: {title: h1}"), "2:41", "'items' is missing", "items:"),
    # tags and series
    ("tags: {a: x}\n", "1:11", "must be a list", "write [x]"),
    ("tags: {a: []}\n", "1:11", "this list is empty", "at least one"),
    ("tags: {a: ['--']}\n", "1:12", "no letter or digit", ""),
    ("tags: {'…': [x]}\n", "1:8", "no letter or digit", ""),
    (
        "tags:\n  Global Lane: [x]\n  global-lane: [y]\n",
        "3:3",
        "this tag stands",
        "first in line 2",
    ),
    ("series: [{name: L, any: []}]\n", "1:25", "this list is empty", "at least one"),
    ("series: [{name: L, any: [{titel: x}]}]\n", "1:27", "unknown key 'titel'", "'title'?"),
    ("series: [{name: L, any: [{title: x, url: y}]}]\n", "1:26", "one field", "a line of its own"),
    ("series: [{name: L, any: [{title: '(x'}]}]\n", "1:34", "pattern cannot be used", "RE2"),
    ("series: [{name: L, any: [{title: '(?=x)'}]}]\n", "1:34", "pattern cannot be used", "RE2"),
    (
        "feeds: [{url: 'https://a.example/', name: wire}]\n"
        "series: [{name: L, from: [wir], any: [{title: x}]}]\n",
        "2:27",
        "no feed called 'wir'",
        "did you mean 'wire'?",
    ),
    (
        "series:\n- {name: L, any: [{title: x}]}\n- {name: 'l ', any: [{title: x}]}\n",
        "3:10",
        "a series of this name",
        "first in line 2",
    ),
    # topics
    (
        "topics: [{slug: Global Lane, title: a, match: b}]\n",
        "1:17",
        "a slug is",
        "write global-lane",
    ),
    ("topics: [{slug: -rf, title: a, match: b}]\n", "1:17", "a slug is", "write rf"),
    ("topics: [{slug: '…', title: a, match: b}]\n", "1:17", "a slug is", "a-z"),
    ("topics: [{slug: desk, title: a, match: b}]\n", "1:17", "our own addresses", "another slug"),
    (
        "topics:\n- {slug: a, title: a, match: b}\n- {slug: a, title: a, match: b}\n",
        "3:10",
        "a topic of this slug",
        "first in line 2",
    ),
    (TOPIC.format("match: x\n    mode: atuo"), "5:11", "'atuo' is not known", "'auto'?"),
    (TOPIC.format("match: x\n    tell: all"), "5:11", "'all' is not known", "copies or stories"),
    (TOPIC.format("match: x\n    lang: english"), "5:11", "no language", "en or pt-BR"),
    (TOPIC.format("match: x\n    publish: {per_source: 5}"), "5:27", "'5' is no rate", "as 5/day"),
    (TOPIC.format("match: x\n    publish: {content: al}"), "5:24", "'al' is not known", "full"),
    (
        TOPIC.format("match: x\n    publish: {sources: {wire: 15}}"),
        "5:31",
        "'15' has no unit",
        "write 15m for minutes, 15s for seconds",
    ),
    (
        RULE.format("match: x\n    publish: {sources: {wir: auto}}"),
        "7:25",
        "no feed called 'wir'",
        "did you mean 'wire'?",
    ),
    (
        TOPIC.format("match: x\n    former: [y, x]"),
        "5:17",
        "a topic of this slug",
        "first in line 2",
    ),
    (
        TOPIC.format("match: x\n    publish: {delay: 10}"),
        "5:22",
        "'10' has no unit",
        "write 10m for minutes, 10s for seconds",
    ),
    (TOPIC.format("match: x\n    expect: {in: [x]}"), "5:19", "begins with http", ""),
    (TOPIC.format("match: a AND AND b"), "4:18", 'but found "AND"', "quote it"),
    (TOPIC.format("match: 'a ''b'' AND AND'"), "4:25", 'but found "AND"', "quote it"),
    (TOPIC.format('match: "a \\u0041 \\"b\\" OR"'), "4:30", "but found the end", ""),
    (TOPIC.format("match: |\n      a AND AND\n"), "4:12", "but found", ""),
    (
        TOPIC.format("match: tittle:x"),
        "4:12",
        "no field called 'tittle:'",
        "did you mean 'title:'?",
    ),
    (TOPIC.format("match: age<3d"), "4:", "age", "after:"),
    (RULE.format("match: x OR feed:wir"), "6:22", "no feed called 'wir'", "did you mean 'wire'?"),
    (RULE.format("match: series:lame"), "6:19", "no series called 'lame'", "did you mean 'Lane'?"),
]


@pytest.mark.parametrize(("text", "place", "problem", "hint"), SPECIMENS)
def test_a_mistake_is_told_where_it_is_and_with_what_to_do(
    text: str, place: str, problem: str, hint: str
) -> None:
    (told,) = problems_of(text)
    assert f"{told.line}:{told.column}".startswith(place)
    assert problem in told.problem
    assert hint in told.hint


def test_every_mistake_is_told_at_once_in_the_order_of_the_file() -> None:
    told = problems_of(
        "version: 1\n"
        "defaults: {every: 3600}\n"
        "feeds:\n"
        "  - {url: 'https://a.example/', name: wire, evry: 1h}\n"
        "  - url: 'https://a.example/'\n"
        "    trust: high\n"
        "topics:\n"
        "  - slug: api\n"
        "    title:\n"
        "    match: feed:wir AND (x\n"
        "  - slug: y\n"
        "    title: &y Y\n"
        "    match: feed:wir\n"
        "topcs: []\n"
    )
    assert [(one.line, one.problem) for one in told] == [
        (2, "'3600' has no unit"),
        (4, "unknown key 'evry'"),
        (5, "this feed stands here twice"),
        (6, "'high' is no number from 0 to 1"),
        (8, "'api' is a word of our own addresses"),
        (9, "'title' has no value"),
        (10, 'expected ")" but found the end'),
        (12, "anchors like &y are not read"),
        (13, "no feed called 'wir'"),
        (14, "unknown key 'topcs'"),
    ]


def test_a_problem_shows_its_line_a_caret_and_the_hint() -> None:
    (told,) = problems_of("version: 1\nsite:\n  tilte: x\n")
    assert str(told) == (
        "/srv/news/feeds.yaml:3:3: unknown key 'tilte'\n"
        "      tilte: x\n"
        "      ^ did you mean 'title'?"
    )


def test_the_caret_stands_under_wide_letters_and_in_long_lines() -> None:
    (wide,) = problems_of("site: {title: 新聞, tilte: x}\n")
    line, caret = str(wide).splitlines()[1:3]
    assert line.index("tilte") + 2 == caret.index("^")  # two letters of double width
    (long,) = problems_of("site: {title: " + "x" * 500 + ", tilte: x}\n")
    line, caret = str(long).splitlines()[1:3]
    assert line[caret.index("^") :].startswith("tilte")
    assert len(line) < 120


def test_a_slip_in_a_feed_does_not_make_up_a_slip_elsewhere() -> None:
    told = problems_of(
        "feeds: [{url: nowhere, name: wire}]\n"
        "series: [{name: L, from: [wire], any: [{title: x}]}]\n"
        "topics: [{slug: x, title: X, match: feed:wire}]\n"
    )
    assert [one.line for one in told] == [1]


@pytest.mark.parametrize(
    "text",
    [
        FEED.format("auth: {basic: hunter2}"),
        FEED.format("evry: 1h, auth: {bearer: hunter2}"),
        FEED.format("evry: 1h, password: hunter2"),
        FEED.format("auth: hunter2"),
        "feeds: ['https://me:hunter2@a.example/']\n",
        "feeds: [{url: 'https://me:hunter2@a.example/', evry: x}]\n",
        "feeds: ['me:hunter2@a.example/']\n",
        "store: postgresql://me:hunter2@db/news\ntopcs: []\nsite: {url: x}\n",
        "store: mysql://me:hunter2@db/news\n",
    ],
)
def test_a_secret_in_the_file_is_not_told_on(text: str) -> None:
    assert "hunter2" not in "\n".join(str(one) for one in problems_of(text))


def test_what_a_terminal_would_obey_is_not_passed_on() -> None:
    said = str(problems_of("'\u202eevil': 1\n")[0])
    assert "\u202e" not in said


def test_a_flood_of_mistakes_is_told_in_part_and_counted() -> None:
    told = problems_of("".join(f"k{n}: 1\n" for n in range(500)))
    assert len(told) == 101
    assert str(told[-1]) == "/srv/news/feeds.yaml: and 400 more"
