"""From the form to the letter to the last click: a real web server, a real mail server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from lxml import html

from aggregator.core.letters import DAY, gets
from aggregator.flow.mailing import send_due
from aggregator.model.settings import LetterBox, Site
from aggregator.model.topic import Every
from aggregator.net.mail import SmtpPostman
from aggregator.store.engine import open_store
from aggregator.web.app import make_app
from aggregator.web.letters import AT_ONCE
from tests.flow.newsroom import Newsroom, Told, topic
from tests.net.mailbox import Mailbox, a_mailbox
from tests.web.desk import Answer, served

IDA = "ida@reader.example"
BASE = "https://news.lane.test"
BOTH = (Every.DAILY, Every.WEEKLY)
FORM = "application/x-www-form-urlencoded"


def tree(page: str) -> Any:
    return html.document_fromstring(page)


@dataclass(kw_only=True)
class Post:
    """A newsroom with letters, its web server and its mail server."""

    newsroom: Newsroom
    box: Mailbox
    port: int

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        sent = {"Content-Type": FORM} if method == "POST" else {}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body.encode(), sent)
            answer = connection.getresponse()
            got = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, got, answer.read())
        finally:
            connection.close()

    def wish(self, address: str = IDA, every: str = "daily", slug: str = "grain") -> Answer:
        return self.ask("POST", f"/letters/{slug}", urlencode({"address": address, "every": every}))

    def send(self, later: float = 0.0) -> None:
        self.newsroom.now += later
        send_due(self.newsroom.kit)

    def link(self, words: str) -> str:
        """Return the path of the link with this word in the newest letter."""
        (found,) = set(re.findall(rf"{BASE}(/letters/\S+/{words}/[\w-]+)", self.text))
        return str(found)

    @property
    def text(self) -> str:
        return self.box.got[-1].part("plain")

    def gets(self) -> list[str]:
        with self.newsroom.kit.store.read() as tx:
            return [each.address for each in tx.letters.all() if gets(each)]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    store = open_store(tmp_path / "news.db")
    newsroom, postman = Newsroom(store), SmtpPostman(seconds=10.0)
    with a_mailbox() as box, served(make_app(lambda: newsroom.kit)) as web:
        newsroom.kit = replace(newsroom.kit, postman=postman, secret=lambda place: box.url)
        letters = LetterBox(smtp="env:SMTP", sender="Lane <desk@lane.test>")
        spec = replace(topic(), letters=BOTH)
        newsroom.follow(["wire"], [spec, topic("sea", "sea")], letters=letters)
        newsroom.hears("wire", Told(guid="1", title="Grain corridor reopens"))
        yield Post(newsroom=newsroom, box=box, port=web.port)
    postman.close()
    store.close()


def test_from_the_form_to_the_letter_to_the_last_click(post: Post) -> None:
    page = tree(post.ask("GET", "/letters/grain").text)
    (form,) = page.forms
    assert (form.method, form.action) == ("POST", "/letters/grain")
    form.fields["address"], form.fields["every"] = IDA, "daily"
    answer = post.ask("POST", form.action, urlencode(form.form_values()))
    assert answer.status == 202 and "Look into your mail" in answer.text
    post.send()
    confirm = post.link("confirm")
    assert "Yes, send it to me" in post.ask("GET", confirm).text and post.gets() == []
    assert post.ask("POST", confirm).status == 200 and post.gets() == [IDA]
    post.send(DAY)
    letter = post.box.got[-1]
    assert (letter.sender, letter.to) == ("desk@lane.test", IDA)
    for kind in ("plain", "html"):
        assert "Grain corridor reopens" in letter.part(kind)
    assert letter.mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave = urlsplit(str(letter.mail["List-Unsubscribe"]).strip("<>")).path
    assert leave == post.link("unsubscribe")
    assert "End it" in post.ask("GET", leave).text and post.gets() == [IDA]
    done = post.ask("POST", leave, "List-Unsubscribe=One-Click")
    assert (done.status, post.gets()) == (200, [])
    post.newsroom.hears("wire", Told(guid="2", title="More grain"))
    post.send(DAY)
    assert len(post.box.got) == 2


def test_one_click_needs_no_form_no_cookie_and_no_origin(post: Post) -> None:
    post.wish()
    post.send()
    post.ask("POST", post.link("confirm"))
    post.send(DAY)
    path = post.link("unsubscribe")
    headers = {"Content_Type": "multipart/form-data; boundary=x", "Origin": "https://mail.example"}
    answer = post.ask("POST", path, "--x--", **headers)
    assert answer.status == 200 and "set-cookie" not in answer.headers and post.gets() == []
    assert post.ask("POST", path).status == 200  # again, and it stays so


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_following_a_link_changes_nothing(post: Post, method: str) -> None:
    post.wish()
    post.send()
    post.ask(method, post.link("confirm"))
    assert post.gets() == []
    post.ask("POST", post.link("confirm"))
    post.send(DAY)
    post.ask(method, post.link("unsubscribe"))
    assert post.gets() == [IDA]


def test_the_answer_does_not_tell_who_gets_letters(post: Post) -> None:
    post.wish()
    post.send()
    post.ask("POST", post.link("confirm"))
    known, unknown = post.wish(), post.wish("bo@reader.example")
    assert (known.status, known.body) == (unknown.status, unknown.body)
    assert IDA not in known.text


def test_secrets_in_addresses_are_passed_on_to_nobody(post: Post) -> None:
    post.wish()
    post.send()
    for answer in (post.ask("GET", post.link("confirm")), post.ask("POST", post.link("confirm"))):
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "noindex" in answer.headers["x-robots-tag"]
        assert "form-action 'self'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("token", ["x" * 32, "x", "%00", "../../grain"])
@pytest.mark.parametrize("kind", ["confirm", "unsubscribe"])
def test_a_made_up_link_opens_nothing(post: Post, kind: str, token: str) -> None:
    for method in ("GET", "POST"):
        assert post.ask(method, f"/letters/grain/{kind}/{token}").status == 404


def test_a_topic_without_letters_has_no_form(post: Post) -> None:
    for path in ("/letters/sea", "/letters/nowhere", "/letters/Grain"):
        assert post.ask("GET", path).status == post.ask("POST", path).status == 404
    assert "/letters/" not in post.ask("GET", "/topics/sea").text
    assert 'href="/letters/grain"' in post.ask("GET", "/topics/grain").text


def test_a_topic_that_moved_takes_its_letters_along(post: Post) -> None:
    post.wish()
    post.send()
    post.ask("POST", post.link("confirm"))
    post.send(DAY)
    old = post.link("unsubscribe")
    letters = post.newsroom.kit.settings.letters
    moved = replace(topic("corn", match="grain"), letters=BOTH, former=("grain",))
    post.newsroom.follow(["wire"], [moved], letters=letters)
    answer = post.ask("GET", "/letters/grain")
    assert (answer.status, answer.headers["location"]) == (308, "/letters/corn")
    assert post.ask("POST", old).status == 200 and post.gets() == []


@pytest.mark.parametrize(
    ("form", "status", "word"),
    [
        ({"address": "ida", "every": "daily"}, 422, "no address"),
        ({"address": f"{IDA}\r\nBcc: bo@reader.example", "every": "daily"}, 422, "no address"),
        ({"address": "<script>alert(1)</script>", "every": "daily"}, 422, "&lt;script&gt;"),
        ({"address": IDA, "every": "hourly"}, 422, "how often"),
        ({"every": "daily"}, 422, "no address"),
    ],
)
def test_a_wrong_wish_is_told_what_is_wrong(
    post: Post, form: dict[str, str], status: int, word: str
) -> None:
    answer = post.ask("POST", "/letters/grain", urlencode(form))
    assert answer.status == status and word in answer.text
    post.send()
    assert post.box.got == []


def test_what_is_no_form_is_refused(post: Post) -> None:
    wrong = post.ask("POST", "/letters/grain", "{}", Content_Type="application/json")
    assert wrong.status == 415
    assert post.ask("POST", "/letters/grain", f"address={'x' * 20_000}").status == 413


def test_who_asks_for_many_is_told_to_come_again(post: Post) -> None:
    kit = post.newsroom.kit
    site = Site(title="Desk", url=BASE, proxies=("127.0.0.1",))
    post.newsroom.kit = replace(kit, settings=replace(kit.settings, site=site))

    def wish(number: int, asker: str) -> Answer:
        body = urlencode({"address": f"n{number}@reader.example", "every": "daily"})
        return post.ask("POST", "/letters/grain", body, X_Forwarded_For=asker)

    said = [wish(number, "8.8.8.8") for number in range(AT_ONCE + 2)]
    assert [each.status for each in said] == [202] * AT_ONCE + [429] * 2
    assert 60 < int(said[-1].headers["retry-after"]) <= 601
    assert wish(99, "9.9.9.9").status == 202


def test_the_pages_need_no_script_and_fetch_nothing_from_others(post: Post) -> None:
    page = tree(post.ask("GET", "/letters/grain").text)
    inputs = [each for each in page.xpath("//input[@type!='hidden']")]
    assert all(each.get("id") or each.getparent().tag == "label" for each in inputs)
    for address in page.xpath("//@src | //link[@rel='stylesheet']/@href"):
        assert str(address).startswith("/static/")
