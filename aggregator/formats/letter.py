"""Letters as e-mail: text and HTML of the same words, nothing that tells when they are read.

No picture, style sheet or script is fetched from anywhere, and no link leads through us: whoever
opens a letter tells nobody.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import blake2b

from aggregator.core.outgoing import escaped
from aggregator.core.text import clean_line
from aggregator.formats.writing import moment
from aggregator.model.letter import Letter
from aggregator.model.publication import PublishedItem

# Of the HTML and of the text, before they are encoded for the way, which adds up to two fifths:
# what is longer than 102 kB Gmail cuts off, and with it the way out at the end.
MOST_BYTES = 72_000

_LONGEST_NAME = 60  # characters of a sender's name
_LONGEST_SUBJECT = 200
_ENCODED = 39  # bytes in an encoded word: a line with one has 76 characters at most

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;padding:24px 12px;background:#fbf9f5;color:#1d1b18;"
    "font:16px/1.5 Georgia,serif}"
    "main{max-width:600px;margin:0 auto;overflow-wrap:anywhere}"
    "h1{font-size:26px;line-height:1.2;margin:0 0 4px}"
    "h2{font-size:19px;line-height:1.3;margin:28px 0 2px}p{margin:6px 0}a{color:#8a2a12}"
    "h2 a{color:inherit;text-decoration:none}.by,footer{font:13px/1.5 sans-serif;color:#5c564d}"
    ".note{border-left:3px solid #d8d2c6;padding-left:10px}"
    ".button{display:inline-block;margin:14px 0;padding:10px 18px;border-radius:3px;"
    "background:#8a2a12;color:#fff;font:600 15px sans-serif;text-decoration:none}"
    "footer{margin-top:32px;border-top:1px solid #d8d2c6;padding-top:10px}"
    "@media(prefers-color-scheme:dark){body{background:#171614;color:#ece7dd}a{color:#f0a58c}"
    ".by,footer{color:#b3ab9e}.note,footer{border-color:#4a453d}"
    ".button{background:#f0a58c;color:#171614}}"
)


def mail_bytes(letter: Letter) -> bytes:
    """Return a letter as it goes to a mail server (RFC 5322); the same letter, the same bytes."""
    mail = EmailMessage(policy=SMTP)
    sender = _address(letter.sender)
    mail["To"] = Address(addr_spec=letter.to)
    mail["Date"] = format_datetime(moment(letter.at))
    mail["Message-ID"] = f"<{letter.id}@{sender.domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is told us
    text, page = plain_letter(letter), html_letter(letter)
    mail.set_content(text, cte=_coding(text))
    mail.add_alternative(page, subtype="html", cte=_coding(page))
    for part in mail.iter_parts():
        del part["MIME-Version"]  # which the letter itself says, once
    mail.set_boundary(f"=_{blake2b(f'{letter.id}{text}'.encode(), digest_size=16).hexdigest()}")
    head = (*_names(letter, sender), *_list_headers(letter))
    return "".join(f"{line}\r\n" for line in head).encode("ascii") + mail.as_bytes()


def _names(letter: Letter, sender: Address) -> Iterator[str]:
    """Yield whom a letter is from and what it is called.

    Written here, because `email` loses blanks where long words beyond ASCII are parted.
    """
    name = sender.display_name
    if name and not _is_plain(name):
        name = _encoded(name)
    elif name:
        name = '"{}"'.format(re.sub(r'(["\\\\])', r"\\\1", name))
    address = f"<{sender.addr_spec}>" if name else sender.addr_spec
    yield f"From: {name} {address}" if name else f"From: {address}"
    subject = clean_line(letter.subject, limit=_LONGEST_SUBJECT)
    yield f"Subject: {subject if _is_plain(subject) else _encoded(subject)}"


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text


def _encoded(text: str) -> str:
    """Return a text in encoded words, one a line, no letter parted (RFC 2047)."""
    words, piece = [], b""
    for letter in map(str.encode, text):
        if len(piece) + len(letter) > _ENCODED:
            words.append(piece)
            piece = b""
        piece += letter
    told = (f"=?utf-8?b?{b64encode(each).decode()}?=" for each in (*words, piece))
    return "\r\n ".join(told)


def _coding(text: str) -> str:
    """Return the transfer encoding that takes less: three bytes for one, or four for three."""
    said = text.encode()
    beyond = sum(map((127).__lt__, said))
    return "base64" if beyond > len(said) / 6 else "quoted-printable"


def fitted(letter: Letter, most: int = MOST_BYTES) -> Letter:
    """Return the letter with as many of its items, from the first on, as mail programs show whole.

    The rest is counted among `more`, which stand on the page. One item always stays.
    """
    kept, left = 0, most - max(map(len, _bodies(replace(letter, items=(), more=len(letter.items)))))
    for item in letter.items:
        left -= max(map(len, _bodies_of(item)))
        if left < 0 and kept:
            break
        kept += 1
    more = letter.more + len(letter.items) - kept
    return (
        letter
        if kept == len(letter.items)
        else replace(letter, items=letter.items[:kept], more=more)
    )


def _bodies(letter: Letter) -> tuple[bytes, bytes]:
    return plain_letter(letter).encode(), html_letter(letter).encode()


def _bodies_of(item: PublishedItem) -> tuple[bytes, bytes]:
    return "\n".join(_lines(item)).encode(), "\n".join(_item(item)).encode()


def _list_headers(letter: Letter) -> Iterator[str]:
    """Yield what tells mail programs of the list, each in one line.

    Written here, because `email` encodes words that are longer than a line, and an encoded
    address is none.
    """
    if letter.list_id is not None:
        yield f"List-Id: <{letter.list_id}>"
    if letter.leave_url is not None:
        yield f"List-Unsubscribe: <{letter.leave_url}>"
        yield "List-Unsubscribe-Post: List-Unsubscribe=One-Click"  # RFC 8058


def plain_letter(letter: Letter) -> str:
    """Return a letter's text."""
    parts = [letter.title, "=" * min(len(letter.title), 60), "", *_apart(letter.words)]
    if letter.button is not None:
        words, url = letter.button
        parts += [f"{words}:", url, ""]
    for item in letter.items:
        parts += _lines(item)
    if letter.more:
        parts += [f"{letter.more} more: {letter.page_url}", ""]
    parts += ["-- ", letter.site_title, letter.page_url, *letter.closing]
    if letter.leave_url is not None:
        parts.append(f"Unsubscribe: {letter.leave_url}")
    return "\n".join(parts) + "\n"


def _lines(item: PublishedItem) -> Iterator[str]:
    yield from (item.title, item.url, _byline(item))
    yield from (f"Editor’s note: {line}" for line in (item.note or "").splitlines() if line)
    if item.correction:
        yield f"Corrected: {item.correction}"
    if item.summary:
        yield item.summary
    yield ""


def html_letter(letter: Letter) -> str:
    """Return a letter as an HTML page of its own."""
    lang = f' lang="{escaped(letter.lang)}"' if letter.lang else ' lang="en"'
    return "\n".join(
        (
            f"<!doctype html><html{lang}><head>",
            '<meta charset="utf-8"><meta name="viewport" content="width=device-width">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>{escaped(letter.subject)}</title><style>{_STYLE}</style></head><body><main>",
            f'<h1><a href="{escaped(letter.page_url)}">{escaped(letter.title)}</a></h1>',
            *(f"<p>{escaped(each)}</p>" for each in letter.words),
            *_button(letter),
            *(line for item in letter.items for line in _item(item)),
            *_more(letter),
            f"<footer><p>{escaped(letter.site_title)}</p>",
            *(f"<p>{escaped(each)}</p>" for each in letter.closing),
            *_leave(letter),
            "</footer></main></body></html>\n",
        )
    )


def _item(item: PublishedItem) -> Iterator[str]:
    lang = f' lang="{escaped(item.lang)}"' if item.lang else ""
    yield f'<article{lang}><h2><a href="{escaped(item.url)}">{escaped(item.title)}</a></h2>'
    yield f'<p class="by" lang="en">{escaped(_byline(item))}</p>'
    if item.note:
        yield f'<p class="note"><b>Editor’s note:</b> {escaped(item.note)}</p>'
    if item.correction:
        yield f'<p class="note"><b>Corrected:</b> {escaped(item.correction)}</p>'
    if item.summary:
        yield f"<p>{escaped(item.summary)}</p>"
    yield "</article>"


def _button(letter: Letter) -> Iterator[str]:
    if letter.button is not None:
        words, url = letter.button
        yield f'<p><a class="button" href="{escaped(url)}">{escaped(words)}</a></p>'


def _more(letter: Letter) -> Iterator[str]:
    if letter.more:
        yield f'<p><a href="{escaped(letter.page_url)}">{letter.more} more on the page</a></p>'


def _leave(letter: Letter) -> Iterator[str]:
    if letter.leave_url is not None:
        yield f'<p><a href="{escaped(letter.leave_url)}">Unsubscribe</a></p>'


def _byline(item: PublishedItem) -> str:
    """Return whom an item is owed to, and of when it is."""
    day = moment(item.published)
    names = dict.fromkeys(credit.title for credit in (*item.credits, *item.reports))
    others = f" (also {', '.join([*names][1:])})" if len(names) > 1 else ""
    return f"{next(iter(names))}{others}, {day:%Y-%m-%d}"


def _apart(paragraphs: tuple[str, ...]) -> Iterator[str]:
    for each in paragraphs:
        yield from (each, "")


def _address(said: str) -> Address:
    """Return a sender as the header writes it, whatever stands in the name."""
    name, opens, rest = said.rpartition("<")
    if not opens:
        return Address(addr_spec=said)
    return Address(clean_line(name, limit=_LONGEST_NAME), addr_spec=rest.rstrip("> "))
