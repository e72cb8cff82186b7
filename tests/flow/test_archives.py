"""What the feed has no room for lies in archives, which nothing changes but a withdrawal."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from lxml import etree

from aggregator.flow import archiving
from aggregator.flow.curate import undo, withdraw
from aggregator.flow.retelling import merge
from aggregator.model.entry import Entry
from aggregator.model.topic import PublishSpec, Verb
from tests.flow.newsroom import (
    ATOM,
    HOUR,
    LONG,
    Newsroom,
    Told,
    answer,
    feed,
    shown_in,
    topic,
    url_of,
)

ENDINGS = ("atom", "rss", "json")


@pytest.fixture
def full(newsroom: Newsroom) -> Newsroom:
    """A topic of two items a document that has had seven."""
    newsroom.follow(["wire"], [topic(publish=PublishSpec(items=2))])
    for n in range(1, 8):
        tell(newsroom, n)
    return newsroom


def tell(newsroom: Newsroom, n: int, name: str = "wire", text: str | None = None) -> None:
    newsroom.now += HOUR
    said = text or f"Report {n} of the harbour."
    told = Told(guid=str(n), title=f"Grain {n}", text=said, at=int(newsroom.now))
    newsroom.hears(name, told)


def archive(newsroom: Newsroom, number: int, ending: str = "atom") -> bytes:
    with newsroom.kit.store.read() as tx:
        found = tx.publications.document(f"topics/grain/archive/{number}.{ending}")
    assert found is not None, f"there is no archive {number}"
    return found.body


def archives(newsroom: Newsroom) -> dict[str, bytes]:
    with newsroom.kit.store.read() as tx:
        paths = [path for path in tx.publications.paths() if "/archive/" in path]
        found = [tx.publications.document(path) for path in paths]
    return {each.path: each.body for each in found if each is not None}


def titles(body: bytes) -> list[str]:
    return [each.title for each in shown_in(body)]


def links(body: bytes) -> dict[str, str]:
    found = etree.fromstring(body).findall("a:link", ATOM)
    return {str(each.get("rel")): str(each.get("href")) for each in found}


def stones(body: bytes) -> list[str]:
    return [
        str(each.get("ref"))
        for each in etree.fromstring(body).iter("{http://purl.org/atompub/tombstones/1.0}*")
        if each.get("ref")
    ]


def delete_at_source(newsroom: Newsroom, gone: Entry) -> None:
    """Have the wire say that an entry of its is no more (RFC 6721)."""
    newsroom.now += HOUR
    body = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">'
        "<id>wire</id><title>Wire</title><updated>2026-11-22T12:00:00Z</updated>"
        f'<at:deleted-entry ref="{gone.guid}" when="2026-11-22T12:00:00Z"/></feed>'
    ).encode()
    newsroom.net.answers[url_of("wire")] = answer("wire", body)
    newsroom.poll("wire")


def walk(newsroom: Newsroom) -> Iterator[tuple[str, bytes]]:
    """Yield the feed and its archives, as a reader follows `prev-archive`."""
    address: str | None = "https://news.lane.test/topics/grain.atom"
    while address is not None:
        path = address.removeprefix("https://news.lane.test/")
        with newsroom.kit.store.read() as tx:
            found = tx.publications.document(path)
        assert found is not None, f"{address} leads nowhere"
        yield address, found.body
        address = links(found.body).get("prev-archive")


def test_a_new_subscriber_reads_the_whole_history(full: Newsroom) -> None:
    read = [titles(body) for _, body in walk(full)]
    assert read == [
        ["Grain 7", "Grain 6"],
        ["Grain 6", "Grain 5"],
        ["Grain 4", "Grain 3"],
        ["Grain 2", "Grain 1"],
    ]


def test_an_archive_says_what_it_is_and_where_the_feed_is(full: Newsroom) -> None:
    body = archive(full, 2)
    root = etree.fromstring(body)
    assert root.find("{http://purl.org/syndication/history/1.0}archive") is not None
    base = "https://news.lane.test/topics/grain"
    assert links(body) == {
        "self": f"{base}/archive/2.atom",
        "current": f"{base}.atom",
        "prev-archive": f"{base}/archive/1.atom",
        "alternate": base,
    }
    feed = etree.fromstring(full.document("grain").body)
    assert root.findtext("a:id", namespaces=ATOM) == feed.findtext("a:id", namespaces=ATOM)
    assert "prev-archive" not in links(archive(full, 1))


@pytest.mark.parametrize("ending", ENDINGS)
def test_archives_exist_in_every_format(full: Newsroom, ending: str) -> None:
    body = archive(full, 1, ending)
    if ending == "json":
        assert [each["title"] for each in json.loads(body)["items"]] == ["Grain 2", "Grain 1"]
    else:
        assert b"Grain 2" in body and b"Grain 3" not in body


def test_archives_change_by_nothing_that_editors_or_publishers_say(full: Newsroom) -> None:
    before = archives(full)
    full.now += HOUR
    full.hears("wire", Told(guid="1", title="Grain 1, revised"))
    full.act(Verb.EDIT, "Grain 2", title="By an editor")
    full.act(Verb.REJECT, "Grain 3")
    full.act(Verb.PIN, "Grain 4")
    full.follow(["wire"], [topic(publish=PublishSpec(items=3), title="Another title")])
    full.publish()
    assert {path: archives(full)[path] for path in before} == before


def test_a_closed_archive_keeps_its_size(full: Newsroom) -> None:
    full.follow(["wire"], [topic(publish=PublishSpec(items=3))])
    for n in range(8, 11):
        tell(full, n)
    assert titles(archive(full, 4)) == ["Grain 9", "Grain 8", "Grain 7"]
    assert titles(archive(full, 3)) == ["Grain 6", "Grain 5"]


def test_a_withdrawn_item_leaves_its_archive_and_a_tombstone(full: Newsroom) -> None:
    uri = shown_in(archive(full, 2))[1].uri
    others = {path: body for path, body in archives(full).items() if "/2." not in path}
    full.now += HOUR
    withdraw(full.kit, str(full.entry("Grain 3").id), reason="court order", actor="ida")
    changed = full.publish()
    assert {path for path in changed if "/archive/" in path} == {
        f"topics/grain/archive/2.{ending}" for ending in ENDINGS
    }
    assert titles(archive(full, 2)) == ["Grain 4"]
    assert stones(archive(full, 2)) == [uri]
    assert all(b"Grain 3" not in body for body in archives(full).values())
    assert archives(full).items() >= others.items()


def test_an_undone_withdrawal_gives_the_archive_its_bytes_back(full: Newsroom) -> None:
    before = archives(full)
    withdraw(full.kit, str(full.entry("Grain 3").id), reason="court order", actor="ida")
    full.publish()
    undo(full.kit, None, actor="ida")
    full.publish()
    assert archives(full) == before
    assert full.publish() == []


def test_a_withdrawn_feed_leaves_every_archive(full: Newsroom) -> None:
    withdraw(full.kit, "wire", reason="asked to", actor="ida")
    full.publish()
    assert full.titles() == []
    assert all(b"Grain " not in body for body in archives(full).values())
    undo(full.kit, None, actor="ida")
    full.publish()
    assert titles(archive(full, 1)) == ["Grain 2", "Grain 1"]


def test_a_withdrawn_source_is_credited_no_more_in_an_archive(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(publish=PublishSpec(items=2))])
    tell(newsroom, 1, "wire", LONG)
    tell(newsroom, 1, "post", LONG)
    tell(newsroom, 2, "wire")
    assert b"post.example" in archive(newsroom, 1)
    withdraw(newsroom.kit, "post", reason="asked to", actor="ida")
    newsroom.publish()
    assert b"post.example" not in archive(newsroom, 1)
    assert titles(archive(newsroom, 1)) == ["Grain 2", "Grain 1"]
    undo(newsroom.kit, None, actor="ida")
    newsroom.publish()
    assert b"post.example" in archive(newsroom, 1)


def test_what_was_hidden_while_its_archive_closed_is_not_lost(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(publish=PublishSpec(items=2))])
    tell(newsroom, 1)
    newsroom.act(Verb.HOLD, "Grain 1")
    for n in range(2, 5):
        tell(newsroom, n)
    newsroom.act(Verb.APPROVE, "Grain 1")
    everything = {title for _, body in walk(newsroom) for title in titles(body)}
    assert everything == {"Grain 1", "Grain 2", "Grain 3", "Grain 4"}
    assert newsroom.titles()[0] == "Grain 1", "who reads the feed alone sees it, too"


def test_years_are_closed_in_one_act_a_few_archives_a_transaction(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "AT_ONCE", 2)
    newsroom.follow(["wire"], [topic(publish=PublishSpec(items=100))])
    told = [Told(guid=str(n), title=f"Grain {n}", text=f"Ship {n}.") for n in range(1, 14)]
    newsroom.hears("wire", *told)
    newsroom.follow(["wire"], [topic(publish=PublishSpec(items=2))])
    changed = newsroom.publish()
    assert len(archives(newsroom)) == 6 * 3
    assert {path for path in changed if "/archive/" in path} == set(archives(newsroom))
    assert newsroom.publish() == []
    everything = [title for _, body in walk(newsroom) for title in titles(body)]
    assert len(set(everything)) == 13


SEA = Told(
    guid="1",
    title="Ferry Hestia burns off Corfu",
    text="Rescue boats reached the burning ferry Hestia off Corfu before dawn and took 214 "
    "passengers to Igoumenitsa, the Greek coast guard said.",
)
SEA_AGAIN = Told(
    guid="2",
    title="Corfu: burning ferry, 214 saved",
    text="All 214 passengers of the ferry Hestia, burning off Corfu since the night, are in "
    "Igoumenitsa; the coast guard calls it a rescue without example.",
)


def test_a_report_that_is_withdrawn_is_named_nowhere(newsroom: Newsroom) -> None:
    """The topic itself never admitted it: it was named beside a report that it has."""
    newsroom.follow(["wire", "post"], [topic(match="feed:wire", publish=PublishSpec(items=2))])
    newsroom.hears("post", SEA_AGAIN)
    newsroom.hears("wire", SEA)
    tell(newsroom, 5)
    assert b"post.example" in archive(newsroom, 1)
    assert b"post.example" in newsroom.document("grain").body
    withdraw(newsroom.kit, "post", reason="asked to", actor="ida")
    newsroom.publish()
    for ending in ENDINGS:
        assert b"post.example" not in archive(newsroom, 1, ending)
        assert b"post.example" not in newsroom.document("grain", ending).body


def test_a_feed_that_becomes_private_leaves_every_archive(full: Newsroom) -> None:
    full.follow([feed("wire", auth=True)], [topic(publish=PublishSpec(items=2))])
    full.publish()
    assert all(b"Grain " not in body for body in archives(full).values())


def test_what_a_retired_topic_archived_can_be_withdrawn(full: Newsroom) -> None:
    full.follow(["wire"], [])
    full.publish()
    withdraw(full.kit, str(full.entry("Grain 1").id), reason="so", actor="ida")
    full.publish()
    assert titles(archive(full, 1)) == ["Grain 2"]


def test_what_its_source_deletes_leaves_the_archive(full: Newsroom) -> None:
    gone = full.entry("Grain 1")
    delete_at_source(full, gone)
    full.publish()
    assert titles(archive(full, 1)) == ["Grain 2"]
    _, many = withdraw(full.kit, "wire", reason="asked to", actor="ida")
    assert many == 6, "what is out already is not taken out again"
    undo(full.kit, None, actor="ida")
    full.publish()
    assert titles(archive(full, 1)) == ["Grain 2"], "editors undo nothing of its publisher's"


def test_what_its_source_deletes_meanwhile_stays_out_when_a_withdrawal_is_undone(
    full: Newsroom,
) -> None:
    gone = full.entry("Grain 1")
    withdraw(full.kit, "wire", reason="asked to", actor="ida")
    delete_at_source(full, gone)
    undo(full.kit, None, actor="ida")
    full.publish()
    assert titles(archive(full, 1)) == ["Grain 2"]


def test_what_an_undo_took_away_while_its_archive_closed_is_not_lost(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="nothing", publish=PublishSpec(items=2))])
    tell(newsroom, 1)
    newsroom.follow(["wire"], [topic(publish=PublishSpec(items=2))])
    newsroom.publish()
    assert newsroom.titles() == ["Grain 1"]
    (uri,) = (each.uri for each in newsroom.shown())
    (applied,) = newsroom.decisions()
    _, taken_back = undo(newsroom.kit, applied.id, actor="ida")
    newsroom.publish()
    assert newsroom.titles() == []

    for n in range(2, 6):
        tell(newsroom, n)
        newsroom.act(Verb.APPROVE, f"Grain {n}")
    assert archives(newsroom)
    undo(newsroom.kit, taken_back.id, actor="ida")
    newsroom.publish()
    read = [each for _, body in walk(newsroom) for each in shown_in(body)]
    assert {each.title for each in read} == {f"Grain {n}" for n in range(1, 6)}
    assert uri in {each.uri for each in read}


def test_what_an_undo_took_away_once_archived_can_be_withdrawn(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="nothing", publish=PublishSpec(items=1))])
    tell(newsroom, 1)
    newsroom.follow(["wire"], [topic(publish=PublishSpec(items=1))])
    newsroom.publish()
    before = archives(newsroom)
    (applied,) = newsroom.decisions()
    undo(newsroom.kit, applied.id, actor="ida")
    newsroom.publish()
    assert archives(newsroom) == before, "an archive changes by a withdrawal alone"
    withdraw(newsroom.kit, str(newsroom.entry("Grain 1").id), reason="so", actor="ida")
    newsroom.publish()
    assert titles(archive(newsroom, 1)) == []


def test_an_embargo_takes_an_item_out_of_its_archive_until_its_time(full: Newsroom) -> None:
    before = archives(full)
    out = int(full.now) + HOUR
    full.act(Verb.APPROVE, "Grain 3", visible_from=str(out))
    full.publish()
    for ending in ENDINGS:
        assert b"Grain 3" not in archive(full, 2, ending)
    assert titles(archive(full, 2)) == ["Grain 4"]
    assert stones(archive(full, 2)) == [], "it is not gone: it will be back under its id"
    full.now = out
    full.publish()
    assert archives(full) == before, "as it was, byte for byte"


def test_an_embargo_that_is_taken_back_lets_its_archive_be_as_it_was(full: Newsroom) -> None:
    before = archives(full)
    full.act(Verb.APPROVE, "Grain 3", visible_from=str(int(full.now) + HOUR))
    full.publish()
    assert archives(full) != before
    undo(full.kit, None, actor="ida")
    full.publish()
    assert archives(full) == before


def test_an_embargo_takes_the_name_of_its_report_out_of_other_topics(newsroom: Newsroom) -> None:
    newsroom.follow(
        ["wire", "post"],
        [
            topic("grain", "feed:wire", publish=PublishSpec(items=2)),
            topic("other", "feed:post"),
        ],
    )
    tell(newsroom, 1)
    tell(newsroom, 2, "post", text="Sailors were paid.")
    merge(newsroom.kit, ["1", "2"], actor="ida")
    tell(newsroom, 3)
    before = archives(newsroom)
    assert b">Post<" in archive(newsroom, 1, "json")
    out = int(newsroom.now) + HOUR
    newsroom.act(Verb.APPROVE, "Grain 2", "other", visible_from=str(out))
    assert b"Post" not in archive(newsroom, 1, "json")
    newsroom.now = out
    newsroom.publish()
    assert archives(newsroom) == before


def test_an_embargo_takes_the_name_of_its_report_out_of_other_feeds(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic("grain", "feed:wire"), topic("other", "feed:post")])
    tell(newsroom, 1)
    tell(newsroom, 2, "post", text="Sailors were paid.")
    merge(newsroom.kit, ["1", "2"], actor="ida")
    newsroom.publish()
    before = newsroom.documents("grain")
    assert b">Post<" in before[2]
    out = int(newsroom.now) + HOUR
    newsroom.act(Verb.APPROVE, "Grain 2", "other", visible_from=str(out))
    assert b"Post" not in newsroom.documents("grain")[2]
    newsroom.now = out
    newsroom.publish()
    assert newsroom.documents("grain") == before


def test_an_undone_withdrawal_gives_back_what_was_rejected_since_its_archive_closed(
    full: Newsroom,
) -> None:
    """It stood there all the same: rejections change no archive, and no tombstone tells of one."""
    newsroom, before = full, archives(full)
    newsroom.act(Verb.REJECT, "Grain 1")
    newsroom.publish()
    assert archives(newsroom) == before
    withdraw(newsroom.kit, "wire", reason="a court order", actor="ida")
    newsroom.publish()
    assert "Grain 1" not in titles(archive(newsroom, 1))
    undo(newsroom.kit, None, actor="ida")
    newsroom.publish()
    assert titles(archive(newsroom, 1)) == titles(before["topics/grain/archive/1.atom"])
    assert not stones(archive(newsroom, 1))
    assert "Grain 1" not in newsroom.titles()
