"""A letter is read by mail programs as it was meant, and tells nobody that it was read."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import html

from aggregator.core.text import clean_line
from aggregator.formats.letter import fitted, html_letter, mail_bytes, plain_letter
from aggregator.model.letter import Letter
from tests.formats.editions import ordinary_edition
from tests.makers import NOON

LEAVE = f"https://news.lane.org/a/long/way/letters/global-lane/unsubscribe/{'x' * 43}"
LETTER = Letter(
    id="issue.0123456789abcdef",
    sender="Lane, Desk <letters@lane.org>",
    to="ida@reader.example",
    subject="Global Lane: Grain and 3 more",
    at=NOON,
    title="Global Lane",
    words=("World affairs.",),
    site_title="Lane Desk",
    page_url="https://news.lane.org/topics/global-lane",
    items=ordinary_edition().items,
    more=3,
    closing=("You get this once a day.",),
    leave_url=LEAVE,
    list_id="global-lane.letters.news.lane.org",
)


def read(letter: Letter) -> EmailMessage:
    return email.message_from_bytes(mail_bytes(letter), policy=default)


def tree(page: str) -> Any:
    return html.document_fromstring(page)


def content(letter: Letter, kind: str) -> str:
    found = read(letter).get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_text_and_html_say_the_same() -> None:
    page = tree(content(LETTER, "html")).text_content()
    for item in LETTER.items:
        for words in (item.title, item.summary, item.credits[0].title):
            assert words in content(LETTER, "plain").replace("\r\n", "\n")
            assert words in page


def test_one_click_ends_it() -> None:
    raw = mail_bytes(LETTER)
    assert f"\r\nList-Unsubscribe: <{LEAVE}>\r\n".encode() in raw  # whole, whatever its length
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw
    assert read(LETTER)["List-Id"] == "<global-lane.letters.news.lane.org>"
    for kind in ("plain", "html"):
        assert LEAVE in content(LETTER, kind)


def test_a_question_has_no_list_to_leave() -> None:
    asked = replace(LETTER, items=(), leave_url=None, list_id=None, button=("Yes", LEAVE))
    assert b"List-" not in mail_bytes(asked)
    assert tree(content(asked, "html")).xpath("//a[@class='button']/@href")


def test_nothing_is_fetched_when_it_is_opened() -> None:
    page = tree(html_letter(LETTER))
    assert not page.xpath("//img | //link | //script | //iframe | //@src | //@background")
    assert "url(" not in html_letter(LETTER) and "@import" not in html_letter(LETTER)


def test_links_lead_to_the_publishers_and_not_through_us() -> None:
    links = {str(each) for each in tree(html_letter(LETTER)).xpath("//a/@href")}
    assert {item.url for item in LETTER.items} | {LEAVE, LETTER.page_url} == links


def test_the_headers_say_who_when_and_which() -> None:
    mail = read(LETTER)
    (sender,) = mail["From"].addresses
    assert (sender.display_name, sender.addr_spec) == ("Lane, Desk", "letters@lane.org")
    assert mail["Message-ID"] == "<issue.0123456789abcdef@lane.org>"
    assert mail["Date"].datetime.timestamp() == NOON
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/alternative"


def test_the_same_letter_has_the_same_bytes() -> None:
    assert mail_bytes(LETTER) == mail_bytes(replace(LETTER))


@pytest.mark.parametrize(
    "title", ["Grün\r\nBcc: bo@reader.example", "a\x00b", "<script>x</script>"]
)
def test_no_title_breaks_out(title: str) -> None:
    (item, *_) = LETTER.items
    letter = replace(LETTER, subject=title, title=title, items=(replace(item, title=title),))
    mail = read(letter)
    assert mail["Bcc"] is None and not mail.defects
    assert "<script" not in content(letter, "html").replace("<style>", "")


@given(st.text(), st.text())
def test_any_words_make_lines_that_mail_servers_take(subject: str, summary: str) -> None:
    (item, *_) = LETTER.items
    letter = replace(LETTER, subject=subject, items=(replace(item, summary=summary),))
    lines = mail_bytes(letter).split(b"\r\n")
    assert all(len(line) <= 998 and line.isascii() and b"\n" not in line for line in lines)


def test_editors_words_stand_in_the_text() -> None:
    (item, *_) = LETTER.items
    noted = replace(item, note="Mind the date.", correction="nine, not ten")
    text = plain_letter(replace(LETTER, items=(noted,)))
    assert re.search("Editor’s note: Mind the date.\nCorrected: nine, not ten\n", text)


@pytest.mark.parametrize(
    "words",
    ["Ships left the port. ", "Судна вийшли з порту. ", '<&> "quoted" & more. ', "船出港。"],
)
def test_a_huge_letter_is_cut_before_mail_programs_cut_it(words: str) -> None:
    (item, *_) = LETTER.items
    items = tuple(
        replace(item, uri=f"tag:{n}", title=f"Number {n}", summary=words * 200) for n in range(50)
    )
    letter = fitted(replace(LETTER, items=items, more=7))
    assert 1 <= len(letter.items) < 50 and letter.items == items[: len(letter.items)]
    assert letter.more == 7 + 50 - len(letter.items)
    raw = mail_bytes(letter)
    for part in raw.split(b"\r\n--")[1:3]:
        assert len(part) <= 102_000
    assert LEAVE in content(letter, "html") and f"{letter.more} more" in content(letter, "html")
    assert fitted(letter) == letter


def test_a_letter_that_fits_is_left_as_it_is_and_one_item_always_stays() -> None:
    assert fitted(LETTER) is LETTER
    assert len(fitted(LETTER, most=10).items) == 1


def test_letters_beyond_ascii_take_the_shorter_way() -> None:
    (item, *_) = LETTER.items
    cyrillic = replace(LETTER, items=(replace(item, summary="Судна вийшли з порту. " * 200),))
    kinds = {part["Content-Transfer-Encoding"] for part in read(cyrillic).iter_parts()}
    assert kinds == {"base64"}
    kinds = {part["Content-Transfer-Encoding"] for part in read(LETTER).iter_parts()}
    assert kinds == {"quoted-printable"}


def decoded(letter: Letter, header: str) -> str:
    """Return a header as mail programs read it, which need not have our library's mistakes."""
    return str(make_header(decode_header(email.message_from_bytes(mail_bytes(letter))[header])))


LONG_NAME = "Редакція новин про зерно та море, Одеса і світ"


@given(st.text(min_size=1, max_size=300))
@example(LONG_NAME * 3)
@example("=?utf-8?q?x?=")
def test_a_subject_arrives_as_it_was_meant(subject: str) -> None:
    assert decoded(replace(LETTER, subject=subject), "Subject") == clean_line(subject, limit=200)


@given(st.text(max_size=80))
@example(LONG_NAME)
@example('Lane "the desk" \\ Desk')
def test_a_senders_name_arrives_and_breaks_nothing(name: str) -> None:
    said = clean_line(name.replace("<", "").replace(">", ""), limit=60)
    letter = replace(LETTER, sender=f"{said} <letters@lane.org>" if said else "letters@lane.org")
    mail = read(letter)
    (sender,) = mail["From"].addresses
    assert sender.addr_spec == "letters@lane.org" and not mail.defects
    shown, address = parseaddr(email.message_from_bytes(mail_bytes(letter))["From"])
    assert address == "letters@lane.org"
    assert str(make_header(decode_header(shown))) == said


def test_what_filters_look_for_is_there_once_and_aligned() -> None:
    raw = mail_bytes(LETTER)
    head = raw.partition(b"\r\n\r\n")[0].decode()
    names = re.findall(r"^([\w-]+):", head, re.M)
    once = [
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "MIME-Version",
        "Content-Type",
        "List-Id",
    ]
    assert all(names.count(each) == 1 for each in once) and len(set(names)) == len(names)
    assert "Sender" not in names and "Reply-To" not in names  # From speaks for itself
    mail = read(LETTER)
    assert (
        mail["Message-ID"].endswith("@lane.org>") and mail["From"].addresses[0].domain == "lane.org"
    )
    assert mail["Date"].datetime.utcoffset().total_seconds() == 0
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert all("MIME-Version" not in part for part in mail.iter_parts())
    assert all(part.get_content_charset() == "utf-8" for part in mail.iter_parts())
