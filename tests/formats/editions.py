"""Editions to write: an ordinary one, and any that hostile publishers can bring about."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from aggregator.core.edition import compose
from aggregator.core.homes import homes_of
from aggregator.core.ids import choose_uri
from aggregator.model.entry import Enclosure, Tag, Text
from aggregator.model.feed import Feed, Rights
from aggregator.model.publication import Edition, Showing
from aggregator.model.settings import Site
from aggregator.model.topic import Topic
from tests.makers import (
    NOON,
    a_feed,
    a_feed_spec,
    a_showing,
    a_source,
    a_text,
    a_topic,
    a_topic_spec,
    a_verdict,
    an_entry,
    an_item,
)

SITE = Site(title="Lane Desk", url="https://news.example.org", contact="desk@example.org")
AUTHORITY, YEAR = "news.example.org", 2026
BASE = "https://news.example.org"


def composed(*showings: Showing, topic: Topic | None = None, site: Site = SITE) -> Edition:
    return compose(topic or a_topic(), showings, site, authority=AUTHORITY, year=YEAR, base=BASE)


def a_full_feed() -> Feed:
    spec = a_feed_spec(url="https://daily.example/rss", name="daily", rights=Rights.FULL)
    return a_feed(id=2, spec=spec, title="Daily & Sons", site_url="https://www.daily.example/")


def ordinary_edition() -> Edition:
    """Give one edition with all that an ordinary one holds: two feeds, a note, a podcast."""
    wire, daily = a_feed(), a_full_feed()
    told_twice = a_showing(
        item=an_item(id=1, first_published_at=NOON),
        sources=(
            a_source(feed=wire),
            a_source(
                entry=an_entry(
                    id=2, feed_id=2, text=a_text(url="https://daily.example/grain?a=1&b")
                ),
                feed=daily,
                because="same address as entry 1",
            ),
        ),
        verdict=a_verdict(note="The port is Odesa's.", title="Grain corridor open again"),
    )
    text = a_text(
        url="https://daily.example/köln",
        title="Zug „Köln“ & Bonn",
        summary="Ein Zug.",
        content='<p>Ein <b>Zug</b>, <a href="/mehr">mehr</a>.</p>',
        author="Åsa Öst",
        lang="de",
        published_at=NOON - 7200,
        categories=("Bahn",),
        enclosures=(Enclosure(url="https://daily.example/zug.mp3", length=1234),),
        image="https://daily.example/zug.jpg",
        source_title="Agentur",
        source_url="https://agentur.example/",
        licence="https://creativecommons.org/licenses/by/4.0/",
    )
    whole = a_showing(
        item=an_item(
            id=2, article_id=2, uri="https://daily.example/k", first_published_at=NOON + 60
        ),
        sources=(
            a_source(
                entry=an_entry(
                    id=3,
                    feed_id=2,
                    article_id=2,
                    text=text,
                    tags=(Tag(name="rail", source="vocabulary", because="title says Zug"),),
                ),
                feed=daily,
            ),
        ),
        verdict=a_verdict(article_id=2),
    )
    return composed(
        replace(told_twice, story_public_id="0123456789abcdef"),
        replace(whole, story_public_id="fedcba9876543210"),
        topic=a_topic(spec=a_topic_spec(lang="en")),
    )


SNIPPETS = (
    "\x00\x01\x1b[31m",
    "\ud800",
    "\udfff\ud83d",
    "\ufffe\uffff\U0001ffff",
    "\x85\x9f\x7f",
    "\u202eevil\u202c\u2066x\u2069",
    "\u2028\u2029\r\n\t",
    "<b>bold</b>",
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "<svg/onload=alert(1)>",
    "&lt;script&gt;",
    "&amp;amp;lt;b&gt;",
    "&#x202e;&#0;&#12345678901;",
    "]]>",
    "<![CDATA[x]]>",
    "<!-- [if IE] -->",
    "javascript:alert(1)",
    " onclick = x",
    '"><p onmouseover=x>',
    "<a<a<b>",
    "<p>a paragraph</p>",
    "\u200b\u2060\ufeff",
    "e\u0301" + "\u0301" * 40,
    "東京都で",
    "",
    "   ",
)

texts = st.lists(
    st.one_of(
        st.sampled_from(SNIPPETS),
        st.text(st.characters(codec=None, categories=None), max_size=12),
        st.text(st.sampled_from("<>&;/\"'= aonb#x!-"), max_size=20),
    ),
    max_size=5,
).map("".join)

urls = st.one_of(
    st.none(),
    texts,
    st.sampled_from(
        (
            "https://wire.example/a b?x=<>&y=[1]#é",
            "https://bücher.example/ü",
            "http://[::1]/x",
            "http://[::1",
            "//wire.example/x",
            "/relative",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://user:secret@wire.example/",
            "https:\\\\wire.example\\x",
            "http://wire.example:99999/",
            "https://wire.example/" + "a" * 5000,
            "https://wire.example/javascript:x/ onclick=1",
        )
    ),
    texts.map("https://wire.example/{}".format),
    texts.map("https://wire.example/?q={}".format),
)

dates = st.one_of(
    st.none(),
    st.integers(min_value=-(2**62), max_value=2**62),
    st.integers(min_value=0, max_value=NOON),
)

enclosures = st.builds(
    lambda url, type, length: Enclosure(url=url or "", type=type, length=length),
    urls,
    st.one_of(st.none(), texts, st.sampled_from(("audio/mpeg", "mp3", "text/html; charset=x"))),
    st.one_of(st.none(), st.integers(min_value=-5, max_value=2**40)),
)

told = st.builds(
    Text,
    url=urls,
    title=texts,
    summary=texts,
    content=texts,
    author=st.none() | texts,
    lang=st.none() | texts | st.sampled_from(("en", "de_DE", "zh-Hant-TW", "x")),
    published_at=dates,
    updated_at=dates,
    categories=st.lists(texts, max_size=2).map(tuple),
    enclosures=st.lists(enclosures, max_size=3).map(tuple),
    image=urls,
    source_title=st.none() | texts,
    source_url=urls,
    licence=st.none() | texts | st.just("https://licence.example/"),
)


@st.composite
def feeds(draw: st.DrawFn, id: int = 1) -> Feed:
    spec = a_feed_spec(
        url=draw(urls) or "https://wire.example/feed.xml",
        name=draw(texts),
        rights=draw(st.sampled_from(Rights)),
    )
    return a_feed(
        id=id, spec=spec, title=draw(st.none() | texts), site_url=draw(urls), lang=draw(texts)
    )


@st.composite
def showings(draw: st.DrawFn, id: int = 1) -> Showing:
    """Give a showing whose publishers and editors may have written anything."""
    sources = []
    for number in range(draw(st.integers(min_value=1, max_value=3))):
        entry = an_entry(
            id=10 * id + number,
            feed_id=number,
            article_id=id,
            text=draw(told),
            tags=tuple(
                Tag(name=name, source="category", because="")
                for name in draw(st.lists(texts, max_size=2))
            ),
        )
        sources.append(a_source(entry=entry, feed=draw(feeds(number))))
    uri = choose_uri(
        draw(texts | st.just("https://wire.example/grain")),
        sources[0].feed,
        homes=homes_of(sources[0].feed, site_is_anothers=False),
        key=id,
        authority=AUTHORITY,
        year=YEAR,
    )
    showing = a_showing(
        item=an_item(id=id, article_id=id, uri=uri, first_published_at=NOON + id),
        sources=tuple(sources),
        verdict=a_verdict(
            article_id=id,
            title=draw(st.none() | texts),
            summary=draw(st.none() | texts),
            note=draw(st.none() | texts),
        ),
    )
    return replace(showing, story_public_id=f"{id:016x}")


@st.composite
def editions(draw: st.DrawFn) -> Edition:
    """Give the edition of one to three such showings in a topic with such words."""
    many = [draw(showings(id)) for id in range(1, draw(st.integers(1, 3)) + 1)]
    many = list({each.item.uri: each for each in many}.values())  # the store keeps ids apart
    topic = a_topic(
        spec=a_topic_spec(title=draw(texts), about=draw(texts), lang=draw(st.none() | texts))
    )
    site = Site(title=draw(texts), url=BASE, contact=draw(st.none() | texts | st.just("a@b.de")))
    return composed(*many, topic=topic, site=site)
