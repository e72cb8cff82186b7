"""What the holder of a token reads, and goes on reading under the same ids."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.core.text import clean_line
from aggregator.core.tokens import Standing, standing
from aggregator.errors import NotFound, QueryError, StoreFull, UsageError
from aggregator.flow.private import Asked, query_feed, topic_feed
from aggregator.flow.retelling import merge
from aggregator.flow.tokens import Issued, Uses, addresses, create, opened, revoke, rotate
from aggregator.model.correction import Corrections
from aggregator.model.ids import TopicId
from aggregator.model.topic import Mode, PublishSpec, SourceTrust, Tell, Verb
from tests.flow.newsroom import (
    HOUR,
    LONG,
    Newsroom,
    Shown,
    Told,
    failing_once,
    feed,
    fetched,
    shown_in,
    topic,
)
from tests.makers import NOON

AGENCY = feed("agency", auth=True)


def give(newsroom: Newsroom, **said: object) -> Issued:
    said = {"query": True, "private": True, **said}
    return create(newsroom.kit, "Ida", **said)  # type: ignore[arg-type]


def asked(issued: Issued, ending: str = "atom") -> Asked:
    return Asked(token=issued.token, secret=issued.secret, ending=ending)


def read(newsroom: Newsroom, issued: Issued, slug: str = "grain") -> list[Shown]:
    body = topic_feed(newsroom.kit, asked(issued), slug)
    assert body is not None
    return shown_in(body)


def ask(newsroom: Newsroom, issued: Issued, query: str) -> list[Shown]:
    return shown_in(query_feed(newsroom.kit, asked(issued), query))


def titles(shown: list[Shown]) -> list[str]:
    return [each.title for each in shown]


def test_a_token_shows_what_is_public_under_the_same_ids(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1", title="Old grain"))
    newsroom.now += HOUR
    newsroom.hears("wire", Told(guid="2", title="New grain"))
    for private in (False, True):
        assert read(newsroom, give(newsroom, private=private)) == newsroom.shown()


def test_only_a_token_that_may_shows_private_feeds(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", AGENCY], [topic()])
    newsroom.hears("agency", Told(guid="1", title="Agency grain"))
    newsroom.now += HOUR
    newsroom.hears("wire", Told(guid="2", title="Wire grain"))
    newsroom.now += HOUR
    newsroom.hears("agency", Told(guid="3", title="More agency grain", text="Pilots wait."))
    allowed, plain = give(newsroom), give(newsroom, private=False)
    assert titles(read(newsroom, allowed)) == ["More agency grain", "Wire grain", "Agency grain"]
    assert titles(read(newsroom, plain)) == ["Wire grain"] == newsroom.titles()
    assert titles(ask(newsroom, plain, "grain")) == ["Wire grain"]
    found = ["Agency grain", "More agency grain", "Wire grain"]
    assert sorted(titles(ask(newsroom, allowed, "grain"))) == found
    for ending in ("atom", "rss", "json"):
        for body in (
            topic_feed(newsroom.kit, asked(plain, ending), "grain"),
            query_feed(newsroom.kit, asked(plain, ending), "grain"),
        ):
            assert body is not None and b"gency" not in body
        told = topic_feed(newsroom.kit, asked(allowed, ending), "grain")
        assert told is not None and b"Agency" in told
        assert b"agency.example/feed.xml" not in told  # the address may hold a key


def test_a_private_story_keeps_its_id_and_place_when_public_sources_join(
    newsroom: Newsroom,
) -> None:
    newsroom.follow(["wire", AGENCY], [topic()])
    issued = give(newsroom)
    newsroom.hears("agency", Told(guid="1", title="Agency grain", text=LONG))
    newsroom.now += HOUR
    newsroom.hears("wire", Told(guid="2", title="Other grain", text="Oats."))
    before = {each.title: each.uri for each in read(newsroom, issued)}
    newsroom.now += HOUR
    newsroom.hears("wire", Told(guid="3", title="Wire grain", text=LONG))
    after = read(newsroom, issued)
    assert {each.title: each.uri for each in after} == before
    assert titles(after) == ["Other grain", "Agency grain"]
    assert after[1].credits("Agency", "Wire"), after[1].html
    assert titles(newsroom.shown()) == ["Wire grain", "Other grain"]


def test_a_private_source_that_joins_is_credited_to_who_may_see_it(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", AGENCY], [topic()])
    newsroom.hears("wire", Told(guid="1", title="Wire grain", text=LONG))
    newsroom.hears("agency", Told(guid="2", title="Agency grain", text=LONG))
    (public,) = newsroom.shown()
    (plain,) = read(newsroom, give(newsroom, private=False))
    (allowed,) = read(newsroom, give(newsroom))
    assert public.credits("Wire") and plain == public
    assert allowed.credits("Wire", "Agency"), allowed.html
    assert replace(allowed, html="") == replace(public, html="")


def test_what_editors_say_of_a_private_story_holds(newsroom: Newsroom) -> None:
    newsroom.follow([AGENCY], [topic(mode=Mode.REVIEW)])
    issued = give(newsroom)
    newsroom.hears("agency", Told(guid="1", title="Agency grain"))
    assert read(newsroom, issued) == []
    newsroom.act(Verb.APPROVE, "Agency grain")
    newsroom.act(Verb.EDIT, "Agency grain", title="Better grain")
    assert titles(read(newsroom, issued)) == ["Better grain"]
    newsroom.act(Verb.REJECT, "Agency grain")
    assert read(newsroom, issued) == []
    assert titles(ask(newsroom, issued, "agency")) == ["Agency grain"]


def test_a_private_story_waits_for_its_topics_delay(newsroom: Newsroom) -> None:
    newsroom.follow([AGENCY], [topic(publish=PublishSpec(delay=600))])
    issued = give(newsroom)
    newsroom.hears("agency", Told(guid="1", title="Agency grain"))
    newsroom.now += 599
    assert read(newsroom, issued) == []
    newsroom.now += 1
    assert titles(read(newsroom, issued)) == ["Agency grain"]


def test_an_embargo_holds_for_private_stories_too(newsroom: Newsroom) -> None:
    newsroom.follow([AGENCY], [topic()])
    issued = give(newsroom)
    newsroom.hears("agency", Told(guid="1", title="Agency grain"))
    later = int(newsroom.now) + HOUR
    newsroom.act(Verb.APPROVE, "Agency grain", visible_from=str(later))
    assert read(newsroom, issued) == [] == ask(newsroom, issued, "grain")
    newsroom.now = later
    assert titles(read(newsroom, issued)) == ["Agency grain"] == titles(ask(newsroom, issued, "*"))


def test_a_query_does_not_tell_before_its_time_what_waits_in_a_topic(newsroom: Newsroom) -> None:
    newsroom.follow(
        ["wire"], [topic("late", publish=PublishSpec(delay=600)), topic("oats", "oats")]
    )
    issued = give(newsroom)
    newsroom.hears(
        "wire",
        Told(guid="1", title="Rye alone", text="A grain."),
        Told(guid="2", title="Grain and oats", text="Both."),
        Told(guid="3", title="Neither", text="Of them."),
    )
    assert sorted(titles(ask(newsroom, issued, "*"))) == ["Grain and oats", "Neither"]
    newsroom.now += 600
    assert len(ask(newsroom, issued, "*")) == 3


def test_a_private_feed_that_needs_approval_leads_nothing_before(newsroom: Newsroom) -> None:
    asks = PublishSpec(sources=(SourceTrust(feed="agency", delay=None),))
    newsroom.follow(["wire", AGENCY], [topic(publish=asks)])
    issued = give(newsroom)
    newsroom.hears("agency", Told(guid="1", title="Agency grain", text=LONG))
    assert read(newsroom, issued) == []
    newsroom.hears("wire", Told(guid="2", title="Wire grain", text=LONG))
    assert titles(read(newsroom, issued)) == ["Wire grain"]
    newsroom.hears("agency", Told(guid="3", title="More agency grain", text="Pilots."))
    assert titles(read(newsroom, issued)) == ["Wire grain"]
    newsroom.act(Verb.APPROVE, "More agency grain")
    assert titles(read(newsroom, issued)) == ["More agency grain", "Wire grain"]


def test_a_private_feed_trusted_at_once_waits_for_no_delay(newsroom: Newsroom) -> None:
    trusted = PublishSpec(delay=600, sources=(SourceTrust(feed="agency", delay=0),))
    newsroom.follow([AGENCY], [topic(publish=trusted)])
    newsroom.hears("agency", Told(guid="1", title="Agency grain"))
    assert titles(read(newsroom, give(newsroom))) == ["Agency grain"]


def test_what_is_corrected_or_withdrawn_is_told_as_in_public(newsroom: Newsroom) -> None:
    marks = replace(feed("wire"), corrections=Corrections.MARK)
    newsroom.follow([marks, AGENCY], [topic()])
    told = Told(guid="1", title="Wire grain"), Told(guid="2", title="Oats, grain", text="Rye.")
    newsroom.hears("wire", *told)
    newsroom.now += HOUR
    newsroom.hears("wire", replace(told[0], text="Ships left the port at noon."), told[1])
    issued = give(newsroom)
    assert "Corrected" in newsroom.shown()[-1].html + newsroom.shown()[0].html
    assert read(newsroom, issued) == newsroom.shown()
    with newsroom.kit.store.write() as tx:
        tx.entries.set_withdrawn([newsroom.entry("Oats, grain").id], int(newsroom.now))
        (lane,) = tx.topics.all()
        tx.publications.mark_dirty(lane.id, newsroom.now)
    newsroom.publish()
    public, own = newsroom.document("grain").body, topic_feed(newsroom.kit, asked(issued), "grain")
    assert own is not None
    assert public.count(b"deleted-entry ") == own.count(b"deleted-entry ") == 1


def test_a_topics_feed_leads_to_its_public_archives(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(publish=PublishSpec(items=2))])
    newsroom.hears(
        "wire", *(Told(guid=f"{n}", title=f"Grain {n}", text=f"W{n}.") for n in range(5))
    )
    body = topic_feed(newsroom.kit, asked(give(newsroom)), "grain")
    assert body is not None
    assert b'href="https://news.lane.test/topics/grain/archive/2.atom"' in body
    assert b"prev-archive" in body


def test_a_withdrawn_private_entry_is_in_no_document(newsroom: Newsroom) -> None:
    newsroom.follow([AGENCY], [topic()])
    issued = give(newsroom)
    newsroom.hears("agency", Told(guid="1", title="Agency grain"))
    with newsroom.kit.store.write() as tx:
        tx.entries.set_withdrawn([newsroom.entry("Agency grain").id], int(newsroom.now))
    assert read(newsroom, issued) == [] == ask(newsroom, issued, "grain")


def test_a_topic_of_stories_shows_private_reports_as_one_item(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", AGENCY], [topic(tell=Tell.STORIES)])
    newsroom.hears("agency", Told(guid="1", title="Agency grain"))
    newsroom.hears("wire", Told(guid="2", title="Wire oats, grain", text="Other words here."))
    ids = [newsroom.entry(name).article_id for name in ("Agency grain", "Wire oats, grain")]
    merge(newsroom.kit, [f"s{each}" for each in ids], actor="ida", why="")
    newsroom.publish()
    (shown,) = read(newsroom, give(newsroom))
    assert shown.credits("Agency", "Wire") or shown.credits("Wire", "Agency"), shown.html
    assert newsroom.titles() == ["Wire oats, grain"]


def test_a_feed_that_becomes_private_goes_on_under_its_id(newsroom: Newsroom) -> None:
    newsroom.follow(["agency"], [topic()])
    newsroom.hears("agency", Told(guid="1", title="Agency grain"))
    (before,) = newsroom.shown()
    newsroom.follow([AGENCY], [topic()])
    newsroom.publish()
    assert newsroom.titles() == []
    (after,) = read(newsroom, give(newsroom))
    assert after.uri == before.uri


def test_a_query_tells_each_article_once_under_a_lasting_id(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "blog"], [topic()])
    issued = give(newsroom)
    newsroom.hears("wire", Told(guid="1", title="Wire grain", text=LONG))
    (first,) = ask(newsroom, issued, "grain")
    assert first.uri == newsroom.shown()[0].uri
    newsroom.now += HOUR
    newsroom.hears("blog", Told(guid="2", title="Blog grain", text=LONG, at=int(newsroom.now)))
    (joined,) = ask(newsroom, issued, "grain")
    assert (joined.uri, joined.title) == (first.uri, "Wire grain")
    assert joined.credits("Wire", "Blog"), joined.html
    (other,) = ask(newsroom, issued, "grain feed:blog")
    assert (other.uri, other.title) == (first.uri, "Blog grain")


def test_a_query_reaches_what_no_topic_holds_and_the_newest_fifty(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"])
    issued = give(newsroom)
    now = int(newsroom.now)
    newsroom.hears(
        "wire",
        *(
            Told(guid=f"g{n}", title=f"Oats number {n}", text=f"Word{n} here.", at=now - n * HOUR)
            for n in range(60)
        ),
    )
    shown = ask(newsroom, issued, "oats")
    assert titles(shown) == [f"Oats number {n}" for n in range(50)]
    assert titles(ask(newsroom, issued, "oats age>58h")) == ["Oats number 59"]


def test_two_feeds_that_claim_one_id_are_told_apart(newsroom: Newsroom) -> None:
    one = "tag:wire.example,2026:1"
    newsroom.follow([feed("wire"), replace(feed("second"), url="https://wire.example/2.xml")])
    issued = give(newsroom)
    newsroom.hears("wire", Told(guid=one, title="Grain one", text="Alpha."))
    other = fetched("wire", Told(guid=one, title="Oats, not grain", url="https://wire.example/o"))
    newsroom.net.answers["https://wire.example/2.xml"] = other
    newsroom.poll("second")
    shown = ask(newsroom, issued, "grain")
    assert len(shown) == 2
    assert {each.title: each.uri for each in shown}["Grain one"] == one
    assert len({each.uri for each in shown}) == 2


def test_an_edit_at_the_source_dates_the_item_anew(newsroom: Newsroom) -> None:
    newsroom.follow([AGENCY], [topic()])
    issued = give(newsroom)
    newsroom.hears("agency", Told(guid="1", title="Agency grain"))
    (before,) = read(newsroom, issued)
    newsroom.now += HOUR
    newsroom.hears("agency", Told(guid="1", title="Agency grain, mended"))
    (after,) = read(newsroom, issued)
    assert (after.uri, after.title) == (before.uri, "Agency grain, mended")
    assert after.updated > before.updated
    assert ask(newsroom, issued, "mended")[0].updated == after.updated


def test_the_same_state_gives_the_same_bytes(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", AGENCY], [topic()])
    newsroom.hears("agency", Told(guid="1", title="Agency grain", text=LONG))
    newsroom.hears("wire", Told(guid="2", title="Wire grain", text=LONG), Told(guid="3"))
    issued = give(newsroom)

    def all_bytes() -> list[bytes | None]:
        return [
            body
            for ending in ("atom", "rss", "json")
            for body in (
                topic_feed(newsroom.kit, asked(issued, ending), "grain"),
                query_feed(newsroom.kit, asked(issued, ending), "grain"),
            )
        ]

    before = all_bytes()
    newsroom.now += 120
    assert all_bytes() == before and all(before)


def test_a_private_document_names_its_own_address_and_no_hub(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears("wire", Told(guid="1"))
    issued = give(newsroom)
    root = f"https://news.lane.test/feeds/{issued.secret}"
    for ending in ("atom", "rss", "json"):
        body = topic_feed(newsroom.kit, asked(issued, ending), "grain")
        assert body is not None and f"{root}/grain.{ending}".encode() in body
        found = query_feed(newsroom.kit, asked(issued, ending), 'title:"grain corridor" OR a&b<')
        assert f"{root}/q.{ending}?q=title%3A%22grain+corridor%22+OR+a%26b%3C".encode() in found
        for each in (body, found):
            assert b'rel="hub"' not in each and b'"hubs"' not in each
            assert f"tag:news.lane.test,2026:feeds/{issued.token.id}/".encode() in each or (
                ending == "rss"
            )


def test_a_query_that_cannot_be_asked_says_where(newsroom: Newsroom) -> None:
    issued = give(newsroom)
    with pytest.raises(QueryError, match="at character"):
        query_feed(newsroom.kit, asked(issued), "grain titel:x")


def test_a_topic_there_is_not_is_no_document(newsroom: Newsroom) -> None:
    assert topic_feed(newsroom.kit, asked(give(newsroom)), "nowhere") is None


def test_a_secret_is_told_once_and_never_kept(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    issued = give(newsroom, topics=("grain", "grain"), lasts=60)
    with newsroom.kit.store.read() as tx:
        (kept,) = tx.tokens.all()
        assert opened(tx, issued.secret, NOON) == kept == issued.token
        assert opened(tx, issued.secret + "x", NOON) is None
        assert opened(tx, issued.secret, NOON + 60) is None
    assert len(issued.secret) == 43 and issued.secret not in repr(kept)
    assert kept.topics == (TopicId(1),)
    root = f"https://news.lane.test/feeds/{issued.secret}"
    assert addresses(newsroom.kit, issued) == (f"{root}/grain.atom", f"{root}/q.atom?q=%2A")


def test_another_secret_ends_the_old_one_and_keeps_the_ids(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    first = give(newsroom)
    second = rotate(newsroom.kit, first.token.hint)
    with newsroom.kit.store.read() as tx:
        assert opened(tx, first.secret, NOON) is None
        assert opened(tx, second.secret, NOON) == second.token
    assert second.token.id == first.token.id
    bodies = [topic_feed(newsroom.kit, asked(each), "grain") for each in (first, second)]
    ids = [clean_line(f"{body!r}").split("<id>")[1].split("<")[0] for body in bodies]
    assert ids[0] == ids[1]


def test_a_token_that_is_over_is_not_woken(newsroom: Newsroom) -> None:
    issued, late = give(newsroom), give(newsroom, lasts=60)
    ended = revoke(newsroom.kit, str(issued.token.id))
    assert standing(ended, NOON) is Standing.REVOKED
    assert revoke(newsroom.kit, str(issued.token.id)) == ended
    newsroom.now += 60
    for each, word in ((issued, "revoked"), (late, "expired")):
        with pytest.raises(UsageError, match=word):
            rotate(newsroom.kit, str(each.token.id))
    with pytest.raises(NotFound):
        revoke(newsroom.kit, "nobody")


def test_tokens_that_begin_alike_are_named_by_number(newsroom: Newsroom) -> None:
    for letter in "ab":
        create(newsroom.kit, "Ida", mint=lambda letter=letter: "same00" + letter * 40)  # type: ignore[misc]
    with pytest.raises(UsageError, match="tokens 1, 2 begin"):
        revoke(newsroom.kit, "same00")


@pytest.mark.parametrize("label", ["", "  ", "x" * 201])
def test_a_token_says_whose_it_is(newsroom: Newsroom, label: str) -> None:
    with pytest.raises(UsageError, match="label"):
        create(newsroom.kit, label)


def test_uses_are_written_once_a_minute_and_none_is_lost(newsroom: Newsroom) -> None:
    token, clock = give(newsroom).token, [0.0]
    uses = Uses(lambda: clock[0])
    assert uses.wait() == 0.0
    uses.note(token, NOON + 1)
    newsroom.kit.store.before_commit = failing_once(StoreFull("no space"))  # type: ignore[attr-defined]
    uses.tell(newsroom.kit)
    assert uses.wait() == 60.0
    clock[0] = 60.0
    assert uses.wait() == 0.0
    uses.tell(newsroom.kit)
    with newsroom.kit.store.read() as tx:
        assert tx.tokens.all()[0].last_used_at == NOON + 1


@pytest.mark.parametrize("tell", Tell)
def test_a_query_shows_the_report_that_matched_and_names_none_under_embargo(
    newsroom: Newsroom, tell: Tell
) -> None:
    newsroom.follow(["wire", "post"], [topic(mode=Mode.REVIEW, tell=tell)])
    newsroom.hears("wire", Told(guid="1", title="Grain deal signed", text="One two three."))
    newsroom.hears("post", Told(guid="2", title="Wheat and grain move", text="Other words."))
    newsroom.act(Verb.APPROVE, "Grain deal signed", visible_from=str(int(newsroom.now) + HOUR))
    newsroom.act(Verb.APPROVE, "Wheat and grain move")
    entries = (newsroom.entry(title) for title in ("Grain deal signed", "Wheat and grain move"))
    with newsroom.kit.store.read() as tx:
        stories = [f"s{tx.stories.of_entry(each.id)}" for each in entries]
    merge(newsroom.kit, stories, actor="ida")
    newsroom.publish()
    issued = give(newsroom)
    (shown,) = ask(newsroom, issued, "wheat")
    assert shown.title == "Wheat and grain move" and "wire.example" not in shown.html
    assert ask(newsroom, issued, "deal") == []
    assert not any("wire.example" in each.html for each in read(newsroom, issued))
    newsroom.now += HOUR
    (shown,) = ask(newsroom, issued, "wheat")
    assert shown.title == "Wheat and grain move" and "wire.example" in shown.html
    (shown,) = ask(newsroom, issued, "deal")
    assert shown.title == "Grain deal signed"
