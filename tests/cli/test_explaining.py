"""What entries, stories and explain tell a program: the keys of DESIGN §6, and what is beside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import Aggregator

BOND = (
    "The ministry of finance of {who} placed bonds worth {size} million euros with a term of ten "
    "years today; the coupon is {coupon} percent, the books were covered several times, and the "
    "banks that led the placement were the same as in spring. Settlement is on Thursday. The "
    "issuer plans no further placement of this kind before the end of the year, it said."
)
AUSTRIA = ("Austria places bonds", BOND.format(who="Austria", size=500, coupon="2.75"))
LATVIA = ("Latvia places bonds", BOND.format(who="Latvia", size=725, coupon="3.5"))
YAML = """version: 1
site: {{title: Test desk, url: https://news.example.org}}
store: desk.db
net: {{spacing: 0s, allow: [127.0.0.0/8, "::1/128"]}}
feeds: [{{url: {wire}, name: wire}}, {{url: {post}, name: post}}]
tags: {{bonds: [bonds]}}
topics: [{{slug: money, title: Money, mode: auto, match: 'tag:bonds NOT title:austria'}}]
"""


def rss(title: str, text: str) -> str:
    return f"""<?xml version="1.0"?><rss version="2.0"><channel><title>Outlet</title>
<link>https://outlet.example/</link><description>News</description><item><title>{title}</title>
<link>https://outlet.example/{title.split()[0]}</link><description>{text}</description></item>
</channel></rss>"""


@pytest.fixture
def bonds(aggregator: Aggregator, desk: Path, origin: HTTPServer) -> Aggregator:
    for path, (title, text) in (("/a.rss", AUSTRIA), ("/b.rss", LATVIA)):
        origin.expect_request(path).respond_with_data(
            rss(title, text), content_type="application/rss+xml"
        )
    desk.write_text(YAML.format(wire=origin.url_for("/a.rss"), post=origin.url_for("/b.rss")))
    for name in ("wire", "post"):
        assert aggregator("poll", name).code == 0
    assert aggregator("publish").code == 0
    return aggregator


Told = Callable[..., dict[str, object]]


@pytest.fixture
def told(bonds: Aggregator) -> Told:
    def tell(*words: str) -> dict[str, object]:
        said = bonds("--json", *words)
        assert said.code == 0, said.err
        found = json.loads(said.out)
        assert isinstance(found, dict)
        return found

    return tell


def test_an_entry_names_its_story_and_what_is_like_it(bonds: Aggregator, told: Told) -> None:
    stories = {each["title"]: each for each in json.loads(bonds("--json", "stories", "list").out)}
    (found,) = json.loads(bonds("--json", "entries", "search", "latvia").out)
    entry = told("entries", "show", str(found["id"]))
    assert entry["story"] in {each["id"] for each in stories.values()}
    related = entry["related"]
    assert isinstance(related, list) and len(related) == 1
    assert set(related[0]) == {"entry", "other", "feed", "title", "url", "likeness", "because"}
    assert (related[0]["entry"], related[0]["title"]) == (found["id"], "Austria places bonds")
    assert 0.5 <= related[0]["likeness"] <= 1
    assert "but other figures" in related[0]["because"]


def test_a_story_has_all_sources_and_what_is_like_them(bonds: Aggregator, told: Told) -> None:
    first, *_ = json.loads(bonds("--json", "stories", "list").out)
    story = told("stories", "show", first["id"])
    keys = {"id", "lead", "title", "url", "published", "sources", "topics"}
    assert keys <= set(story)
    assert story["id"] == story["story"] == first["id"]
    sources = story["sources"]
    assert isinstance(sources, list)
    assert all(set(each) == {"feed", "entry", "url", "because"} for each in sources)
    told_elsewhere = {each["other"] for each in story["related"]}  # type: ignore[attr-defined]
    assert told_elsewhere.isdisjoint(each["entry"] for each in sources)
    said = bonds("entries", "show", "2").out
    assert "% of its text, but other figures" in said


def test_explain_tells_every_branch_and_the_words_of_a_tag(told: Told, bonds: Aggregator) -> None:
    (found,) = json.loads(bonds("--json", "entries", "search", "austria").out)
    answer = told("explain", str(found["id"]), "money")
    assert answer["in"] is False
    steps = answer["steps"]
    assert isinstance(steps, list)
    assert all({"step", "result", "because"} <= set(each) for each in steps)
    branches = [(each["text"], each["result"]) for each in steps if each["step"] == "branch"]
    assert branches == [("tag:bonds", "yes"), ("NOT title:austria", "no")]
    (tag,) = (each for each in steps if each["step"] == "tag")
    assert "[bonds]" in tag["text"]
    assert [each["step"] for each in steps][-1] == "edition"
    head, *lines = bonds("explain", str(found["id"]), "money").out.splitlines()
    assert head.split("\t") == ["step", "result", "because", "text"]
    assert len(lines) == len(steps)
