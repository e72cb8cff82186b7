"""The programme: what is out when, without a socket and without a wait."""

from __future__ import annotations

from collections import Counter, defaultdict

from hypothesis import given
from hypothesis import strategies as st

from aggregator.demo.articles import articles
from aggregator.demo.outlets import BY_KEY, OUTLETS
from aggregator.demo.programme import (
    PUT_RIGHT,
    SHELF,
    Report,
    edition_at,
    first_batch,
    page_report,
    released,
    report_at,
)
from aggregator.demo.words import headline, published

OPENED = 1_795_365_000.0  # 22 November 2026, 16:30 UTC
DRIP = 4.0
LONG = 1000  # reports: about ten turns of the programme
LIVING = [outlet.key for outlet in OUTLETS if not outlet.gone]


def row(count: int = LONG) -> list[Report]:
    return [report_at(position, drip=DRIP) for position in range(count)]


def first_turn() -> list[Report]:
    return [report for report in row() if report.bulletin == 1]


def titles(elapsed: float, outlet: str) -> list[str]:
    edition = edition_at(elapsed, drip=DRIP)
    return [headline(report, OPENED) for report in edition if report.outlet == outlet]


def test_there_is_enough_to_read_for_many_minutes() -> None:
    assert len(articles()) >= 70
    assert (len(first_turn()) - first_batch()) * DRIP > 4 * 60


def test_every_text_is_long_enough_to_be_told_apart_by_its_body() -> None:
    short = [a.slug for a in articles() if sum(len(p.split()) for p in a.paragraphs) < 40]
    assert short == []


def test_every_copy_names_an_outlet_and_is_either_a_link_or_a_reprint() -> None:
    copies = [(article, copy) for article in articles() for copy in article.copies]
    assert all(copy.outlet in LIVING and copy.outlet != told.outlet for told, copy in copies)
    assert all((copy.query is None) != (copy.title is None) for _, copy in copies)


def test_every_outlet_has_something_from_the_start() -> None:
    assert {report.outlet for report in edition_at(0, drip=DRIP)} == set(LIVING)


def test_the_first_batch_holds_todays_column_and_four_past_days() -> None:
    columns = [title for title in titles(0, "tollgate-observer") if title.startswith("Global Lane")]
    assert columns == [f"Global Lane – {day} Nov 2026" for day in (18, 19, 20, 21, 22)]


def test_a_new_column_comes_out_within_the_first_minute_and_is_told_from_the_days_first() -> None:
    assert "Global Lane – 22 Nov 2026, edition 2" in titles(60, "tollgate-observer")


def test_a_column_is_dated_by_the_day_it_comes_out() -> None:
    late = [report for report in row() if report.article.column and report.offset > 0]
    before_midnight = OPENED + 7.4 * 3600
    assert headline(late[0], before_midnight).startswith("Global Lane – 22 Nov 2026")
    assert headline(late[-1], before_midnight).startswith("Global Lane – 23 Nov 2026")


def test_a_column_ends_with_its_closing_fields() -> None:
    column = next(report for report in row() if report.article.column)
    assert column.paragraphs[-2].startswith("Blog Keywords: ")
    assert column.paragraphs[-1] == "Blog Posts: Global Lane"


def test_the_first_batch_lies_in_the_past_and_the_rest_comes_one_by_one() -> None:
    offsets = [report.offset for report in row()]
    assert all(offset < 0 for offset in offsets[: first_batch()])
    assert offsets[first_batch() :] == [DRIP * n for n in range(1, LONG - first_batch() + 1)]
    assert offsets == sorted(offsets)


def test_no_guid_and_no_page_ever_returns() -> None:
    reports = row()
    guids = Counter((report.outlet, report.guid) for report in reports)
    links = Counter((report.outlet, report.path) for report in reports)
    assert max(guids.values()) == max(links.values()) == 1


def test_a_repeated_report_says_which_bulletin_it_is() -> None:
    again = row()[len(first_turn())]
    assert again.bulletin == 2
    assert again.paragraphs[0].startswith("Bulletin 2.")
    assert all(
        report.title is None or report.title.endswith("(bulletin 2)")
        for report in row()
        if report.bulletin == 2
    )


def test_the_first_batch_tells_one_story_in_three_feeds_fit_for_two_topics() -> None:
    told = [r for r in edition_at(0, drip=DRIP) if r.article.slug == "grain-corridor-reopens"]
    assert {report.outlet for report in told} == {
        "orrowmark-wire",
        "caskwater-ledger",
        "quillhaven-courier",
    }
    assert {"world", "trade"} <= set(told[0].article.tags)
    assert "grain corridor" in " ".join(told[0].paragraphs)


def test_a_shared_link_differs_from_the_original_by_tracking_only() -> None:
    shared = [report for report in first_turn() if "?" in report.path]
    originals = {report.path: report for report in first_turn() if "?" not in report.path}
    assert len(shared) >= 8
    for report in shared:
        original = originals[report.path.partition("?")[0]]
        assert "utm_source=" in report.path
        assert original.outlet != report.outlet
        assert original.position < report.position


def test_a_reprint_has_its_own_title_and_address_and_the_same_words() -> None:
    tellings: dict[str, list[Report]] = defaultdict(list)
    for report in first_turn():
        if "?" not in report.path:
            tellings[report.article.slug].append(report)
    reprinted = [told for told in tellings.values() if len(told) > 1]
    assert len(reprinted) >= 8
    for told in reprinted:
        assert len({report.title for report in told}) == len(told)
        assert len({report.path for report in told}) == len(told)
        assert len({report.paragraphs for report in told}) == 1
        assert all(BY_KEY[report.outlet].full_text for report in told)


@given(st.integers(0, 3000), st.sampled_from([0.25, 1.0, 4.0]))
def test_as_many_are_out_as_have_had_their_time(count: int, drip: float) -> None:
    elapsed = count * drip
    out = released(elapsed, drip=drip)
    assert report_at(out - 1, drip=drip).offset <= elapsed < report_at(out, drip=drip).offset


@given(st.floats(-100, 20_000), st.floats(0, 20_000))
def test_an_edition_only_ever_gains_and_keeps_the_newest(elapsed: float, more: float) -> None:
    now, later = edition_at(elapsed, drip=DRIP), edition_at(elapsed + more, drip=DRIP)
    assert edition_at(elapsed, drip=DRIP) == now
    assert all(count <= SHELF for count in Counter(report.outlet for report in now).values())
    assert [report.position for report in now] == sorted(report.position for report in now)
    for outlet in LIVING:
        was = {report.position for report in now if report.outlet == outlet}
        new = {report.position for report in later if report.outlet == outlet}
        assert all(position < min(new) for position in was - new)


def test_a_misprint_is_put_right_in_the_first_minute() -> None:
    (early,), (late,) = (
        [each for each in edition_at(at, drip=DRIP) if each.article.slug == "night-pilot"]
        for at in (PUT_RIGHT - 1, PUT_RIGHT)
    )
    assert "ten in the evening" in early.article.paragraphs[0]
    assert "two in the morning" in late.article.paragraphs[0]
    assert (early.corrected, late.corrected) == (None, PUT_RIGHT)
    page = page_report(late.outlet, late.slug, PUT_RIGHT, drip=DRIP)
    assert page == late and PUT_RIGHT < 60


def test_a_page_is_there_from_its_release_on() -> None:
    report = row()[-1]
    while "?" in report.path:
        report = report_at(report.position - 1, drip=DRIP)
    outlet, slug = report.path.strip("/").split("/")
    assert report.bulletin > 1
    assert page_report(outlet, slug, report.offset - 0.1, drip=DRIP) is None
    assert page_report(outlet, slug, report.offset, drip=DRIP) == report


def test_only_one_address_leads_to_a_page() -> None:
    key, slug = "orrowmark-wire", "grain-corridor-reopens"
    assert page_report(key, slug, 5000, drip=DRIP)
    for other in ("-bulletin-1", "-bulletin-02", "-bulletin-0", "-bulletin--2", "-bulletin-"):
        assert page_report(key, slug + other, 5000, drip=DRIP) is None
    assert page_report(key, f"{slug}-bulletin-{'9' * 5000}", 5000, drip=DRIP) is None
    assert page_report("caskwater-ledger", slug, 5000, drip=DRIP) is None


def test_dates_count_from_the_opening() -> None:
    report = report_at(first_batch(), drip=DRIP)
    assert published(report, OPENED) == OPENED + DRIP
