"""What is out when: the newsroom's whole programme as a pure function of time.

Every article and every copy has its place in one endless row of reports. The first stretch is
out before the newsroom opens; from then on one more comes out every `drip` seconds. When the
drawer is empty the row starts over with numbered bulletins, so no guid ever returns.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import zip_longest
from operator import itemgetter

from aggregator.demo.articles import Article, Copy, articles, slug_of
from aggregator.demo.outlets import OUTLETS

SHELF = 15
"""How many reports a feed shows at most."""

BULLETIN = "-bulletin-"
"""What stands in an address between its words and the number of a repeated report."""

PUT_RIGHT = 20.0
"""Seconds after the opening at which what was misprinted before is put right."""

COPY_LAG = 2.5
"""After how many other reports a copy follows its original."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One telling of an article in one outlet's feed."""

    position: int  # in the endless row, from 0
    outlet: str
    slug: str  # of its own page, or of the page it links to
    path: str  # of what it links to, from the origin's root, with any query
    guid: str
    article: Article
    title: str | None  # None: a column, whose headline is the day it comes out
    edition: int  # of the column: 2 and more when a day has had one before
    bulletin: int  # 1 the first time round
    offset: float  # seconds after the newsroom opened; negative: before
    corrected: float | None = None  # seconds after it, when a misprint was put right

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The whole text; every copy of an article in one bulletin reads the same."""
        opening: tuple[str, ...] = ()
        if self.bulletin > 1:
            opening = (
                f"Bulletin {self.bulletin}. The sample newsroom has come to the end of its "
                "drawer and sends this invented report once more.",
            )
        if not self.article.column:
            return opening + self.article.paragraphs
        closing = (f"Blog Keywords: {self.article.keywords}", "Blog Posts: Global Lane")
        return (*opening, self.article.title, *self.article.paragraphs, *closing)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slot:
    article: Article
    copy: Copy | None = None
    seconds_ago: float | None = None  # None: it drips

    @property
    def outlet(self) -> str:
        return self.article.outlet if self.copy is None else self.copy.outlet

    @property
    def own_page(self) -> bool:
        return self.copy is None or self.copy.title is not None

    @property
    def title(self) -> str | None:
        if self.article.column:
            return None
        return self.copy.title if self.copy and self.copy.title else self.article.title

    @property
    def slug(self) -> str:
        if self.copy is not None and self.copy.title is not None:
            return slug_of(self.copy.title)
        return f"global-lane-{self.article.slug}" if self.article.column else self.article.slug


def released(elapsed: float, *, drip: float) -> int:
    """Return how many reports are out `elapsed` seconds after the newsroom opened."""
    return first_batch() + max(0, int(elapsed // drip))


def edition_at(elapsed: float, *, drip: float) -> tuple[Report, ...]:
    """Return what stands in the feeds then: the newest `SHELF` of each outlet, oldest first."""
    room = {outlet.key: SHELF for outlet in OUTLETS if not outlet.gone}
    shown: list[Report] = []
    for position in reversed(range(released(elapsed, drip=drip))):
        report = _printed(report_at(position, drip=drip), elapsed)
        if room[report.outlet]:
            room[report.outlet] -= 1
            shown.append(report)
        if not any(room.values()):
            break
    return tuple(reversed(shown))


def page_report(outlet: str, slug: str, elapsed: float, *, drip: float) -> Report | None:
    """Return the report whose own page this is, if it is out by then."""
    plain, _, number = slug.partition(BULLETIN)
    place = _pages().get((outlet, plain))
    if place is None or not re.fullmatch(r"[0-9]{0,9}", number):
        return None
    position = (int(number or 1) - 1) * len(_row()) + place
    if not 0 <= position < released(elapsed, drip=drip):
        return None
    report = report_at(position, drip=drip)
    return _printed(report, elapsed) if report.slug == slug else None


def _printed(report: Report, elapsed: float) -> Report:
    """Return a report as it reads then: what is out before the opening may have a misprint."""
    misprint = report.article.misprint
    if misprint is None or report.offset >= 0:
        return report
    if elapsed >= PUT_RIGHT:
        return replace(report, corrected=PUT_RIGHT)
    right, wrong = misprint
    paragraphs = tuple(each.replace(right, wrong) for each in report.article.paragraphs)
    return replace(report, article=replace(report.article, paragraphs=paragraphs))


@cache
def first_batch() -> int:
    """Return how many reports are out before the newsroom opens."""
    return sum(slot.seconds_ago is not None for slot in _row())


def report_at(position: int, *, drip: float) -> Report:
    """Return the report at a place in the endless row, counted from 0."""
    turn, place = divmod(position, len(_row()))
    slot, bulletin = _row()[place], turn + 1
    if turn == 0 and slot.seconds_ago is not None:
        offset = -slot.seconds_ago
    else:
        offset = (position - first_batch() + 1) * drip
    again = bulletin > 1
    slug = f"{slot.slug}{BULLETIN}{bulletin}" if again else slot.slug
    host = slot.outlet if slot.own_page else slot.article.outlet
    query = f"?{slot.copy.query}" if slot.copy and slot.copy.query else ""
    return Report(
        position=position,
        outlet=slot.outlet,
        slug=slug,
        path=f"/{host}/{slug}{query}",
        guid=f"{slot.outlet}/{slug}" + ("" if slot.own_page else "/shared"),
        article=slot.article,
        title=f"{slot.title} (bulletin {bulletin})" if slot.title and again else slot.title,
        edition=_edition(turn, place),
        bulletin=bulletin,
        offset=offset,
    )


@cache
def _row() -> tuple[_Slot, ...]:
    """One turn of the programme."""
    return (*_first(), *_dripping())


def _first() -> list[_Slot]:
    """What is out before the newsroom opens, oldest first."""
    slots: list[_Slot] = []
    for article in articles():
        if article.hours_ago is not None:
            for number, copy in enumerate((None, *article.copies)):
                # A copy takes a fifth of the original's age to follow it.
                ago = article.hours_ago * 3600 * (1 - number / 5)
                slots.append(_Slot(article=article, copy=copy, seconds_ago=ago))
    return sorted(slots, key=lambda slot: -(slot.seconds_ago or 0))


def _dripping() -> list[_Slot]:
    """What comes out one by one: each outlet's first article, then each one's second …"""
    drawers: dict[str, list[Article]] = {outlet.key: [] for outlet in OUTLETS}
    for article in articles():
        if article.hours_ago is None:
            drawers[article.outlet].append(article)
    rounds = (article for pile in zip_longest(*drawers.values()) for article in pile if article)
    keyed: list[tuple[float, _Slot]] = []
    for place, article in enumerate(rounds):
        for number, copy in enumerate((None, *article.copies)):
            keyed.append((place + number * COPY_LAG, _Slot(article=article, copy=copy)))
    return [slot for _, slot in sorted(keyed, key=itemgetter(0))]


@cache
def _pages() -> dict[tuple[str, str], int]:
    return {(slot.outlet, slot.slug): place for place, slot in enumerate(_row()) if slot.own_page}


def _edition(turn: int, place: int) -> int:
    """Columns are counted from today's first one, the last of the first batch."""
    if not _row()[place].article.column:
        return 1
    columns = [slot.seconds_ago is not None for slot in _row() if slot.article.column]
    before = sum(slot.article.column for slot in _row()[: place + 1])
    return turn * len(columns) + before - sum(columns) + 1
