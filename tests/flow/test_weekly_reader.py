"""Who reads the feed once a week and follows the archives to the last one they know misses nothing.

Over random histories: items come by dozens or not at all, editors reject, approve and edit them,
feeds are withdrawn and let return, and the feed's length changes.
"""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aggregator.flow.curate import undo, withdraw
from aggregator.model.ids import DecisionId
from aggregator.model.topic import PublishSpec, Verb
from aggregator.store.engine import open_store
from tests.flow.newsroom import HOUR, Newsroom, Told, shown_in, topic
from tests.flow.test_archives import links

BASE = "https://news.lane.test/"
Act = tuple[str, int]

acts = st.tuples(
    st.sampled_from(["tell", "tell", "tell", "reject", "approve", "edit", "withdraw", "return"]),
    st.integers(min_value=0, max_value=7),
)
weeks = st.lists(
    st.tuples(st.lists(acts, max_size=5), st.integers(min_value=1, max_value=4)),
    min_size=1,
    max_size=5,
)


class Desk:
    """A newsroom whose items are called by their number in order of coming."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom = newsroom
        self.told = 0
        self.out: dict[int, DecisionId] = {}  # withdrawals that hold, by the item
        self.returned: set[str] = set()  # titles that were out for a while

    def follow(self, items: int) -> None:
        self.newsroom.follow(["wire"], [topic(match="*", publish=PublishSpec(items=items))])

    def do(self, act: Act) -> None:
        """Do this, to the item of about this number where it is done to one."""
        verb, number = act
        self.newsroom.now += HOUR
        if verb == "tell":
            self._tell(number)
        elif self.told:
            which = max(1, self.told - number)
            getattr(self, f"_{verb}")(which)
        while self.newsroom.publish():
            pass

    def _tell(self, count: int) -> None:
        fresh = range(self.told + 1, self.told + count + 1)
        self.told += count
        self.newsroom.hears("wire", *(self._item(n) for n in reversed(fresh)))

    def _item(self, n: int) -> Told:
        return Told(guid=str(n), title=f"Item {n}", text=f"Words {n}.", at=int(self.newsroom.now))

    def _reject(self, which: int) -> None:
        self._act(Verb.REJECT, which)

    def _approve(self, which: int) -> None:
        self._act(Verb.APPROVE, which)

    def _edit(self, which: int) -> None:
        self._act(Verb.EDIT, which, title=f"Edited {which}")

    def _act(self, verb: Verb, which: int, **payload: str) -> None:
        if which not in self.out:
            self.newsroom.act(verb, f"Item {which}", **payload)

    def _withdraw(self, which: int) -> None:
        if which not in self.out:
            entry = str(self.newsroom.entry(f"Item {which}").id)
            self.out[which] = withdraw(self.newsroom.kit, entry, reason="so", actor="ida")[0].id

    def _return(self, which: int) -> None:
        if self.out:
            number, decision = self.out.popitem()
            undo(self.newsroom.kit, decision, actor="ida")
            self.returned.add(f"Item {number}")

    def visible(self) -> dict[str, str]:
        """Return what is to be seen now: the publisher's title by uri."""
        with self.newsroom.kit.store.read() as tx:
            found = tx.topics.find("grain")
            assert found is not None
            showings = tx.publications.visible(found.id, self.newsroom.now, 10_000)
        return {each.item.uri: each.lead.entry.text.title for each in showings}

    def fetch(self, address: str) -> bytes:
        with self.newsroom.kit.store.read() as tx:
            found = tx.publications.document(address.removeprefix(BASE))
        assert found is not None, f"{address} leads nowhere"
        return found.body


class Reader:
    """Remembers the items and the archives it has read."""

    def __init__(self) -> None:
        self.items: set[str] = set()
        self.archives: set[str] = set()

    def read(self, desk: Desk) -> None:
        """Read the feed, and the archives before it down to the first one known."""
        body = desk.fetch(f"{BASE}topics/grain.atom")
        self.items |= {each.uri for each in shown_in(body)}
        while (older := links(body).get("prev-archive")) and older not in self.archives:
            self.archives.add(older)
            body = desk.fetch(older)
            self.items |= {each.uri for each in shown_in(body)}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(weeks=weeks)
@example(weeks=[([("tell", 1), ("reject", 0), ("tell", 3), ("approve", 7)], 1), ([("tell", 7)], 2)])
@example(weeks=[([("tell", 5), ("withdraw", 1)], 2), ([("return", 0), ("tell", 7)], 1), ([], 4)])
def test_a_weekly_reader_misses_nothing(weeks: list[tuple[list[Act], int]]) -> None:
    store = open_store(":memory:")
    try:
        desk, reader = Desk(Newsroom(store)), Reader()
        desk.follow(weeks[0][1])
        for happened, items in weeks:
            for each in happened:
                desk.do(each)
            desk.follow(items)
            while desk.newsroom.publish():
                pass
            reader.read(desk)
            everything = desk.visible()
            missed = {title for uri, title in everything.items() if uri not in reader.items}
            # What was withdrawn when its archive was read is back there, and not told anew.
            assert missed <= desk.returned
            assert_a_newcomer_reads_all(desk, set(everything))
    finally:
        store.close()


def assert_a_newcomer_reads_all(desk: Desk, everything: set[str]) -> None:
    newcomer = Reader()
    newcomer.read(desk)
    assert newcomer.items >= everything
