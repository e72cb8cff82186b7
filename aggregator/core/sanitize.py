"""Publishers' markup: made safe to keep, made plain to read.

nh3 decides what is safe. What is done before it only bounds its work: it is quadratic in nesting
(40,000 open elements take 5 s), in attributes of one element, and in unclosed formatting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from functools import lru_cache
from html import escape, unescape
from urllib.parse import urlsplit

import nh3

from aggregator.core.text import clean_line, clean_text, is_printable

MAX_HTML = 1_000_000  # characters; longer content is kept as plain text
MAX_TAGS = 400  # with no more than these, nesting needs no care
MAX_DEPTH = 100  # elements open at once; what opens deeper is dropped, its text stays
MAX_TAG = 20_000  # characters of one tag; a longer one is dropped


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VOID = _names("br col hr img wbr")
_TAGS = _VOID | _names(
    """a abbr article aside b bdi bdo blockquote caption center cite code colgroup dd del details
    dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header i ins kbd li main mark ol p
    pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody td tfoot
    th thead time tr tt u ul var"""
)
# No attribute on b, i, em and their like: browsers, and nh3, copy an unclosed one into each
# paragraph that follows, so that a long attribute would come out thousands of times. No cite:
# nh3 does not make it absolute.
_ATTRIBUTES = {
    "a": {"href", "title", "hreflang"},
    "abbr": {"title"},
    "bdo": {"dir"},
    "blockquote": {"lang", "dir"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"datetime"},
    "div": {"lang", "dir"},
    "img": {"src", "alt", "title", "width", "height"},
    "ins": {"datetime"},
    "li": {"value"},
    "ol": {"start", "reversed", "type"},
    "p": {"lang", "dir"},
    "q": {"lang", "dir"},
    "span": {"lang", "dir"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_SCHEMES = {"http", "https", "mailto"}
# Elements whose inside is no text for people.
_UNREAD = (
    "script",
    "style",
    "iframe",
    "noembed",
    "noframes",
    "template",
    "svg",
    "object",
    "select",
)
_UNREAD_END = {name: re.compile(rf"</{name}\b[^>]*>?", re.I) for name in _UNREAD}
_BLOCKS = _names(
    """address article aside blockquote body br caption center dd details div dl dt figcaption
    figure footer form h1 h2 h3 h4 h5 h6 head header hr html li main nav ol option p pre section
    summary table tbody td textarea tfoot th thead title tr ul"""
)
_OTHERS = _names("base button embed font form input link meta video audio")  # known, never kept
# What a known tag leaves in text; unread elements are not among them.
_BREAK = {
    f"{slash}{name}": " " if name in _BLOCKS else ""
    for name in (_TAGS | _BLOCKS)
    for slash in ("", "/")
}
# What a start tag closes without saying so, and the elements in which it does.
_CLOSES: dict[str, tuple[Set[str], Set[str]]] = {
    "li": ({"li"}, {"ul", "ol"}),
    "dt": ({"dt", "dd"}, {"dl"}),
    "dd": ({"dt", "dd"}, {"dl"}),
    "tr": ({"tr"}, {"table"}),
    "td": ({"td", "th"}, {"table", "tr"}),
    "th": ({"td", "th"}, {"table", "tr"}),
    "p": ({"p"}, _BLOCKS - {"p"}),
}

_CELLS = {"td", "th", "caption"}
_TABLE = _CELLS | {"table", "tbody", "tfoot", "thead", "tr"}

_LEAD = re.compile(r"<(?:!--|[!?]|(/?)([a-zA-Z][^\s/>]*))")
# To the end of a tag; possessive, so that a tag that never ends is found out in one pass.
_TAIL = re.compile(r"""(?:[^>"'=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+|["'])*+>""")
_ATTRIBUTE = re.compile(
    r"""(?<=[\s/"'])([a-zA-Z]++)\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]++))"""
)
# A tag whose every attribute stands in double quotes; its name alone is captured.
_SIMPLE_TAG = re.compile(
    r"""<(/?+[a-zA-Z][a-zA-Z0-9]*+)(?:\s++[a-zA-Z-]++="[^"<>]*+")*\s*+/?+>""", re.ASCII
)
_IN_VALUE = str.maketrans({"<": "&lt;", ">": "&gt;", '"': "&quot;"})
_BLOB = re.compile(r"""(["'])data:image/[^"']{1000,}\1""")
_LONG_REFERENCE = re.compile(r"&#(?:[0-9]{8,}|[xX][0-9a-fA-F]{8,});?")
_BLANK_CONTROLS = re.compile("[\x0b\x0c\x1c-\x1f\x85]")
# Everything that may be unsafe, and little else: most texts hold none of it.
_PERHAPS_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufb50-\uffff\U0001fffe-\U0010ffff]"
)
_ABSOLUTE = tuple(
    f"{name}={quote}{scheme}://"
    for quote in "\"'"
    for scheme in ("https", "http")
    for name in ("href", "src")
)
# Markup that nh3 gives back as it came: paragraphs with breaks, emphasis and links to plain
# addresses in them, none inside another. It is known by one look, which is linear whatever comes.
# Only runs of single characters are possessive: Python before 3.11.5 misreads possessive groups
# that can fail half-way (gh-106052). Each turn of a loop begins with a character that ends the run
# before it, so that giving up stays linear.
_RUN = r"[^<>&\r\xa0]*+"
_SAID = rf"{_RUN}(?:&(?:amp|lt|gt);{_RUN})*"
_LINK = (
    r'a href="https?://(?:[a-z0-9]++(?:-[a-z0-9]++)*\.)+[a-z]{2,20}+'
    r'(?:[/?#][!#-%\'-;=?-\[\]-~]*+(?:&amp;[!#-%\'-;=?-\[\]-~]*+)*)?">'
)
_INLINE = (
    rf"{_SAID}(?:<(?:br>|{_LINK}{_SAID}</a>"
    + "".join(f"|{name}>{_SAID}</{name}>" for name in ("b", "i", "em", "strong"))
    + rf"){_SAID})*"
)
_STABLE = re.compile(rf"{_INLINE}(?:<p>{_INLINE}</p>{_INLINE})*")
_NO_SOURCE = re.compile(r"<img(?![^>]*\ssrc=)[^>]*>")
_SCRIPT_WORD = re.compile(r"(javascript\s*):", re.I)
_HANDLER_WORD = re.compile(r"(?<=[\s/\"'`])(on[a-z]+\s*)=", re.I)
_LIKE_A_HANDLER = re.compile(r"on[a-z]+\s*=")
_CLEAN_TAG = re.compile(r"<[a-z][^>]*[\s/\"'`]on[a-z]+\s*=[^>]*>", re.I)

_MARKUP = re.compile(
    rf"</?(?:{'|'.join(sorted({*_TAGS, *_UNREAD, *_BLOCKS, *_OTHERS}))})"
    r"(?:[\s/][^<>]*)?>|&(?:[a-zA-Z]{2,8}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});",
    re.I,
)
_TWICE = re.compile(r"</[a-zA-Z][a-zA-Z0-9]*\s*>|&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,5});")
_LIKE_A_TAG = re.compile(r"<(/?[a-zA-Z][^<>]*)>")
_LIKE_AN_ENTITY = re.compile(r"&([a-z]{2,8}|#\d+);")


def clean_html(html: str, base: str | None) -> str:
    """Return the markup as it may be stored and shown: nothing in it acts.

    Text, pictures, links, lists and tables stay; scripts, styles, forms, embeds and every
    attribute that is not on the list go. Relative addresses are resolved against `base`, or go
    when there is none. Markup too long to be checked comes back as plain paragraphs.

    >>> clean_html('<p onclick="x()">See <a href="/a">this</a><script>x()</script>', "https://e.example/")
    '<p>See <a href="https://e.example/a">this</a></p>'
    """
    html = _characters(_BLOB.sub('""', html) if "data:image/" in html else html)
    if len(html) > MAX_HTML:
        return text_to_html(_readable(html, MAX_HTML))
    if html.count("<") > MAX_TAGS:
        html = _flattened(html)
    elif _STABLE.fullmatch(html):
        return _unsuspicious(html).strip()
    if base and (_all_absolute(html) or not _is_base(base)):
        base = None
    cleaned = _cleaner(base).clean(html)
    # Once more: a character reference may have brought what was taken out before.
    if "&" in html:
        cleaned = _characters(cleaned)
    if "<img" in cleaned:
        cleaned = _NO_SOURCE.sub("", cleaned)
    return _unsuspicious(cleaned).strip()


def plain_text(html: str, limit: int) -> str:
    """Return what a person would read of the markup, on one line of at most `limit` characters.

    Markup that was escaped twice is undone twice. What still looks like a tag then is meant to be
    read: it comes in ‹guillemets›, because half of all readers take titles for markup.

    >>> plain_text("<h1>AT&amp;amp;T &lt;b&gt;buys&lt;/b&gt;</h1><p>1 < 2", 100)
    'AT&T buys 1 < 2'
    >>> plain_text("How the &lt;marquee&gt; died", 100)
    'How the ‹marquee› died'
    """
    if "<" not in html and "&" not in html and len(html) <= limit:
        return clean_line(html, limit)
    text = _simply_readable(html, limit)
    if text is None:
        text = _readable(html, limit)
    if "<" not in text and "&" not in text:
        return clean_line(text, limit)
    if _TWICE.search(text):
        text = _readable(text, limit)
    line = clean_line(_LIKE_A_TAG.sub(r"‹\1›", text), limit)
    return _LIKE_AN_ENTITY.sub(r"&\1", line)


def text_to_html(text: str) -> str:
    """Return plain text as paragraphs of HTML: an empty line parts them, a line break is one.

    >>> text_to_html("1 < 2\\nyes\\n\\nThen")
    '<p>1 &lt; 2<br>yes</p><p>Then</p>'
    """
    paragraphs = (part.strip() for part in clean_text(text).split("\n\n"))
    return "".join(
        f"<p>{escape(part, quote=False)}</p>".replace("\n", "<br>") for part in paragraphs if part
    )


def looks_like_html(text: str) -> bool:
    """Say whether a text that nobody declared holds markup or character references.

    >>> looks_like_html("a <br> b"), looks_like_html("AT&amp;T"), looks_like_html("1 < 2 > 0")
    (True, True, False)
    """
    return ("<" in text or "&" in text) and _MARKUP.search(text) is not None


def _all_absolute(html: str) -> bool:
    """Whether no address needs a base: most documents then share one cleaner."""
    low = html.lower()
    others = low.count("href") + low.count("src")
    for start in _ABSOLUTE:
        if not others:
            break
        others -= low.count(start)
    return not others


@lru_cache(maxsize=256)
def _cleaner(base: str | None) -> nh3.Cleaner:
    """Return the cleaner of one document's addresses: to make it takes as long as cleaning 3 kB."""
    return nh3.Cleaner(
        tags=set(_TAGS),
        attributes=_ATTRIBUTES,
        clean_content_tags=set(_UNREAD),
        url_schemes=_SCHEMES,
        url_relative=("rewrite_with_base", base) if base else "deny",
        link_rel=None,
    )


@lru_cache(maxsize=1024)
def _is_base(base: str) -> bool:
    try:
        parts = urlsplit(base)
        nh3.clean("", url_relative=("rewrite_with_base", base))
    except ValueError:
        return False
    return parts.scheme in {"http", "https"}


def _characters(html: str) -> str:
    """Return the markup without unsafe characters, its blanks as they are (for `pre`)."""
    if html.isascii() and is_printable(html.replace("\n", "")):
        return html
    if not _PERHAPS_UNSAFE.search(html):
        return html
    unsafe = {ord(character): None for character in set(html) if _is_unsafe(character)}
    return _BLANK_CONTROLS.sub(" ", html.translate(unsafe) if unsafe else html)


@lru_cache(maxsize=4096)
def _is_unsafe(character: str) -> bool:
    return clean_line(f"x{character}x") == "xx"


def _unsuspicious(html: str) -> str:
    """Write harmless words so that no careless reader or filter takes them for script."""
    folded = html.casefold()
    if "javascript" in folded:
        html = _SCRIPT_WORD.sub(r"\1&#58;", html)
    if "=" in folded and _LIKE_A_HANDLER.search(folded):
        html = _CLEAN_TAG.sub(lambda tag: _HANDLER_WORD.sub(r"\1&#61;", tag[0]), html)
    return html


def _readable(html: str, limit: int) -> str:
    """Return the text of markup with a line break at each block, at least `limit` of it."""
    pieces: list[str] = []
    size = 0
    for text, _, name in _pieces(html):
        pieces.append(text)
        size += len(text)
        if size > 10 * limit + 1000:  # references and blanks will shrink
            break
        if name in _BLOCKS:
            pieces.append("\n\n" if name == "p" else "\n")
    return clean_text(unescape(_LONG_REFERENCE.sub("", "".join(pieces))))


def _simply_readable(html: str, limit: int) -> str | None:
    """Return what `_readable` would, but for blanks, of markup made of plain, known tags only.

    Most markup is such, and is read four times as fast so. None: it needs the careful way.
    """
    if len(html) > limit:
        return None
    pieces = _SIMPLE_TAG.split(html)
    try:
        pieces[1::2] = map(_BREAK.__getitem__, pieces[1::2])
    except KeyError:
        return None
    text = "".join(pieces)
    if "<" in text:
        return None
    return clean_text(unescape(_LONG_REFERENCE.sub("", text))) if "&" in text else text


def _flattened(html: str) -> str:
    """Return the markup with balanced, allowed tags only, none deeper than `MAX_DEPTH`."""
    out: list[str] = []
    open_now: list[str] = []
    for text, tag, name in _pieces(html):
        out.append(text.replace("<", "&lt;"))
        if name not in _TAGS or len(tag) > MAX_TAG:
            continue
        if tag.startswith("</"):
            _close(out, open_now, {name}, set() if name in _TABLE else _CELLS)
            continue
        if name in _CLOSES:
            _close(out, open_now, *_CLOSES[name])
        if name in _VOID:
            out.append(_rewritten(tag, name))
        elif len(open_now) < MAX_DEPTH:
            open_now.append(name)
            out.append(_rewritten(tag, name))
    out.extend(f"</{name}>" for name in reversed(open_now))
    return "".join(out)


def _rewritten(tag: str, name: str) -> str:
    """Return a start tag as every tokenizer reads it, with the attributes that may stay."""
    kept = _ATTRIBUTES.get(name, set())
    found = _ATTRIBUTE.findall(tag) if kept else ()
    pairs = ((key.lower(), one or other or bare) for key, one, other, bare in found)
    written = (f' {key}="{value.translate(_IN_VALUE)}"' for key, value in pairs if key in kept)
    return f"<{name}{''.join(written)}>"


def _close(out: list[str], open_now: list[str], names: Set[str], within: Set[str]) -> None:
    """Close the innermost of these elements, and all inside it; look no further than `within`."""
    for place in range(len(open_now) - 1, -1, -1):
        if open_now[place] in names:
            out.extend(f"</{name}>" for name in reversed(open_now[place:]))
            del open_now[place:]
            return
        if open_now[place] in within:
            return


def _pieces(html: str) -> Iterator[tuple[str, str, str]]:
    """Yield (text, the tag after it, the tag's name in small letters), in linear time.

    Comments, declarations and what stands inside scripts and their like are left out; so is what
    follows one that never ends. A "<" that begins no tag is text.
    """
    at = kept = 0
    while lead := _LEAD.search(html, at):
        name = (lead[2] or "").lower()
        if lead[0] == "<!--":
            end = html.find("-->", lead.start() + 2) + 3
        elif not name:
            end = html.find(">", lead.end()) + 1
        else:
            tail = _TAIL.match(html, lead.end())
            if tail is None:  # nothing after this is a tag either
                break
            end = tail.end()
        yield html[kept : lead.start()], html[lead.start() : end] if name else "", name
        if name in _UNREAD_END and not lead[1] and not html.endswith("/>", 0, end):
            closing = _UNREAD_END[name].search(html, end)
            end = closing.end() if closing else 0
        if end < at + 1 or end < lead.end():
            return
        at = kept = end
    yield html[kept:], "", ""
