from __future__ import annotations

from dataclasses import replace

from aggregator.model.feed import Auth, Origin
from aggregator.model.topic import NewDecision, Tell, Verb
from aggregator.ports import Store
from tests.makers import NOON, a_document, a_match, a_text, a_topic_spec, a_verdict
from tests.store.acts import add_feed, add_topic, publish, tell


def test_a_dirty_topic_waits_for_its_time(store: Store) -> None:
    with store.write() as tx:
        now, later, both = (add_topic(tx, slug).id for slug in ("now", "later", "both"))
        assert tx.publications.next_dirty_at() is None
        tx.publications.mark_dirty(now, NOON)
        tx.publications.mark_dirty(later, NOON + 600.5)
        tx.publications.mark_dirty(both, NOON - 5)
        tx.publications.mark_dirty(both, NOON - 5)
        tx.publications.mark_dirty(both, NOON + 900)
        assert tx.publications.dirty(NOON) == (both, now)
        tx.publications.clean(both, NOON)
        tx.publications.clean(now, NOON)
        assert tx.publications.dirty(NOON) == ()
        assert tx.publications.next_dirty_at() == NOON + 600.5
        assert tx.publications.dirty(NOON + 900) == (later, both)


def test_a_document_is_written_when_its_bytes_changed(store: Store) -> None:
    first = a_document(body=b"\x00one", gzip=b"1", etag='"1"')
    second = a_document(
        body=b"two", gzip=b"2", etag='"2"', content_type="text/xml", kept_at=NOON + 5
    )
    with store.write(durable=True) as tx:
        assert tx.publications.keep(first)
        assert not tx.publications.keep(replace(first, kept_at=NOON + 1))
        assert tx.publications.document(first.path) == first
        assert tx.publications.keep(second)
        assert tx.publications.document(first.path) == second


def test_keeping_the_same_bytes_writes_nothing(store: Store) -> None:
    with store.write() as tx:
        tx.publications.keep(a_document())
    before = store.version()
    with store.write() as tx:
        tx.publications.keep(a_document(kept_at=NOON + 60))
    assert store.version() == before


def test_documents_are_listed_by_path(store: Store) -> None:
    with store.write() as tx:
        for path in ("topics/b.atom", "topics/a.atom"):
            tx.publications.keep(a_document(path=path, etag=f'"{path}"'))
        assert list(tx.publications.paths().items()) == [
            ("topics/a.atom", '"topics/a.atom"'),
            ("topics/b.atom", '"topics/b.atom"'),
        ]


def test_an_item_is_visible_in_its_time(store: Store) -> None:
    with store.write() as tx:
        topic = add_topic(tx)
        kept = tell(tx, "a", feed=add_feed(tx), topic=topic)
        publish(tx, topic, kept, at=NOON, until=NOON + 100)
        shown = [
            len(tx.publications.visible(topic.id, NOON + offset, 10))
            for offset in (-0.5, 0, 99.5, 100)
        ]
        assert shown == [0, 1, 1, 0]


def test_a_showing_is_whole(store: Store) -> None:
    with store.write() as tx:
        topic = add_topic(tx)
        wire, post = add_feed(tx), add_feed(tx, "post")
        first = tell(tx, "a", feed=wire, topic=topic, text=a_text(content="<p>One</p>"))
        lead = tell(tx, "b", feed=post, topic=topic, article_id=first.article_id)
        third = tell(tx, "in no topic", feed=add_feed(tx, "late"), article_id=first.article_id)
        item = publish(tx, topic, lead)
        (showing,) = tx.publications.visible(topic.id, NOON, 10)
        assert showing.item == item
        assert showing.verdict == a_verdict(topic_id=topic.id, article_id=lead.article_id)
        assert showing.lead is showing.sources[0]
        told_by = [source.entry.id for source in showing.sources]
        assert told_by == [lead.entry_id, first.entry_id, third.entry_id]
        assert [source.feed for source in showing.sources[:2]] == [post, wire]
        assert tx.stories.find(showing.story_public_id) == tx.stories.view(first.article_id)
        assert showing.sources[1].entry.text.content == "<p>One</p>"
        assert [source.because for source in showing.sources[:2]] == ["same text", "first"]


def test_items_stand_in_the_order_they_were_published_in(store: Store) -> None:
    with store.write() as tx:
        feed, topic, other = add_feed(tx), add_topic(tx), add_topic(tx, "other")
        for guid, at in (
            ("old", NOON - 9),
            ("tie one", NOON),
            ("tie two", NOON),
            ("new", NOON + 1),
        ):
            publish(tx, topic, tell(tx, guid, feed=feed), at=at)
        publish(tx, other, tell(tx, "elsewhere", feed=feed))

        def shown(limit: int) -> list[str]:
            found = tx.publications.visible(topic.id, NOON + 5, limit)
            return [each.lead.entry.guid for each in found]

        assert shown(10) == ["new", "tie two", "tie one", "old"]
        assert shown(2) == ["new", "tie two"]


def test_a_withdrawn_lead_takes_its_item_down(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        lead, stays = (tell(tx, guid, feed=feed, topic=topic) for guid in "ab")
        publish(tx, topic, lead, at=NOON)
        publish(tx, topic, stays, at=NOON - 5)
        tx.entries.set_withdrawn([lead.entry_id], NOON)
        (showing,) = tx.publications.visible(topic.id, NOON, 1)  # the limit counts what is shown
        assert showing.lead.entry.id == stays.entry_id


def test_a_withdrawn_source_is_credited_no_more(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        lead = tell(tx, "a", feed=feed, topic=topic)
        copy = tell(tx, "b", feed=feed, topic=topic, article_id=lead.article_id)
        publish(tx, topic, lead)
        tx.entries.set_withdrawn([copy.entry_id], NOON)
        (showing,) = tx.publications.visible(topic.id, NOON, 10)
        assert [source.entry.id for source in showing.sources] == [lead.entry_id]


def test_private_feeds_are_never_shown(store: Store) -> None:
    with store.write() as tx:
        topic = add_topic(tx)
        wire = add_feed(tx)
        agency = add_feed(tx, "agency", auth=Auth(basic="env:AGENCY"))
        lead = tell(tx, "a", feed=wire, topic=topic)
        copy = tell(tx, "b", feed=agency, topic=topic, article_id=lead.article_id)
        secret = tell(tx, "c", feed=agency, topic=topic)
        publish(tx, topic, lead)
        publish(tx, topic, secret, at=NOON - 1)
        (showing,) = tx.publications.visible(topic.id, NOON, 10)
        assert [source.entry.id for source in showing.sources] == [lead.entry_id]
        shareable = replace(agency.spec, rights_written=True)
        tx.feeds.change(agency.id, shareable, origin=Origin.FILE)
        first, second = tx.publications.visible(topic.id, NOON, 10)
        assert {source.entry.id for source in first.sources} == {lead.entry_id, copy.entry_id}
        assert second.lead.entry.id == secret.entry_id


def test_an_item_without_a_verdict_is_not_shown(store: Store) -> None:
    with store.write() as tx:
        topic = add_topic(tx)
        kept = tell(tx, "a", feed=add_feed(tx), topic=topic)
        publish(tx, topic, kept)
        tx.topics.drop_verdict(topic.id, kept.article_id)
        assert tx.publications.visible(topic.id, NOON, 10) == ()


def test_pinned_items_are_those_of_the_visible(store: Store) -> None:
    with store.write() as tx:
        feed, topic = add_feed(tx), add_topic(tx)
        plain, pinned, over = (tell(tx, guid, feed=feed, topic=topic) for guid in "abc")
        for kept, until in ((plain, None), (pinned, None), (over, NOON + 1)):
            publish(tx, topic, kept, until=until)
        for kept in (pinned, over):
            tx.topics.keep_verdicts(
                [a_verdict(topic_id=topic.id, article_id=kept.article_id, pinned=True)]
            )
        (showing,) = tx.publications.pinned(topic.id, NOON + 5)
        assert showing.lead.entry.id == pinned.entry_id
        assert showing.verdict.pinned


def test_a_source_is_shown_once_however_it_was_admitted(store: Store) -> None:
    with store.write() as tx:
        topic = add_topic(tx)
        kept = tell(tx, "a", feed=add_feed(tx), topic=topic)
        tx.topics.admit(kept.entry_id, [a_match(topic_id=topic.id)], by_editor=True)
        publish(tx, topic, kept)
        assert len(tx.publications.visible(topic.id, NOON, 10)[0].sources) == 1


def test_an_item_names_no_more_than_the_first_fifty_articles_of_its_story(store: Store) -> None:
    with store.write() as tx:
        feed = add_feed(tx)
        spec = a_topic_spec(slug="whole", tell=Tell.STORIES)
        topic = tx.topics.add(spec, origin=Origin.FILE, now=NOON)
        told = [tell(tx, f"a{n}", feed=feed, topic=topic) for n in range(60)]
        publish(tx, topic, told[55], at=NOON)
        act = tx.topics.decide(NewDecision(at=NOON, actor="ida", verb=Verb.MERGE))
        tx.retelling.merge([each.article_id for each in told], "merged", act.id)
        (showing,) = tx.publications.visible(topic.id, NOON + 1, 9)
        assert showing.sources[0].entry.id == told[55].entry_id
        named = {each.entry.id for each in showing.sources}
        assert named == {each.entry_id for each in (*told[:50], told[55])}
