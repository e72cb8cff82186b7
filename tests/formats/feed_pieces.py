"""Feeds put together from pieces of every kind, for holding the two readers equal."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

from aggregator.formats.fast_names import HANDLED

URIS = {
    "a": "http://www.w3.org/2005/Atom",
    "a3": "http://purl.org/atom/ns#",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "georss": "http://www.georss.org/georss",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "h": "http://www.w3.org/1999/xhtml",
    "fh": "http://purl.org/syndication/history/1.0",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "x": "urn:strange",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
}

WORDS = (
    "", " ", "Plain words", " blanks around\n", "a & b", "AT&amp;T", "<b>bold</b>", "1 < 2 > 0",
    "&lt;p&gt;twice&lt;/p&gt;", "x &copy; y", "café", "naïve «Â» Ã©", "Ã©tÃ©",
    "\x85\x96 \x93odd\x94", "Москва", "東京", "\u00a0", "https://harbour.example/1",
    "/relative?a=1&b=2", "a/b;c",
    "tag:harbour.example,2026:1", "http:////harbour.example//x", "HTTP://Harbour.Example",
    "urn:uuid:1", "news@harbour.example (Ann Berg)", "Ann Berg <ann@harbour.example>",
    "ann@harbour.example", "one, two ,, three", "24", "60", "daily", "en_GB", "Tuesday",
    "]]>", "</br>", "<br/>", "a\r\nb\tc", "true", "x" * 300,
)  # fmt: skip
DATES = (
    "Sun, 22 Nov 2026 10:00:00 +0000", "Sun, 22 Nov 2026 10:00:00 GMT", "22 Nov 2026 10:00:00 EST",
    "Sunday, 2 November 2026 1:00:00 PDT", "Sun, 22 Nov 26 10:00 +0530", "2026-11-22",
    "2026-11-22T10:00:00Z", "2026-11-22T10:00:00.123-05:30", "2026-11-22T10:00Z",
    "2026-11-22 10:00:00", "2026-11-22T10:00:00+0530", "2026-02-30T10:00:00Z", "20261122",
    "Sun, 30 Feb 2026 10:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 +0000", "2026-11-22T24:00:00Z",
    "2026-11-22T10:00:60Z", "Sun, 22 Nov 2026 25:00:00 GMT", "Sun, 22 Nov 2026 10:00:00 +05:30",
    "Fri, 2006/09/15 08:19:53 EDT", "yesterday", "", "Thu Jan  1 00:00:00 2004",
    "9999-12-31T23:59:59Z",
)  # fmt: skip
ATTRIBUTES = {
    "type": ("text", "html", "xhtml", "text/html", "text/plain", "image/png", "TEXT", ""),
    "rel": ("alternate", "self", "hub", "enclosure", "license", "prev-archive", "via", "SELF"),
    "href": WORDS[17:24], "url": WORDS[17:24], "uri": WORDS[17:20], "src": WORDS[17:20],
    "xml:lang": ("en", "de_DE", ""), "lang": ("fr",), "xml:base": WORDS[17:19], "base": ("/b/",),
    "term": ("one", "", "https://scheme.example/x"), "scheme": ("s",), "label": ("Label", ""),
    "domain": ("d",), "isPermaLink": ("true", "false", "TRUE"), "length": ("10", "x", ""),
    "mode": ("escaped", "xml", "base64"), "medium": ("image", "video"), "text": ("Podcasts",),
    "rdf:resource": WORDS[17:18], "rdf:about": WORDS[17:21], "x:href": WORDS[17:18],
    "x:type": ("html",), "ref": ("gone-1",), "title": ("t",), "version": ("2.0", "0.91", "0.3"),
}  # fmt: skip
LOCALS = sorted(
    {
        *(name for name in HANDLED if "_" not in name),
        "pubDate", "lastBuildDate", "managingEditor", "webMaster", "skipHours", "skipDays", "hour",
        "day", "ttl", "icon", "logo", "comments", "docs", "items", "rating", "unknown", "date",
        "authors", "published_parsed", "title_detail", "p", "div", "br",
    }
)  # fmt: skip
PREFIXED = sorted(
    {
        f"{prefix}:{name.partition('_')[2]}"
        for name in HANDLED
        if (prefix := name.partition("_")[0]) in URIS
    }
    | {
        "a:title", "a:link", "a:id", "a:author", "a:updated", "a:content", "x:title", "x:link",
        "x:other", "slash:comments", "h:div", "h:body", "sy:updatePeriod", "sy:updateFrequency",
        "fh:complete", "at:deleted-entry", "creativeCommons:license", "media:text", "media:caption",
        "x:detail", "media:group", "media:content", "media:thumbnail", "media:title",
        "media:description",
    }
)  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    """Return texts as they stand in XML: escaped, in a section, or with references."""
    plain = st.one_of(st.sampled_from(WORDS), st.sampled_from(DATES))
    told = plain.map(lambda text: escape(text))
    section = plain.map(lambda text: f"<![CDATA[{text.replace(']]>', ']]&gt;')}]]>")
    reference = st.sampled_from(
        ["&#160;", "&#x96;", "&#195;&#169;", "&amp;", "Ã<!-- -->©", "&#8217;"]
    )
    pieces = st.lists(st.one_of(told, told, section, reference), min_size=0, max_size=3)
    return st.one_of(told, pieces.map("".join))


def attributes() -> st.SearchStrategy[str]:
    """Return some attributes."""
    one = st.sampled_from(sorted(ATTRIBUTES)).flatmap(
        lambda name: st.sampled_from(ATTRIBUTES[name]).map(lambda value: (name, value))
    )
    few = st.lists(one, max_size=3, unique_by=lambda pair: pair[0])
    return few.map(lambda pairs: "".join(f" {key}={quoteattr(value)}" for key, value in pairs))


def elements(depth: int = 2) -> st.SearchStrategy[str]:
    """Return elements of every kind, with others inside."""
    name = st.one_of(st.sampled_from(LOCALS), st.sampled_from(PREFIXED))
    inside = texts()
    if depth:
        people = st.lists(
            st.tuples(st.sampled_from(["name", "email", "uri", "a:name"]), texts()), max_size=3
        ).map(lambda parts: "".join(f"<{key}>{text}</{key}>" for key, text in parts))
        below = st.lists(elements(depth - 1), max_size=2).map("".join)
        inside = st.one_of(inside, inside, inside, inside, people, below)
    return st.builds(
        lambda key, told, text: f"<{key}{told}>{text}</{key}>",
        name,
        st.one_of(st.just(""), attributes()),
        inside,
    )


USUAL = [
    "title", "link", "guid", "description", "pubDate", "category", "author", "content:encoded",
    "dc:creator", "dc:date", "media:content", "media:thumbnail", "media:title",
    "media:description", "itunes:summary", "itunes:image", "itunes:author", "dc:subject", "id",
    "updated", "published", "summary", "content", "rights",
]  # fmt: skip
OF_ENTRIES = [*USUAL, "enclosure", "source"]
OF_FEEDS = [*USUAL, "language", "ttl", "icon", "lastBuildDate", "sy:updatePeriod", "image"]


def usual_elements(names: list[str]) -> st.SearchStrategy[str]:
    """Return elements as most feeds have them."""
    return st.builds(
        lambda key, told, text: f"<{key}{told}>{text}</{key}>",
        st.sampled_from(names),
        st.one_of(st.just(""), st.just(""), attributes()),
        texts(),
    )


def parents() -> st.SearchStrategy[str]:
    """Return elements with the parts that they have in real feeds."""
    return st.sampled_from(sorted(PARENTS)).flatmap(
        lambda key: st.builds(
            lambda told, parts, blank: f"<{key}{told}>{blank}{''.join(parts)}{blank}</{key}>",
            st.one_of(st.just(""), st.just(""), attributes()),
            st.lists(usual_elements(PARENTS[key].split()), max_size=4),
            st.sampled_from(["", "\n  "]),
        )
    )


PARENTS = {
    "author": "name email uri name x:image",
    "a:author": "a:name a:email a:uri",
    "contributor": "name uri email",
    "source": "title id link updated author rights category icon",
    "media:group": "media:content media:thumbnail media:title media:description media:credit",
    "media:content": "media:thumbnail media:title media:description media:category",
    "image": "url title link description width",
    "itunes:owner": "itunes:name itunes:email",
    "itunes:category": "itunes:category",
    "skipHours": "hour",
    "skipDays": "day",
    "x:tree": "x:leaf slash:section x:title",
    "textInput": "title description name link",
    "at:deleted-entry": "at:by name",
}


def in_xhtml() -> st.SearchStrategy[str]:
    """Return texts that are declared to be XHTML."""
    told = st.one_of(
        st.just(""), st.sampled_from([' class="a&amp;b"', ' HREF="x&quot;y" rel="NOFOLLOW"'])
    )
    inner = st.recursive(
        texts(),
        lambda below: st.builds(
            lambda key, own, parts: f"<h:{key}{own}>{''.join(parts)}</h:{key}>",
            st.sampled_from(["p", "b", "br", "div", "IMG", "title"]),
            told,
            st.lists(below, max_size=3),
        ),
        max_leaves=6,
    )
    return st.builds(
        lambda key, own, around, text: f'<{key} type="xhtml"{own}>{around.format(text)}</{key}>',
        st.sampled_from(["content", "summary", "title", "rights"]),
        st.sampled_from(["", ' xml:lang="fr"', ' xml:base="/c/"']),
        st.sampled_from(
            ["{}", "\n<h:div>{}</h:div> ", '<h:div class="x">{}</h:div>', "a<h:div>{}</h:div>"]
        ),
        inner.map(lambda text: text.replace("{", "(").replace("}", ")")),
    )


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Return whole documents, well-formed; not all of them are feeds."""
    odd = draw(st.booleans())
    of_entry = [usual_elements(OF_ENTRIES), usual_elements(OF_ENTRIES), parents(), in_xhtml()]
    of_feed = [usual_elements(OF_FEEDS), usual_elements(OF_FEEDS), parents()]
    part = st.one_of(*of_entry, *([elements()] if odd else []))
    own_part = st.one_of(*of_feed, *([elements()] if odd else []))
    entries = ["".join(draw(st.lists(part, max_size=7))) for _ in range(draw(st.integers(0, 3)))]
    before = "".join(draw(st.lists(own_part, max_size=4)))
    after = "".join(draw(st.lists(own_part, max_size=1)))
    told = draw(st.one_of(st.just(""), attributes()))
    own = draw(st.one_of(st.just(""), attributes()))
    declared = "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in URIS.items())
    extra = draw(st.sampled_from(EXTRA))
    kind = draw(st.sampled_from(["rss", "rss", "atom", "atom", "atom03", "rdf"]))
    if kind == "rss":
        items = "".join(f"<item{own}>{entry}</item>" for entry in entries)
        text = f"<rss{declared}{extra}{told}><channel>{before}{items}{after}</channel></rss>"
    elif kind == "rdf":
        items = "".join(f"<item{own}>{entry}</item>" for entry in entries)
        text = (
            f'<rdf:RDF xmlns="http://purl.org/rss/1.0/"{declared}{extra}><channel{told}>{before}'
            f"</channel>{items}</rdf:RDF>"
        )
    else:
        uri = URIS["a" if kind == "atom" else "a3"]
        items = "".join(f"<entry{own}>{entry}</entry>" for entry in entries)
        text = f'<feed xmlns="{uri}"{declared}{extra}{told}>{before}{items}{after}</feed>'
    head = draw(st.sampled_from(HEADS))
    return (head + text).encode()


EXTRA = (
    "", "", "", "", ' xmlns:y="urn:strange"', ' xmlns:title="urn:other"',
    ' xmlns:dc2="http://purl.org/dc/terms/"', ' xmlns:xlink="http://www.w3.org/1999/xlink"',
    ' xmlns:itunes2="urn:x-itunes"',
)  # fmt: skip
HEADS = (
    "", "", "", "", "", "<?xml version='1.0' encoding='UTF-8'?>",
    "<?xml version='1.0'?>\n<!-- <rss> -->", "<!DOCTYPE rss>",
    '<!DOCTYPE rss PUBLIC "-//Netscape Communications//DTD RSS 0.91//EN" "x.dtd">\n',
    "<?xml version='1.0'?>\n<!DOCTYPE rss [\n<!ENTITY x \"y\">\n]>\n", "\n\n", "\ufeff",
)  # fmt: skip
