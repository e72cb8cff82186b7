"""A week of our polling, by a clock that is turned, against the origin that grades manners."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from aggregator.flow.poll import Orders, PollReport, poll_round
from aggregator.model.feed import FeedStatus, PollState
from aggregator.model.settings import Net
from aggregator.net.fetcher import HttpFetcher
from aggregator.store.engine import open_store
from tests.flow.newsroom import DAY, HOUR, Newsroom, feed
from tests.makers import NOON
from tests.net.conftest import AGENT
from tests.net.shared import shared_tool

pytestmark = pytest.mark.corpus

WEEK = 7 * DAY
LOOK = 1.0  # second of the turned clock between two looks at what is due, as in the daemon
MOST_LOOKS = 5000
HERE = "127.0.0.1"
LEADING_ON = ("301", "302", "303", "307", "308", "redir-mixed")  # each to /ok of its own origin
GIVING = {
    **dict.fromkeys(("ok", "feed304", "weak", "lm-only", "etag-unquoted", "etag-moving"), 1),
    **dict.fromkeys(("etag-stuck", "cc", "no-store", "expires", "ttl", "cookie", "octet"), 1),
    **dict.fromkeys(("wrong-charset", "flap", "dies", *LEADING_ON), 1),
    "226": 5,
}
"""Behaviours that give entries, and how many."""


@dataclass(slots=True, kw_only=True)
class Sky:
    """The clock by which everybody here lives, turned by hand, and how to come by origins."""

    tool: Any
    ends: ExitStack
    now: float = float(NOON)
    origins: list[Any] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def origin(self, **options: Any) -> Any:
        """Start an origin that lives by this clock, and says so in its Date."""
        origin = self.tool.serve(clock=self.clock, **options)
        self.ends.callback(origin.stop)
        self.origins.append(origin)
        return origin

    def faults(self) -> dict[str, dict[str, int]]:
        """Return by feed what the origins found fault with."""
        good = {"requests", "inm_good", "ims_good"}
        graded = [origin.score()["feeds"] for origin in self.origins]
        every = {
            f"{number}{path}": {name: n for name, n in grades.items() if n and name not in good}
            for number, feeds in enumerate(graded)
            for path, grades in feeds.items()
        }
        return {path: faults for path, faults in every.items() if faults}


@contextmanager
def sky() -> Iterator[Sky]:
    tool = shared_tool("bad_origin")
    with ExitStack() as ends:
        here = Sky(tool=tool, ends=ends)
        tool.Handler.date_time_string = lambda *_: formatdate(here.now, usegmt=True)
        tool.Handler.disable_nagle_algorithm = True  # it costs every answer 40 ms here
        yield here


class Desk(Newsroom):
    """The newsroom behind the real fetcher, by the clock of the sky."""

    def __init__(self, sky: Sky, folder: Path, feeds: Mapping[str, str], **net: Any) -> None:
        """Follow these feeds, name to address; their hosts are all on the loopback."""
        super().__init__(open_store(folder / "news.db"))
        sky.ends.callback(self.kit.store.close)
        places = tuple({url.split("/")[2] for url in feeds.values()})
        asked = Net(timeout=1.0, max_body=1_000_000, spacing=0.0, allow=places)
        fetcher = HttpFetcher(asked, AGENT, wall=sky.clock, resolve=lambda *_: [HERE])
        sky.ends.callback(fetcher.close)
        chance = Random(3)
        self.kit = replace(self.kit, fetcher=fetcher, clock=sky.clock, jitter=chance.random)
        self.sky = sky
        self.follow([feed_at(name, url) for name, url in feeds.items()], net=Net(**net))

    def live_until(self, end: float, *, look: float = LOOK) -> list[PollReport]:
        """Poll whatever is due, look after look, as a daemon would, until the clock says so."""
        reports = []
        for _ in range(MOST_LOOKS):
            reports.append(poll_round(self.kit, Orders(owner="test", patience=0.0)))
            with self.kit.store.read() as tx:
                at = tx.feeds.next_claim_at()
            at = end if at is None else max(at, self.sky.now + look)
            if at >= end:
                self.sky.now = end
                return reports
            self.sky.now = at
        raise AssertionError(f"{MOST_LOOKS} looks did not bring the clock to the end")

    def states(self) -> dict[str, PollState]:
        """Return every feed's state by its name."""
        with self.kit.store.read() as tx:
            states = tx.feeds.states()
            return {each.spec.name: states[each.id] for each in tx.feeds.all()}

    def kept(self) -> dict[str, int]:
        """Return how many entries are stored of every feed, by its name."""
        with self.kit.store.read() as tx:
            counts = tx.feeds.counts()
            return {each.spec.name: counts.get(each.id, 0) for each in tx.feeds.all()}

    def statuses(self) -> dict[str, FeedStatus]:
        """Return whether each feed is polled, by its name."""
        with self.kit.store.read() as tx:
            return {each.spec.name: each.status for each in tx.feeds.all()}


def feed_at(name: str, url: str) -> Any:
    return replace(feed(name), url=url)


def at_home(origin: Any, name: str) -> str:
    """Return a behaviour's address on a host of its own, so that no pause is another's."""
    return f"http://{name}.test:{origin.server_port}/{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What a week left behind."""

    sky: Sky
    desk: Desk
    reports: list[PollReport]


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aftermath]:
    """Follow all behaviours for a week.

    They share one host, but for those that lead on to /ok, of which each has an origin, or /ok
    would be asked in the name of seven feeds; and those that never end, so that one can be waited
    for beside another.
    """
    with sky() as here:
        common = here.origin()
        common.bomb()  # half a gigabyte is made on first use: not while somebody waits for it
        feeds = {name: f"{common.base}/{name}" for name in here.tool.BEHAVIOURS}
        feeds |= {name: at_home(here.origin(), name) for name in LEADING_ON}
        feeds |= {name: at_home(common, name) for name in here.tool.ENDLESS}
        desk = Desk(here, tmp_path_factory.mktemp("week"), feeds, workers=8, spacing=1.0)
        yield Aftermath(sky=here, desk=desk, reports=desk.live_until(NOON + WEEK))


def test_a_week_of_polling_has_no_fault(week: Aftermath) -> None:
    assert week.sky.faults() == {}


def test_every_behaviour_is_survived(week: Aftermath) -> None:
    states, statuses = week.desk.states(), week.desk.statuses()
    assert states.keys() == week.sky.tool.BEHAVIOURS.keys()
    assert len(states) > 60
    for name, state in states.items():
        assert state.last_poll_at is not None, name
        assert "internal error" not in (state.problem or ""), name
        if statuses[name] is FeedStatus.ACTIVE:
            assert state.next_poll_at is not None, name
            assert state.last_poll_at >= NOON + WEEK - DAY - HOUR, name
    stopped = {name for name, status in statuses.items() if status is not FeedStatus.ACTIVE}
    assert stopped == {"410", "dies"}


def test_every_healthy_feed_gives_its_entries(week: Aftermath) -> None:
    kept = week.desk.kept()
    asked = Counter(entry["path"] for origin in week.sky.origins for entry in origin.log)
    giving = {**GIVING, "growing": asked["/growing"]}
    assert {name: kept[name] for name in giving} == giving


def test_whoever_fails_is_asked_ever_more_rarely(week: Aftermath) -> None:
    asked = Counter(entry["path"] for origin in week.sky.origins for entry in origin.log)
    for name in ("400", "404", "429bare", "500", "503", "reset", "silent", "html200"):
        assert 7 <= asked[f"/{name}"] <= 13, name
    for name in ("401", "403"):
        assert 7 <= asked[f"/{name}"] <= 11, name
    assert asked["/410"] == 1
    assert asked["/dies"] == 3


def test_a_permanent_move_is_followed_and_a_passing_one_is_not(week: Aftermath) -> None:
    """Checklists 20 to 22."""
    with week.desk.kit.store.read() as tx:
        paths = {each.spec.name: each.spec.url.split("/", 3)[3] for each in tx.feeds.all()}
    assert {name: paths[name] for name in LEADING_ON} == {
        "301": "ok",
        "308": "ok",
        "302": "302",
        "303": "303",
        "307": "307",
        "redir-mixed": "302/mixed",
    }


def test_a_week_of_retry_after_is_a_week_without_a_request(tmp_path: Path) -> None:
    """Checklists 28, 29, 31: the whole host is left alone, in both forms of Retry-After."""
    names = ("429", "429date", "503")
    with sky() as here:
        origin = here.origin(retry_after=WEEK)
        feeds = {name: at_home(origin, name) for name in names}
        for name in names:
            beside = f"http://{name}.test:{origin.server_port}/ok/{name}"
            feeds |= {f"beside-{name}": beside}
        desk = Desk(here, tmp_path, feeds, spacing=1.0)
        desk.live_until(NOON + WEEK - HOUR)
        asked = Counter(entry["path"] for entry in origin.log)
        assert asked == {f"/{name}": 1 for name in names}
        desk.live_until(NOON + WEEK + HOUR)
        again = Counter(entry["path"] for entry in origin.log)
        assert {f"/ok/{name}" for name in names} & again.keys()
        assert here.faults() == {}


def test_forty_feeds_of_one_host_due_together_are_spaced(tmp_path: Path) -> None:
    """Checklist 39."""
    with sky() as here:
        origin = here.origin()
        feeds = {f"ok{n}": f"http://many.test:{origin.server_port}/ok/{n}" for n in range(40)}
        desk = Desk(here, tmp_path, feeds, workers=8, spacing=1.0)
        desk.live_until(NOON + 60, look=0.1)
        begun = sorted(entry["t"] for entry in origin.log)
        assert len(begun) == 40
        assert min(later - at for at, later in pairwise(begun)) >= 1.0


def test_one_host_is_asked_by_one_connection_at_a_time(tmp_path: Path) -> None:
    """Checklist 39, by a real clock: the answers take longer than the spacing."""
    with sky() as here:
        origin = here.origin()
        feeds = {f"ok{n}": f"http://many.test:{origin.server_port}/ok/{n}" for n in range(40)}
        desk = Desk(here, tmp_path, feeds, workers=8, per_host=1, spacing=0.01)
        busy = watched(here.tool, seconds=0.03)
        desk.kit = replace(desk.kit, clock=time.time)
        with desk.kit.store.read() as tx:
            everybody = tuple(each.id for each in tx.feeds.all())
        report = poll_round(desk.kit, Orders(owner="test", feed_ids=everybody))
    assert (report.polled, report.failed) == (40, 0)
    assert max(busy) == 1


def watched(tool: Any, *, seconds: float) -> list[int]:
    """Let every answer take so long; gives how many were under way when each began."""
    busy: list[int] = []
    lock, under_way, answer = threading.Lock(), [0], tool.Handler.do_GET

    def do_get(handler: Any) -> None:
        with lock:
            under_way[0] += 1
            busy.append(under_way[0])
        time.sleep(seconds)
        answer(handler)
        with lock:
            under_way[0] -= 1

    tool.Handler.do_GET = do_get
    return busy


def test_a_week_of_every_behaviour_on_one_host_has_no_fault_either(tmp_path: Path) -> None:
    """Six feeds redirect into a seventh here: it is asked as one feed is."""
    with sky() as here:
        origin = here.origin()
        urls = {url.rsplit("/", 1)[1]: url for url in origin.urls(everything=False)}
        del urls["gzip-bomb"]  # its endless body would take a deadline at each poll
        desk = Desk(here, tmp_path, urls, spacing=1.0)
        desk.live_until(NOON + WEEK)
        statuses = desk.statuses()
        assert here.faults() == {}
        assert [name for name in ("301", "308") if statuses[name] is FeedStatus.PAUSED]
        assert statuses["410"] is FeedStatus.GONE
