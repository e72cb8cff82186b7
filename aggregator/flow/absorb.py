"""Keep what one poll brought: identity, story, tags, topics and validators in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

from aggregator.core.dates import iso_day
from aggregator.core.drafting import Books, Draft, clean_feed_line, draft
from aggregator.core.identity import assign, identify, lookup_hashes
from aggregator.core.intake import decide
from aggregator.core.schedule import after_failure, after_success, after_unreadable, heard, told
from aggregator.core.urls import absolute
from aggregator.core.websub import after_ping
from aggregator.flow.filing import Desk, homes, is_free, redraw, redraw_archives, refresh_articles
from aggregator.flow.kit import Kit
from aggregator.flow.pages import page_texts, want_pages
from aggregator.flow.polled import Absorbed, Overtaken, Polled
from aggregator.flow.push import heed_arrivals, heed_hubs
from aggregator.flow.recalling import recall_of
from aggregator.flow.upkeep import TAKEN_BACK, move, pass_on, taken_back, with_move
from aggregator.formats.reading import READERS
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Failed, Fetched
from aggregator.model.feed import Feed, PollRecord, PollState
from aggregator.model.intake import Blocks, Intake
from aggregator.ports import Tx

log = logging.getLogger(__name__)


def prepare(tx: Tx, arrived: Polled, parsed: ParsedFeed, books: Books) -> Polled:
    """Draft the entries that look new or revised, before the writer is asked for.

    Cleaning HTML is the dear part; entries whose digest is known never pay for it. An entry that
    cannot be drafted is told in `spoilt` and stops no other.
    """
    feed, now = learned(arrived.claim.feed, parsed), int(arrived.turn.started)
    identified = identify(parsed.entries, books.tracking)
    known = tx.entries.known(feed.id, lookup_hashes(identified))
    keyed = assign(identified, known)
    pages = page_texts(tx, feed, keyed, known)
    drafts: dict[int, Draft] = {}
    spoilt: dict[int, str] = {}
    for each in keyed:
        if each.key_hash in known and known[each.key_hash].digest == each.digest:
            continue
        try:
            page = pages.get(each.key_hash, "")
            drafts[each.key_hash] = draft(each, feed, books, first_seen=now, page=page)
        except Exception as error:  # a bug of ours must cost one entry, not its feed
            log.exception("could not draft an entry", extra={"feed": feed.spec.name})
            spoilt[each.key_hash] = f"entry {each.key!r}: {error!r}"
    return replace(
        arrived,
        turn=told(arrived.turn, parsed),
        parsed=replace(parsed, entries=()),
        seen=len(parsed.entries),
        digests={each.key_hash: each.digest for each in keyed},
        known=known,
        drafts=drafts,
        spoilt=spoilt,
    )


def absorb(kit: Kit, tx: Tx, polled: Polled, blocks: Blocks, desk: Desk) -> Absorbed:
    """Keep one turn: entries, stories, verdicts and validators together, or nothing.

    Raises `Overtaken` when the claim no longer holds; the caller rolls back, the memory of stories
    (`trying`) included.
    """
    feed, turn = polled.claim.feed, polled.turn
    intake, state, to = Intake(), state_after(polled), None
    if polled.parsed is not None:
        feed = learned(feed, polled.parsed)
        desk.feeds[feed.id], desk.homes[feed.id] = feed, homes(tx, feed)
        intake = _decide(tx, feed, polled, blocks, homes=desk.homes[feed.id], kit=kit)
        state = _having_seen(state, polled, intake)
    if state.moved_to is not None or state.notice is not None:
        state, to = with_move(tx, feed, state, turn.started)
    # While the claim holds nobody else kept this feed: what was known of its entries when they
    # were drafted is known still.
    if not tx.feeds.settle(polled.claim, state):
        raise Overtaken(feed.spec.name)
    if polled.parsed is not None:
        _keep(tx, polled, intake, blocks, desk)
        kit.stories.kept(tx, intake)
    if not polled.pushed:
        _heed_hubs(tx, polled, feed, intake, desk.homes.get(feed.id, frozenset()))
        pass_on(tx, polled)
        tx.feeds.log_poll(_record(polled, intake, state.problem))
    if to is not None:
        move(tx, feed, to)
    return Absorbed(
        feed=feed,
        outcome=polled.outcome,
        new=len(intake.arrivals),
        revised=len(intake.changes),
        stories=sum(each.article_id is None for each in intake.arrivals),
        problem=state.problem,
        unusable=polled.unreadable is not None,
    )


def _having_seen(state: PollState, polled: Polled, intake: Intake) -> PollState:
    """What a document's entries add to what we know of its feed."""
    if intake.notice is not None:
        log.warning("a flood", extra={"feed": polled.claim.feed.spec.name, "told": intake.notice})
        state = replace(state, notice=f"{iso_day(int(polled.turn.started))}: {intake.notice}")
    if intake.arrivals:
        state = heard(state, new=len(intake.arrivals), turn=polled.turn)
    if polled.misread:
        state = replace(state, tolerant=True)
    return state


def state_after(polled: Polled) -> PollState:
    """Return the feed's poll state by what its turn gave; validators of a body that was read."""
    state, outcome, turn = polled.claim.state, polled.outcome, polled.turn
    if polled.pushed:  # what could not be used of it, a poll may bring better
        return after_ping(state, turn.started) if polled.parsed is None else state
    if isinstance(outcome, Failed):
        return after_failure(state, outcome, turn)
    if not isinstance(outcome, Fetched):
        return after_success(state, outcome, turn, problem=_of_document(state))
    if polled.unreadable is not None:
        return after_unreadable(state, outcome, polled.unreadable, turn)
    if polled.spoilt:
        return _without_validators(after_success(state, outcome, turn), polled.spoilt)
    problem = polled.parsed.problem if polled.parsed is not None else _of_document(state)
    facts = {"body_hash": polled.body_hash, "read_by": READERS, "problem": problem}
    return after_success(state, outcome, turn, **facts)


def _of_document(state: PollState) -> str | None:
    """What was wrong with the document last read holds while it stays; a failed poll is over."""
    return state.problem if state.failures == 0 else None


def _without_validators(after: PollState, spoilt: Mapping[int, str]) -> PollState:
    """Validators stand for every entry of a body: while one is not kept, it is asked for anew."""
    first, *others = spoilt.values()
    more = f", and {len(others)} more" if others else ""
    problem = f"could not be kept: {first}{more}"
    return replace(after, etag=None, last_modified=None, body_hash=None, problem=problem)


def learned(feed: Feed, parsed: ParsedFeed) -> Feed:
    """Return the feed with what its publisher says of itself, cleaned."""
    site = absolute(parsed.site_url, feed.spec.url) if parsed.site_url else None
    icon = absolute(parsed.icon, feed.spec.url) if parsed.icon else None
    return replace(
        feed,
        title=clean_feed_line(parsed.title) or feed.title,
        site_url=site or feed.site_url,
        lang=clean_feed_line(parsed.lang) or feed.lang,
        icon=icon or feed.icon,
    )


def _decide(
    tx: Tx, feed: Feed, polled: Polled, blocks: Blocks, *, homes: frozenset[str], kit: Kit
) -> Intake:
    now, memory = int(polled.turn.started), kit.stories
    fresh = any(key not in polled.known for key in polled.drafts)
    stories = memory.stories(tx, kit.settings, now) if fresh else None
    intake = decide(
        feed,
        {key: digest for key, digest in polled.digests.items() if key not in polled.spoilt},
        polled.known,
        polled.drafts.__getitem__,
        recall_of(tx, feed, memory, stories, now),
        homes=homes,
        blocks=blocks,
        last_visit=polled.claim.state.last_ok_at,
        now=now,
    )
    return intake


def _keep(tx: Tx, polled: Polled, intake: Intake, blocks: Blocks, desk: Desk) -> None:
    before, now = polled.claim.feed, int(polled.turn.started)
    feed = desk.feeds[before.id]
    if feed != before:
        tx.feeds.learn(
            feed.id, title=feed.title, site_url=feed.site_url, lang=feed.lang, icon=feed.icon
        )
    gone, given = taken_back(tx, polled, intake)
    if not (intake or gone or given):
        return
    kept = tx.entries.keep(intake)
    want_pages(tx, feed, [each.entry_id for each in kept if each.new], polled.turn.started)
    if gone or given:
        tx.entries.take_back(gone, now, TAKEN_BACK)
        # What editors keep out meanwhile comes back by no publisher's word.
        tx.entries.explain_withdrawn(given, None)
        tx.entries.set_withdrawn([each for each in given if is_free(tx, each, blocks)], None)
    stories = [each.article_id for each in kept] + [each.into for each in intake.merges]
    found = (tx.stories.of_entry(entry_id) for entry_id in (*gone, *given))
    stories += [article_id for article_id in found if article_id is not None]
    refresh_articles(tx, desk, stories, now)
    redraw(tx, stories, now)
    out = [each.entry_id for each in intake.changes if each.withdrawn is not None]
    if gone or given or out:
        redraw_archives(tx, (*gone, *given, *out), now)


def _heed_hubs(tx: Tx, polled: Polled, feed: Feed, intake: Intake, homes: frozenset[str]) -> None:
    """What a document says of hubs, and its news of those that should have brought them."""
    if polled.parsed is None or not isinstance(polled.outcome, Fetched):
        return
    now, found = polled.turn.started, [each.text.published_at for each in intake.arrivals]
    heed_hubs(tx, feed, polled.outcome, polled.parsed, homes, now=now)
    heed_arrivals(tx, feed.id, polled.claim.state, found, now=now)


def _record(polled: Polled, intake: Intake, problem: str | None) -> PollRecord:
    outcome = polled.outcome
    fetched = outcome if isinstance(outcome, Fetched) else None
    if isinstance(outcome, Failed):
        status = outcome.status
    else:
        status = fetched.status if fetched is not None else 304
    return PollRecord(
        feed_id=polled.claim.feed.id,
        at=polled.turn.started,
        status=status,
        ms=outcome.ms,
        bytes=fetched.wire_bytes if fetched is not None else 0,
        seen=polled.seen,
        new=len(intake.arrivals),
        revised=len(intake.changes),
        problem=problem,
    )
