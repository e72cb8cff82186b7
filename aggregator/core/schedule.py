"""When to ask again: what the server said, what the editor wrote, what manners demand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from aggregator.core.rhythm import QUIET, Rhythm, gap_of_arrivals, rhythm, usual_moments, weekday
from aggregator.model.entry import ParsedFeed
from aggregator.model.exchange import Failed, Fault, Fetched, NotModified, Outcome
from aggregator.model.feed import PollState

MINUTE, HOUR, DAY = 60, 3600, 86400
SOONEST = 15 * MINUTE  # for what a publisher's max-age or ttl invites (DESIGN §7)
WITH_VALIDATORS = HOUR  # checklist 11
WITHOUT_VALIDATORS = 4 * HOUR  # checklist 10 asks 24 h; for news we take 4 h, knowingly
LATEST = DAY
LONGEST_HINT = 7 * DAY  # checklist 18
REFUSED_PAUSE = 4 * HOUR  # 401, 403: checklist 27
THROTTLED_PAUSE = HOUR  # 429 that names no time: checklist 30
DOUBLINGS = 10

ASKED_A_GAP = 6  # times we ask between two entries, within the bounds (benchmarks.rhythm)
AFTER = 5 * MINUTE  # a dated column's usual moment: publishers date first and serve then
EARLY = 2 * HOUR  # what came so little before the usual moment is that day's instalment
LATE = 4 * HOUR  # for so long a missing instalment is waited for
CONFIRMED = 3  # polls that agree on a permanent redirect, or two of them a day apart
PARTIAL = 226  # a body that holds only what is new (RFC 3229)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What is told of one poll to set the next: seconds, `jitter` in 0..1 and only ever added.

    What is None was not told in this poll and stays as the feed's state has it.
    """

    started: float
    every: int | None  # what the editor wrote; None: learnt
    ttl: int | None = None  # what the document asks, a minimum; given as known when none was read
    jitter: float = 0.0
    skip_hours: int | None = None  # a bit for each hour (GMT) in which nobody need ask
    skip_days: int | None = None  # a bit for each day, Monday the lowest
    rhythm: Rhythm | None = None


def told(turn: Turn, document: ParsedFeed) -> Turn:
    """Return the turn with what the document just read asks of us and shows of its rhythm."""
    dates = (entry.published or entry.updated for entry in document.entries)
    return replace(
        turn,
        ttl=document.ttl,
        skip_hours=hours_mask(document.skip_hours),
        skip_days=days_mask(document.skip_days),
        rhythm=rhythm([date for date in dates if date is not None], turn.started),
    )


def heard(state: PollState, *, new: int, turn: Turn) -> PollState:
    """Return the state after a poll that brought `new` entries, one or more.

    A feed that dates nothing shows its rhythm by when its entries arrive.
    """
    gap, since = state.gap, state.last_new_at
    undated = turn.rhythm is None or turn.rhythm.gap is None
    if undated and since is not None:
        gap = gap_of_arrivals(gap, new=new, since=since, now=turn.started)
    return replace(state, gap=gap, last_new_at=turn.started)


def interval_for(state: PollState, turn: Turn, *, fresh_for: float = 0.0) -> int:
    """Return the seconds until the next poll after one that went well and left this state.

    The publisher's wish is a minimum always, and without an editor's word also an invitation
    below the usual bound; within the bounds the feed's rhythm decides (DESIGN §7 "When to ask").

    >>> turn = Turn(started=0, every=None)
    >>> interval_for(PollState(etag='"x"'), turn), interval_for(PollState(), turn)
    (3600, 14400)
    >>> interval_for(PollState(ttl=1800), turn)
    1800
    """
    wish = min(max(fresh_for, state.ttl or 0), LONGEST_HINT)
    if turn.every is not None:
        return ceil(max(turn.every, wish))
    soonest = max(SOONEST, wish) if wish else _usual_bound(state)
    return ceil(max(soonest, _learnt(state, turn, soonest)))


def after_success(
    state: PollState, outcome: Fetched | NotModified, turn: Turn, **more: Any
) -> PollState:
    """Return the state after a 200, 226 or 304. Validators are those of this very answer.

    `more` are fields of the state that the caller knows better; the record is long, and is copied
    twice in all (measured: each copy costs as much as a fifth of the request).
    """
    if isinstance(outcome, NotModified):
        etag = outcome.etag or state.etag
        modified = outcome.last_modified or state.last_modified
        status = 304
    else:
        etag, modified, status = outcome.etag, outcome.last_modified, outcome.status
    known = replace(
        state,
        **_learnt_of(state, turn, status),
        **_move(state, outcome, turn),
        ttl=turn.ttl,
        skip_hours=state.skip_hours if turn.skip_hours is None else turn.skip_hours,
        skip_days=state.skip_days if turn.skip_days is None else turn.skip_days,
        etag=etag,
        last_modified=modified,
    )
    interval = interval_for(known, turn, fresh_for=outcome.caching.fresh_for)
    facts: dict[str, Any] = {
        "next_poll_at": _due(known, turn, max(interval, _pushed_for(state, turn))),
        "interval": interval,
        "fresh_until": turn.started + min(outcome.caching.fresh_for, LONGEST_HINT),
        "last_status": status,
        "last_poll_at": turn.started,
        "last_ok_at": turn.started,
        "failures": 0,
        "problem": None,
    }
    return replace(known, **(facts | more))


def after_failure(state: PollState, outcome: Failed, turn: Turn) -> PollState:
    """Return the state after a poll that gave nothing; validators and hash stay as they were."""
    failures = state.failures + 1
    throttled = outcome.status in (429, 503)
    base = _patience(state, turn)
    doublings = min(failures if throttled else failures - 1, DOUBLINGS)
    wait = float(max(min(base * 2**doublings, LATEST), base))
    if outcome.status in (401, 403):
        wait = max(wait, REFUSED_PAUSE)
    elif throttled:
        wait = max(wait, THROTTLED_PAUSE)
    if outcome.retry_after is not None:
        wait = max(wait, outcome.retry_after)
    gone = outcome.fault is Fault.GONE
    if outcome.moved_to is not None:  # a failure that tells of no move says nothing of moves
        state = moved(state, outcome, turn)
    return replace(
        state,
        next_poll_at=None if gone else _due(state, turn, wait),
        last_status=outcome.status,
        last_poll_at=turn.started,
        failures=failures,
        problem=outcome.problem,
    )


def after_unreadable(state: PollState, outcome: Fetched, problem: str, turn: Turn) -> PollState:
    """Return the state after a body that is no feed: like a failure, and its validators are
    kept out, so that the next poll gets the body again."""
    failed = Failed(fault=Fault.UNREADABLE, problem=problem, status=outcome.status)
    return after_failure(
        replace(state, etag=None, last_modified=None, body_hash=None), failed, turn
    )


def moved(state: PollState, outcome: Outcome, turn: Turn) -> PollState:
    """Return the state with what this answer says of a permanent move; without one it is over.

    Another target begins anew.
    """
    return replace(state, **_move(state, outcome, turn))


def _move(state: PollState, outcome: Outcome, turn: Turn) -> dict[str, Any]:
    to = outcome.moved_to
    if to is None:
        return {"moved_to": None, "moved_count": 0, "moved_since": None}
    if to != state.moved_to:
        return {"moved_to": to, "moved_count": 1, "moved_since": turn.started}
    since = turn.started if state.moved_since is None else state.moved_since
    return {"moved_to": to, "moved_count": state.moved_count + 1, "moved_since": since}


def due_by(state: PollState, every: int) -> float | None:
    """Return when a feed is due that is to be asked so often from now on; None: as it is planned.

    What its publisher asked for when it last answered holds: its max-age, its ttl, its hours.
    """
    if state.last_poll_at is None or state.fresh_until is None or state.failures:
        return None
    at = max(state.last_poll_at + max(every, min(state.ttl or 0, LONGEST_HINT)), state.fresh_until)
    return first_allowed(at, state.skip_hours, state.skip_days)


def confirmed_move(state: PollState, now: float) -> str | None:
    """Return where a feed has moved for good: three polls say so, or two that lie a day apart."""
    if state.moved_count >= CONFIRMED:
        return state.moved_to
    since = now if state.moved_since is None else state.moved_since
    return state.moved_to if state.moved_count > 1 and now - since >= DAY else None


def host_pause(outcome: Outcome, started: float) -> float | None:
    """Return until when the whole host must be left alone (checklist 31), or None.

    A week at the most: whoever has a page on a shared host could silence his neighbours for good.
    The feed that was told to stay away does so for as long as it was told.
    """
    if isinstance(outcome, Failed) and outcome.retry_after:
        return started + min(outcome.retry_after, LONGEST_HINT)
    return None


def hours_mask(hours: Iterable[int]) -> int:
    """Return hours of the day, 0 to 23 (24 is 0), as bits; all of them is absurd, and none.

    >>> bin(hours_mask([3, 24, 25])), hours_mask(range(24))
    ('0b1001', 0)
    """
    return _mask((hour % 24 for hour in hours if 0 <= hour <= 24), 24)


def days_mask(days: Iterable[int]) -> int:
    """Return days of the week, Monday is 0, as bits; all of them is absurd, and none.

    >>> bin(days_mask([5, 6])), days_mask(range(7))
    ('0b1100000', 0)
    """
    return _mask((day for day in days if 0 <= day < 7), 7)


def first_allowed(at: float, skip_hours: int, skip_days: int) -> float:
    """Return `at`, or where it falls into skipped hours or days, when the next allowed hour begins.

    >>> first_allowed(1800.0, hours_mask([0, 1]), 0)
    7200.0
    """
    for hour in range(int(at // HOUR), int(at // HOUR) + 7 * 24):
        if not (skip_hours >> (hour % 24) & 1 or skip_days >> weekday(hour // 24) & 1):
            return max(at, float(hour * HOUR))
    return at


def _mask(bits: Iterable[int], size: int) -> int:
    mask = sum(1 << bit for bit in set(bits))
    return 0 if mask == (1 << size) - 1 else mask


def _usual_bound(state: PollState) -> int:
    return WITH_VALIDATORS if state.etag or state.last_modified else WITHOUT_VALIDATORS


def _patience(state: PollState, turn: Turn) -> int:
    """Return the seconds after which a feed that failed once is tried again."""
    wish = min(state.ttl or 0, LONGEST_HINT)
    if turn.every is not None:
        return max(turn.every, wish)
    return min(state.interval, max(_usual_bound(state), wish))


def _learnt_of(state: PollState, turn: Turn, status: int) -> dict[str, Any]:
    """A whole document shows the rhythm; dates that tell no gap leave what arrivals taught."""
    seen = turn.rhythm
    if seen is None or status == PARTIAL:
        return {}
    gap = state.gap if seen.gap is None else seen.gap
    return {"gap": gap, "usual_at": seen.usual_at, "usual_days": seen.usual_days}


def _learnt(state: PollState, turn: Turn, soonest: float) -> float:
    """Return the seconds until asking again is worth it, at most a day."""
    now = turn.started
    newest = turn.rhythm.newest if turn.rhythm is not None else None
    told_at = [at for at in (newest, state.last_new_at) if at is not None and at <= now]
    silence = now - max(told_at, default=now)
    gap = max(state.gap or 0, silence / QUIET)  # who falls silent is asked more and more rarely
    pace = min(max(gap / ASKED_A_GAP, soonest), LATEST)
    if state.usual_at is None or not state.usual_days:
        return pace
    last, coming = usual_moments(state.usual_at, state.usual_days, now - AFTER)
    ahead = coming + AFTER - now
    if told_at and max(told_at) >= last - EARLY:
        return _split(ahead, min(2 * pace, LATEST))
    return min(ahead, soonest if now - last <= LATE else pace)


def _split(span: float, longest: float) -> float:
    """Return the longest wait that, taken again and again, ends at the end of the span."""
    return span / ceil(span / longest)


def _pushed_for(state: PollState, turn: Turn) -> float:
    """Return how long a hub's news let us off polling: a day at most, and within its lease."""
    return min((state.pushed_until or 0) - turn.started, LATEST)


def _due(state: PollState, turn: Turn, wait: float) -> float:
    """Return when to ask next: never before the wait is over, and in an hour that is allowed."""
    due = turn.started + wait + turn.jitter * _spread(state, turn, wait)
    allowed = first_allowed(due, state.skip_hours, state.skip_days)
    return allowed if allowed == due else allowed + turn.jitter * 5 * MINUTE


def _spread(state: PollState, turn: Turn, wait: float) -> float:
    """Return how many seconds chance may add.

    Feeds that were all overdue together, after a long stop or when they were added, are spread
    over a quarter of an hour, or they would all come together again.
    """
    late = DAY if state.last_poll_at is None else turn.started - (state.next_poll_at or 0)
    return max(min(wait / 20, 5 * MINUTE), min(late, wait / 4, SOONEST))
