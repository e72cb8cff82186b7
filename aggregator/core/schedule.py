"""When to ask again: what the server said, what the editor wrote, what manners demand."""

from __future__ import annotations

from dataclasses import dataclass, replace

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What is told of one poll to set the next: seconds, `jitter` in 0..1 and only ever added."""

    started: float
    every: int | None  # what the editor wrote; None: learnt
    ttl: int | None = None  # what the document asks, a minimum
    jitter: float = 0.0


def interval_for(turn: Turn, *, validators: bool, fresh_for: float) -> int:
    """Return the seconds between two polls that go well.

    The publisher's wish is a minimum always, and without an editor's word also an invitation
    below the hour; DESIGN §7 "When to ask".

    >>> interval_for(Turn(started=0, every=None), validators=True, fresh_for=0)
    3600
    >>> interval_for(Turn(started=0, every=None, ttl=1800), validators=True, fresh_for=0)
    1800
    """
    wish = min(max(fresh_for, turn.ttl or 0), LONGEST_HINT)
    if turn.every is not None:
        return int(max(turn.every, wish))
    if wish:
        return int(max(SOONEST, wish))
    return WITH_VALIDATORS if validators else WITHOUT_VALIDATORS


def after_success(state: PollState, outcome: Fetched | NotModified, turn: Turn) -> PollState:
    """Return the state after a 200, 226 or 304. Validators are those of this very answer."""
    if isinstance(outcome, NotModified):
        etag = outcome.etag or state.etag
        modified = outcome.last_modified or state.last_modified
        status = 304
    else:
        etag, modified, status = outcome.etag, outcome.last_modified, outcome.status
    interval = interval_for(
        turn, validators=bool(etag or modified), fresh_for=outcome.caching.fresh_for
    )
    moved = outcome.moved_to
    return replace(
        state,
        next_poll_at=_later(turn, interval),
        interval=interval,
        ttl=turn.ttl,
        etag=etag,
        last_modified=modified,
        last_status=status,
        last_poll_at=turn.started,
        last_ok_at=turn.started,
        failures=0,
        problem=None,
        moved_to=moved,
        moved_count=state.moved_count + 1
        if moved and moved == state.moved_to
        else int(bool(moved)),
    )


def after_failure(state: PollState, outcome: Failed, turn: Turn) -> PollState:
    """Return the state after a poll that gave nothing; validators and hash stay as they were."""
    failures = state.failures + 1
    base = turn.every or state.interval
    wait = float(min(base * 2 ** min(failures - 1, DOUBLINGS), LATEST))
    wait = max(wait, base)
    if outcome.status in (401, 403):
        wait = max(wait, REFUSED_PAUSE)
    elif outcome.status == 429:
        wait = max(wait, THROTTLED_PAUSE)
    if outcome.retry_after is not None:
        wait = max(wait, outcome.retry_after)
    gone = outcome.fault is Fault.GONE
    return replace(
        state,
        next_poll_at=None if gone else _later(turn, wait),
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


def host_pause(outcome: Outcome, started: float) -> float | None:
    """Return until when the whole host must be left alone (checklist 31), or None."""
    if isinstance(outcome, Failed) and outcome.retry_after:
        return started + outcome.retry_after
    return None


def _later(turn: Turn, wait: float) -> float:
    return turn.started + wait + turn.jitter * min(wait * 0.05, 300.0)
