"""Reports of one piece of news, from the poll to what is published."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aggregator.flow.explain import explain
from aggregator.flow.retelling import merge
from aggregator.model.settings import SeriesSpec
from aggregator.model.topic import Tell, TopicSpec, Verb
from aggregator.system import bring_into_line
from aggregator.web.telling import StoryPage, story_page
from tests.flow.newsroom import DAY, HOUR, LONG, Newsroom, Told, topic
from tests.makers import NOON

SEA = (
    "Rescue boats reached the burning ferry Hestia off Corfu before dawn and took 214 passengers "
    "to Igoumenitsa, the Greek coast guard said."
)
SEA_AGAIN = (
    "All 214 passengers of the ferry Hestia, burning off Corfu since the night, are in "
    "Igoumenitsa; the coast guard calls it a rescue without example."
)
BANK = "The central bank of Norway raised its key rate by a quarter point to 4.5 percent today."


def stories(newsroom: Newsroom) -> list[set[str]]:
    with newsroom.kit.store.read() as tx:
        return [
            {source.entry.text.title for source in view.sources}
            for view in reversed(tx.stories.newest(limit=100))
        ]


def a_ferry_and_a_bank(newsroom: Newsroom) -> None:
    newsroom.hears("wire", Told(guid="1", title="Ferry Hestia burns off Corfu", text=SEA))
    newsroom.hears("post", Told(guid="2", title="Corfu: burning ferry, 214 saved", text=SEA_AGAIN))
    newsroom.hears("herald", Told(guid="3", title="Norway raises its key rate", text=BANK))


def told_by_story(**changes: object) -> TopicSpec:
    return replace(topic(match="*"), tell=Tell.STORIES, **changes)  # type: ignore[arg-type]


def test_reports_of_one_event_are_one_story_and_articles_of_their_own(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post", "herald"], [topic(match="*")])
    a_ferry_and_a_bank(newsroom)
    assert stories(newsroom) == [
        {"Ferry Hestia burns off Corfu", "Corfu: burning ferry, 214 saved"},
        {"Norway raises its key rate"},
    ]
    shown = {each.title: each for each in newsroom.shown()}
    assert len(shown) == 3
    assert "More reports:" in shown["Ferry Hestia burns off Corfu"].html
    assert "More reports:" not in shown["Norway raises its key rate"].html


def test_another_report_changes_neither_id_nor_date(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(match="*")])
    newsroom.hears("wire", Told(guid="1", title="Ferry Hestia burns off Corfu", text=SEA))
    (before,) = newsroom.shown()
    newsroom.now += HOUR
    newsroom.hears("post", Told(guid="2", title="Corfu: burning ferry, 214 saved", text=SEA_AGAIN))
    after = next(each for each in newsroom.shown() if each.uri == before.uri)
    assert (after.updated, after.published) == (before.updated, before.published)
    assert "More reports:" in after.html


def test_a_topic_that_tells_stories_folds_reports_into_one_item(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post", "herald"], [told_by_story()])
    a_ferry_and_a_bank(newsroom)
    shown = {each.title: each for each in newsroom.shown()}
    assert set(shown) == {"Ferry Hestia burns off Corfu", "Norway raises its key rate"}
    assert "Also at:" in shown["Ferry Hestia burns off Corfu"].html


def test_telling_copies_again_brings_the_folded_back_under_their_ids(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post", "herald"], [topic(match="*")])
    a_ferry_and_a_bank(newsroom)
    before = {each.title: each.uri for each in newsroom.shown()}
    newsroom.follow(["wire", "post", "herald"], [told_by_story()])
    newsroom.publish()
    assert len(newsroom.shown()) == 2
    newsroom.follow(["wire", "post", "herald"], [topic(match="*")])
    newsroom.publish()
    assert {each.title: each.uri for each in newsroom.shown()} == before


def test_a_text_that_others_shorten_is_told_once(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(match="*")])
    longer = f"{LONG} The harbour master said that the pilots would rest on Sunday, come what may."
    newsroom.hears("wire", Told(guid="1", title="Ships leave the port again", text=longer))
    newsroom.hears("post", Told(guid="2", title="Grain: first ships leave", text=LONG))
    (item,) = newsroom.shown()
    assert "Also at:" in item.html
    with newsroom.kit.store.read() as tx:
        (view,) = tx.stories.newest(limit=9)
    assert "nearly the text of entry" in view.sources[1].because


def test_what_is_older_than_the_window_stands_for_itself(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(match="*")])
    old = newsroom.now - 100 * HOUR
    newsroom.hears(
        "wire", Told(guid="1", title="Ferry Hestia burns off Corfu", text=SEA, at=int(old))
    )
    newsroom.hears(
        "post", Told(guid="2", title="Corfu: burning ferry, 214 saved", text=SEA_AGAIN, at=int(old))
    )
    assert len(stories(newsroom)) == 2


def test_a_new_process_knows_the_stories_of_the_window(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post", "herald"], [topic(match="*")])
    newsroom.hears("wire", Told(guid="1", title="Ferry Hestia burns off Corfu", text=SEA))
    newsroom.kit = replace(newsroom.kit, stories=type(newsroom.kit.stories)())
    bring_into_line(newsroom.kit)
    newsroom.hears("post", Told(guid="2", title="Corfu: burning ferry, 214 saved", text=SEA_AGAIN))
    assert len(stories(newsroom)) == 1


def test_a_topic_never_shows_the_text_of_a_site_it_leaves_out(newsroom: Newsroom) -> None:
    everything = topic("all", "*")
    without = replace(told_by_story(), slug="calm", match="NOT site:wire.example")
    newsroom.follow(["wire", "post"], [everything, without])
    newsroom.hears("wire", Told(guid="1", title="Ferry Hestia burns off Corfu", text=SEA))
    newsroom.hears("post", Told(guid="2", title="Corfu: burning ferry, 214 saved", text=SEA_AGAIN))
    assert len(stories(newsroom)) == 1
    (item,) = newsroom.shown("calm")
    assert item.title == "Corfu: burning ferry, 214 saved"
    assert "coast guard said" not in item.html
    assert "Ferry Hestia burns" not in newsroom.document("calm").body.decode()


COLUMN = (
    "The world in one calm column, as every day. Grain: prices held in {place}, where the harbour "
    "worked through the night. Money: {name} spoke to the committee and nobody was surprised. "
    "Weather: rain in the north, dust in the south. Write to the desk if you miss something; we "
    "read every letter, though we cannot answer all of them. Until tomorrow, the desk."
)
LANE = SeriesSpec(name="Global Lane", any=(("title", "Global Lane"),))
PLACES = "Odesa Mombasa Rotterdam Rosario Santos Novorossiysk Kakinada Houston Paranaguá Dakar"
NAMES = "Adeyemi Bergström Chen Dubois Eriksen Fonseca Gupta Haddad Ito Jankowska"


def instalment(day: int) -> Told:
    place, name = PLACES.split()[day % 10], NAMES.split()[(day * 3) % 10]
    return Told(
        guid=f"lane-{day}",
        title=f"Global Lane – {day} Nov 2026",
        text=COLUMN.format(place=place, name=name),
        at=NOON - DAY,
    )


def test_twenty_instalments_of_one_column_are_twenty_stories(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="*")], series=(LANE,))
    newsroom.hears("wire", *(instalment(day) for day in range(1, 21)))
    assert len(stories(newsroom)) == 20
    assert len(newsroom.shown()) == 20


def test_instalments_of_other_outlets_are_no_copies_of_each_other(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(match="*")], series=(LANE,))
    newsroom.hears("wire", instalment(3))
    newsroom.hears("post", replace(instalment(13), guid="elsewhere"))
    assert len(stories(newsroom)) == 2


def test_one_column_in_three_outlets_is_one_story_with_three_sources(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post", "herald"], [topic(match="*")], series=(LANE,))
    for number, name in enumerate(("wire", "post", "herald")):
        newsroom.hears(name, replace(instalment(20), guid=f"{name}-{number}"))
    with newsroom.kit.store.read() as tx:
        (view,) = tx.stories.newest(limit=9)
    assert [each.feed.spec.name for each in view.sources] == ["wire", "post", "herald"]
    (item,) = newsroom.shown()
    assert item.credits("Wire", "Post", "Herald")


BOND = (
    "{company} said on Monday that it has priced an issue of {sum} million euros of senior "
    "unsecured notes due {year}, with a coupon of {coupon} percent, to be settled next week, "
    "subject to customary conditions. The proceeds are for general corporate purposes. The notes "
    "will be offered to institutional investors only and listed in Luxembourg. {bank} acts as sole "
    "bookrunner. This is no offer to sell securities in any jurisdiction."
)


def test_a_template_with_other_names_and_figures_is_no_copy(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(match="*")])
    one = BOND.format(company="Aldermoor", sum=500, year=2031, coupon="3.875", bank="Nordhaus")
    two = BOND.format(company="Brackwater", sum=750, year=2034, coupon="4.125", bank="Lindqvist")
    newsroom.hears("wire", Told(guid="1", title="Aldermoor prices notes", text=one))
    newsroom.hears("post", Told(guid="2", title="Brackwater prices notes", text=two))
    assert len(newsroom.shown()) == 2


def test_a_correction_takes_the_place_of_what_it_corrects(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(match="*")])
    newsroom.hears("wire", Told(guid="1", title="Ships leave the port again", text=LONG))
    (before,) = newsroom.shown()
    newsroom.now += HOUR
    right = LONG.replace("nine ships", "seven ships")
    newsroom.hears(
        "wire", Told(guid="2", title="CORRECTED: Ships leave the port again", text=right)
    )
    (after,) = newsroom.shown()
    assert "seven ships" in after.html
    assert after.uri == before.uri
    assert after.updated > before.updated


def three_reports_of_one_outlet(newsroom: Newsroom) -> None:
    newsroom.hears("wire", Told(guid="1", title="Ferry Hestia burns off Corfu", text=SEA))
    post = [
        Told(guid="2", title="Corfu: burning ferry, 214 saved", text=SEA_AGAIN),
        Told(guid="3", title="Norway raises its key rate", text=BANK),
    ]
    newsroom.hears("post", *post)
    merge(newsroom.kit, ["1", "2", "3"], actor="ida")
    newsroom.publish()


def test_an_outlet_is_credited_once_with_the_titles_of_its_reports(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [told_by_story()])
    three_reports_of_one_outlet(newsroom)
    (item,) = newsroom.shown()
    assert item.html.endswith(
        ' · Also at: Post (<a href="https://post.example/2">Corfu: burning ferry, 214 saved</a>,'
        ' <a href="https://post.example/3">Norway raises its key rate</a>)</p>'
    )


def test_an_outlet_that_a_topic_leaves_out_is_credited_without_its_titles(
    newsroom: Newsroom,
) -> None:
    newsroom.follow(["wire", "post"], [replace(told_by_story(), match="NOT site:post.example")])
    three_reports_of_one_outlet(newsroom)
    assert "Norway" not in newsroom.document("grain").body.decode()
    (item,) = newsroom.shown()
    assert item.html.count(">another report</a>") == 2


def test_every_count_of_a_storys_sources_is_of_outlets(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [told_by_story()])
    three_reports_of_one_outlet(newsroom)
    told = explain(newsroom.kit, "1", "grain")
    assert "told by 2 sources in 3 articles" in " ".join(step.result for step in told.steps)
    with newsroom.kit.store.read() as tx:
        (view,) = tx.stories.newest(limit=5)
        page = story_page(tx, newsroom.kit, view.story.public_id, newsroom.now)
    assert isinstance(page, StoryPage)
    counts = {each.outlet: len(each.reports) for each in page.tellings}
    assert counts == {"Wire": 1, "Post": 2}


@pytest.mark.parametrize("verb", [Verb.REJECT, Verb.HOLD])
def test_the_headline_of_what_editors_keep_out_is_not_in_the_credits(
    newsroom: Newsroom, verb: Verb
) -> None:
    newsroom.follow(["wire", "post", "herald"], [topic(match="*")])
    newsroom.hears("wire", Told(guid="1", title="Ferry Hestia burns off Corfu", text=SEA))
    newsroom.hears("post", Told(guid="2", title="Corfu: 214 saved", text=SEA_AGAIN))
    newsroom.hears("herald", Told(guid="3", title="Norway raises its key rate", text=BANK))
    merge(newsroom.kit, ["1", "2", "3"], actor="ida")
    with newsroom.kit.store.write() as tx:
        for each in tx.feeds.all():  # two feeds of one outlet
            if each.spec.name != "wire":
                site = "https://post.example/"
                tx.feeds.learn(each.id, title="Post", site_url=site, lang=None, icon=None)
    newsroom.publish()
    first = newsroom.shown()[-1]
    assert ">Corfu: 214 saved</a>" in first.html and ">Norway raises" in first.html
    for title in ("Corfu: 214 saved", "Norway raises its key rate"):
        newsroom.act(verb, title)
    newsroom.publish()
    (item,) = newsroom.shown()
    assert item.html.count(">another report</a>") == 2
    body = newsroom.document("grain").body.decode()
    assert "214 saved" not in body and "Norway" not in body
