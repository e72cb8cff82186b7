"""Explain, preview and contracts say what the pipeline does: they ask the code that decides."""

from __future__ import annotations

import pytest

from aggregator.errors import NotFound, QueryError
from aggregator.flow.curate import withdraw
from aggregator.flow.explain import explain
from aggregator.flow.preview import contracts, preview
from aggregator.flow.search import search
from aggregator.model.explanation import Explanation
from aggregator.model.topic import Expect, Mode, PublishSpec, Verb
from tests.flow.newsroom import DAY, HOUR, LONG, Newsroom, Told, topic
from tests.makers import NOON


def told(newsroom: Newsroom, title: str, slug: str = "grain") -> Explanation:
    return explain(newsroom.kit, str(newsroom.entry(title).id), slug)


def step(explanation: Explanation, name: str) -> tuple[str, str]:
    return next((each.result, each.because) for each in explanation.steps if each.step == name)


def test_it_tells_why_a_story_is_in(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()], tags={"port": ("port",)})
    newsroom.hears("wire", Told(guid="1", title="Grain", text=LONG))
    newsroom.hears("post", Told(guid="2", title="Grain too", text=LONG))
    answer = told(newsroom, "Grain too")
    assert answer.inside
    assert step(answer, "fetch")[0] == "from feed post"
    article = f"s{newsroom.entry('Grain').article_id}"
    assert step(answer, "article") == (
        f"{article}, 1 copy beside it",
        f"same text as entry {newsroom.entry('Grain').id}",
    )
    assert step(answer, "story")[0] == f"{article}, told by 2 sources"
    assert step(answer, "tag")[0] == "port"
    assert step(answer, "rule")[0] == "matches"
    assert step(answer, "verdict")[0] == "published"
    assert step(answer, "edition") == ("shown", f"as {newsroom.shown()[0].uri}")


def test_it_tells_why_a_story_is_out(newsroom: Newsroom) -> None:
    newsroom.follow(
        ["wire"],
        [
            topic(match="wheat"),
            topic("review", "*", mode=Mode.REVIEW),
            topic("late", "*", publish=PublishSpec(delay=600)),
            topic("all", "*", publish=PublishSpec(items=1)),
        ],
    )
    newsroom.hears("wire", Told(guid="1", title="Rye", text="."))
    newsroom.now += HOUR
    newsroom.hears("wire", Told(guid="2", title="Oats", text="."))
    out = told(newsroom, "Oats")
    assert not out.inside
    assert step(out, "rule")[0] == "does not match"
    assert step(out, "verdict")[0] == "none"
    waiting = told(newsroom, "Oats", "review")
    assert (waiting.inside, step(waiting, "verdict")[0]) == (False, "new")
    late = told(newsroom, "Oats", "late")
    assert (late.inside, step(late, "edition")[0]) == (False, "not shown yet")
    assert "out on 2026-11-22 13:10 UTC (in 10 min)" in step(late, "edition")[1]
    pushed_out = told(newsroom, "Rye", "all")
    assert (pushed_out.inside, step(pushed_out, "edition")[0]) == (False, "not shown any more")
    assert [each.headline for each in (out, late, pushed_out, told(newsroom, "Oats", "all"))] == [
        "not in",
        "not yet in",
        "published, but no more in",
        "in",
    ]

    newsroom.act(Verb.REJECT, "Oats", "all")
    rejected = told(newsroom, "Oats", "all")
    assert (rejected.inside, step(rejected, "editor")[0]) == (False, "reject")
    assert step(rejected, "verdict")[0] == "rejected"

    withdraw(newsroom.kit, "wire", reason="asked to", actor="ida")
    newsroom.publish()
    assert not told(newsroom, "Rye", "late").inside


@pytest.mark.parametrize("match", ["grain", "wheat", "* NOT feed:post", "title:grain OR feed:post"])
def test_it_agrees_with_what_is_published(newsroom: Newsroom, match: str) -> None:
    newsroom.follow(["wire", "post"], [topic(match=match)])
    newsroom.hears("wire", Told(guid="1", title="Grain"), Told(guid="2", title="Wheat", text="."))
    newsroom.hears("post", Told(guid="3", title="Grain too"), Told(guid="4", title="Rye", text="."))
    published = set(newsroom.titles())
    for entry in newsroom.entries():
        assert told(newsroom, entry.text.title).inside is (entry.text.title in published)


def test_a_preview_counts_and_compares(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(mode=Mode.REVIEW)])
    now = int(newsroom.now)
    newsroom.hears(
        "wire",
        Told(guid="1", title="Grain", at=now - DAY),
        Told(guid="2", title="Wheat", text=".", at=now - DAY),
        Told(guid="3", title="Old grain", at=now - 40 * DAY),
    )
    newsroom.hears("post", Told(guid="4", title="Grain and wheat", at=now - HOUR))
    version = newsroom.kit.store.version()

    asked = preview(newsroom.kit, "grain", match="wheat")
    assert asked.asked == 3
    assert [hit.title for hit in asked.hits] == ["Grain and wheat", "Wheat"]
    assert (asked.joined, asked.left) == (1, 1)
    assert dict(asked.per_feed) == {"wire": 1, "post": 1}
    assert sum(count for _, count in asked.per_day) == 2

    saved = preview(newsroom.kit, "grain", days=60)
    assert [hit.title for hit in saved.hits] == ["Grain and wheat", "Grain", "Old grain"]
    assert (saved.joined, saved.left) == (0, 0)
    assert newsroom.kit.store.version() == version, "a preview writes nothing"


def test_a_preview_refuses_what_is_no_rule(newsroom: Newsroom) -> None:
    newsroom.follow([], [topic()])
    with pytest.raises(QueryError):
        preview(newsroom.kit, "grain", match="title:")
    with pytest.raises(QueryError):
        preview(newsroom.kit, "grain", match="age<3d")
    with pytest.raises(NotFound):
        preview(newsroom.kit, "nope")


def test_a_preview_holds_what_a_saved_rule_would(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="nothing")])
    newsroom.hears("wire", *(Told(guid=str(n), title=f"{w} {n}") for n, w in enumerate("abcab")))
    seen = {hit.title for hit in preview(newsroom.kit, "grain", match="title:a OR title:b").hits}
    newsroom.follow(["wire"], [topic(match="title:a OR title:b")])
    newsroom.publish()
    assert seen == set(newsroom.titles())


def test_contracts_hold_or_say_why_not(newsroom: Newsroom) -> None:
    expect = Expect(
        inside=("https://wire.example/1", "https://wire.example/2", "https://wire.example/9"),
        outside=("https://wire.example/1",),
    )
    newsroom.follow(["wire"], [topic(expect=expect)])
    newsroom.hears("wire", Told(guid="1", title="Grain"), Told(guid="2", title="Wheat", text="."))
    kept = {(each.url[-1], each.expected): each for each in contracts(newsroom.kit)}
    assert kept["1", True].holds
    assert not kept["2", True].holds
    assert not kept["1", False].holds
    assert kept["9", True].unseen


def test_search_finds_what_is_stored_and_nothing_withdrawn(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic()])
    newsroom.hears(
        "wire", Told(guid="1", title="Grain élan"), Told(guid="2", title="Wheat", text=".")
    )
    assert [each.entry.text.title for each in search(newsroom.kit, "elan").entries] == [
        "Grain élan"
    ]
    assert [
        each.entry.text.title for each in search(newsroom.kit, "feed:wire NOT grain").entries
    ] == ["Wheat"]
    withdraw(newsroom.kit, str(newsroom.entry("Wheat").id), reason="x", actor="ida")
    assert search(newsroom.kit, "wheat").entries == ()
    with pytest.raises(QueryError):
        search(newsroom.kit, "title:")


def test_search_tells_a_first_polls_entries_newest_first(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic()])
    for name in ("wire", "post"):
        told_at = [
            Told(guid=f"{name}{n}", title=f"Grain {n}", at=NOON - n * HOUR) for n in (1, 3, 2)
        ]
        newsroom.hears(name, *told_at)
    titles = [each.entry.text.title[-1] for each in search(newsroom.kit, "grain").entries]
    assert titles == ["1", "1", "2", "2", "3", "3"]
    assert [each.entry.text.title for each in search(newsroom.kit, "grain", limit=1).entries] == [
        "Grain 1"
    ]
