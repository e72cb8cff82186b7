"""What may leave the house: lines, words and HTML that no reader of feeds trips over."""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import urlsplit

from aggregator.core.sanitize import text_to_html
from aggregator.core.text import clean_line

OPAQUE_TYPE = "application/octet-stream"

# The angles are read without a semicolon too: `&lt` is `<` to a reader (HTML, named references).
_ENTITY = re.compile(
    r"&(?:[A-Za-z][A-Za-z0-9]{1,31};|#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|lt|gt|LT|GT)"
)
_LIKE_ENTITY = re.compile(r"&(?=(?:[A-Za-z][A-Za-z0-9]*|#\w+);|lt|gt|LT|GT|#[0-9xX])")
_TAG_LIKE = re.compile(r"<[A-Za-z/!?]")
_ANGLES = str.maketrans("<>", "‹›")
_MAILBOX = re.compile(
    r"\s*[<‹(\[]?(?:mailto:)?(?<![\w@.+'-])[\w.+'-]+@\w[\w-]*(?:\.\w[\w-]*)+[>›)\]]?,?",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\(([^()]*)\)")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]*/[a-z0-9][a-z0-9.+-]*")
_SCRIPT_URL = re.compile(r"(javascript\s*):", re.IGNORECASE)
_HANDLER = re.compile(r"([\s/\"'`]on[a-z]+\s*)=", re.IGNORECASE)
_ACTIVE_TAG = re.compile(r"<(?=[\s/]*(?:script|iframe|object|embed)\b)", re.IGNORECASE)

# The system's table of types differs from machine to machine; the same bytes need the same type.
_TYPES = {
    "aac": "audio/aac",
    "epub": "application/epub+zip",
    "flac": "audio/flac",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "m4a": "audio/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "mp4": "video/mp4",
    "oga": "audio/ogg",
    "ogg": "audio/ogg",
    "ogv": "video/ogg",
    "opus": "audio/ogg",
    "pdf": "application/pdf",
    "png": "image/png",
    "wav": "audio/wav",
    "webm": "video/webm",
    "webp": "image/webp",
}


def headline(text: str, limit: int = 300) -> str:
    """Return a title as plain text that no reader takes for markup; "" when nothing is seen.

    Entities that survived the publisher are read; angles that would open a tag become single
    guillemets, because RSS and JSON Feed have no way to say that a title is no HTML.

    >>> headline("AT&amp;T says: use <b>, not <i>")
    'AT&T says: use ‹b›, not ‹i›'
    """
    for _ in range(3):  # publishers escape twice, seldom more
        read = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
        if read == text:
            break
        text = read
    line = clean_line(text, limit=limit)
    if _TAG_LIKE.search(line):
        line = line.translate(_ANGLES)
    line = _LIKE_ENTITY.sub("& ", line)
    return line if any(unicodedata.category(letter)[0] in "LNPS" for letter in line) else ""


def byline(text: str) -> str:
    """Return an author's name as plain text, without e-mail addresses: they are not ours to spread.

    A name of the fediverse (`@ann@social.example`) is none; "" when no name is left.

    >>> byline("ann@wire.example (Ann Öst)")
    'Ann Öst'
    """
    line = headline(text, limit=200)
    named = _MAILBOX.sub(" ", line).strip(" ,;")
    if named == line:
        return line
    inner = _BRACKETED.fullmatch(named)
    return headline(inner[1] if inner else named)


def language(*tags: str | None) -> str | None:
    """Return the first that is a language tag (RFC 5646, in the form feeds take), if any.

    >>> language(None, "English please", "en_GB")
    'en-GB'
    """
    for tag in tags:
        tidy = (tag or "").strip().replace("_", "-")
        if _LANGUAGE.fullmatch(tidy):
            return tidy
    return None


def media_type(said: str | None, url: str) -> str:
    """Return the media type of a file: what its publisher says, else what its name tells.

    >>> media_type("mp3", "https://example.org/show.mp3?x=1")
    'audio/mpeg'
    """
    tidy = (said or "").split(";")[0].strip().lower()
    if _MEDIA_TYPE.fullmatch(tidy):
        return tidy
    ending = urlsplit(url).path.rpartition(".")[2].lower()
    return _TYPES.get(ending, OPAQUE_TYPE)


def paragraphs(text: str) -> str:
    """Return plain text as HTML: empty lines part paragraphs, other lines are broken."""
    return calm(text_to_html(text))


def escaped(text: str) -> str:
    """Return text as HTML that shows it, in an element or in a quoted attribute."""
    return calm(html.escape(text))


def calm(markup: str) -> str:
    """Return sanitised HTML that does not even look active to a reader's crude filter.

    Words such as "javascript:" in prose or in an attribute's value make some readers drop the
    item. They are written with character references: to a browser nothing changes.

    >>> calm("<p>javascript: the good parts</p>")
    '<p>javascript&#58; the good parts</p>'
    """
    markup = _ACTIVE_TAG.sub("&lt;", _SCRIPT_URL.sub(r"\1&#58;", markup))
    return _HANDLER.sub(r"\1&#61;", markup)
