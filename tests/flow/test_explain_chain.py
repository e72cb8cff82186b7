"""The whole chain from fetching to the edition, for what is in and for what is not."""

from __future__ import annotations

from dataclasses import replace

from aggregator.flow.explain import explain
from aggregator.flow.tidy import tidy
from aggregator.model.explanation import Explanation, Step
from aggregator.model.settings import SeriesSpec
from aggregator.model.topic import Mode, PublishSpec, Tell, Verb
from tests.flow.newsroom import DAY, HOUR, LONG, Newsroom, Told, feed, topic

SEA = (
    "Rescue boats reached the burning ferry Hestia off Corfu before dawn and took 214 passengers "
    "to Igoumenitsa, the Greek coast guard said."
)
SEA_AGAIN = (
    "All 214 passengers of the ferry Hestia, burning off Corfu since the night, are in "
    "Igoumenitsa; the coast guard calls it a rescue without example."
)
FERRY, AGAIN = "Ferry Hestia burns off Corfu", "Corfu: burning ferry, 214 saved"


def chain(newsroom: Newsroom, title: str, slug: str = "grain") -> Explanation:
    return explain(newsroom.kit, str(newsroom.entry(title).id), slug)


def steps(explanation: Explanation, name: str) -> list[Step]:
    return [each for each in explanation.steps if each.step == name]


def one(explanation: Explanation, name: str) -> Step:
    (found,) = steps(explanation, name)
    return found


def a_ferry(newsroom: Newsroom) -> None:
    newsroom.hears("wire", Told(guid="1", title=FERRY, text=SEA))
    newsroom.now += HOUR
    newsroom.hears("post", Told(guid="2", title=AGAIN, text=SEA_AGAIN))


def test_every_link_of_the_chain_stands_in_its_order(newsroom: Newsroom) -> None:
    newsroom.follow(
        ["wire"],
        [topic(match="grain NOT wheat")],
        tags={"port": ("port",)},
        series=(SeriesSpec(name="Daily Grain", any=(("title", "Grain"),)),),
    )
    newsroom.hears("wire", Told(guid="1", title="Grain"))
    newsroom.act(Verb.NOTE, "Grain", note="Seen.")
    order = [each.step for each in chain(newsroom, "Grain").steps]
    wanted = ["fetch", "identity", "article", "story", "tag", "series", "rule", "branch", "branch"]
    assert order == [*wanted, "admission", "editor", "verdict", "lead", "edition"]


def test_it_tells_by_which_key_an_entry_is_known(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="*")])
    newsroom.hears(
        "wire",
        Told(guid="own", title="Own", url="https://www.wire.example/own/?utm_source=rss"),
        Told(guid="", title="Address", url="https://wire.example/a?utm_source=rss"),
        Told(guid="", title="Neither", url="https://wire.example/"),
        Told(guid="same", title="One", url="https://wire.example/1"),
        Told(guid="same", title="Two", url="https://wire.example/2"),
    )
    told = {t: one(chain(newsroom, t), "identity").because for t in ("Own", "Address", "Neither")}
    assert told["Own"].startswith("known by its id: own; its address counts as https://wire.exam")
    assert told["Address"] == "known by its address, for it has no id: https://wire.example/a"
    assert told["Neither"].startswith("known by a hash of what it says")
    shared = {one(chain(newsroom, title), "identity").because for title in ("One", "Two")}
    assert any("others of its feed share that" in each for each in shared)


def test_a_copy_is_compared_anew_with_what_it_is_a_copy_of(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(match="*")])
    longer = f"{LONG} The harbour master said that the pilots would rest on Sunday, come what may."
    newsroom.hears("wire", Told(guid="1", title="Ships leave the port again", text=longer))
    newsroom.hears("post", Told(guid="2", title="Grain: first ships leave", text=LONG))
    first = newsroom.entry("Ships leave the port again")
    told = chain(newsroom, "Grain: first ships leave")
    assert one(told, "article").because.startswith(f"nearly the text of entry {first.id}: ")
    assert one(told, "compared").result == f"copy of entry {first.id}"
    assert one(told, "compared").because == "100% of its text"
    back = chain(newsroom, "Ships leave the port again")
    assert one(back, "compared").because == one(told, "compared").because


BOND = (
    "The ministry of finance of {who} placed bonds worth {size} million euros with a term of ten "
    "years today; the coupon is {coupon} percent, the books were covered several times, and the "
    "banks that led the placement were the same as in spring. Settlement is on Thursday. The "
    "issuer plans no further placement of this kind before the end of the year, it said."
)


def test_what_kept_two_texts_apart_is_told(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(match="*")])
    one_issue = BOND.format(who="Austria", size=500, coupon="2.75")
    other = BOND.format(who="Latvia", size=725, coupon="3.5")
    newsroom.hears("wire", Told(guid="1", title="Bond issue", text=one_issue))
    newsroom.hears("post", Told(guid="2", title="New bonds", text=other))
    told = one(chain(newsroom, "New bonds"), "compared")
    assert told.result == f"told apart from entry {newsroom.entry('Bond issue').id}"
    assert "but other figures" in told.because
    newsroom.now += 9 * DAY
    tidy(newsroom.kit)
    late = one(chain(newsroom, "New bonds"), "compared")
    assert (late.result, late.because) == (told.result, f"{told.because}, when it came")


def test_it_tells_by_which_words_and_how_much_reports_are_alike(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(match="*")])
    a_ferry(newsroom)
    head = f"s{newsroom.entry(FERRY).article_id}"
    told = one(chain(newsroom, AGAIN), "story")
    assert told.result == f"{head}, told by 2 sources in 2 articles"
    assert told.because.startswith("words: ")
    assert told.because.endswith(")") and 0.18 < float(told.because[-5:-1]) < 1
    assert one(chain(newsroom, FERRY), "story").because == "it opened it"


def test_a_tag_is_told_with_the_words_that_gave_it(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="tag:corfu")], tags={"corfu": ("Corfu",)})
    newsroom.hears("wire", Told(guid="1", title="At sea", text=SEA))
    tag = one(chain(newsroom, "At sea"), "tag")
    assert (tag.result, tag.because) == ("corfu", 'vocabulary: "Corfu" in summary, word 9')
    assert "ferry Hestia off [Corfu] before dawn" in tag.text

    newsroom.follow(["wire"], [topic(match="tag:corfu")], tags={"ships": ("ferry",)})
    old, new = steps(chain(newsroom, "At sea"), "tag")
    assert (old.result, old.text) == ("corfu", "")
    assert old.because.endswith("the vocabulary has changed")
    assert new.result == "not yet ships" and "[ferry]" in new.text


def test_every_branch_of_a_rule_answers_for_itself(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="(wheat OR ferry) lang:en NOT title:corfu")])
    newsroom.hears("wire", Told(guid="1", title=FERRY, text=SEA))
    told = chain(newsroom, FERRY)
    assert one(told, "rule").result == "does not match"
    branches = {each.text: (each.result, each.depth) for each in steps(told, "branch")}
    assert branches == {
        "wheat OR ferry": ("yes", 1),
        "wheat": ("no", 2),
        "ferry": ("yes", 2),
        "lang:en": ("yes", 1),
        "NOT title:corfu": ("no", 1),
    }
    assert one(told, "admission").result == "not admitted"


def test_an_entry_that_its_rule_was_not_asked_of_says_so(newsroom: Newsroom) -> None:
    newsroom.follow(["wire"], [topic(match="nothing")])
    newsroom.hears("wire", Told(guid="1", title="Grain", at=int(newsroom.now) - 40 * DAY))
    newsroom.follow(["wire"], [topic(match="grain")])
    told = chain(newsroom, "Grain")
    assert one(told, "rule").result == "matches"
    assert one(told, "admission").result == "not admitted"
    assert "topics backfill grain" in one(told, "admission").because
    assert not told.inside


def test_a_report_that_is_folded_says_into_what_and_that_it_is_in(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [replace(topic(match="*"), tell=Tell.STORIES)])
    a_ferry(newsroom)
    newsroom.act(Verb.PIN, FERRY)
    told, head = chain(newsroom, AGAIN), newsroom.entry(FERRY)
    assert one(told, "fold").result == f"folded into s{head.article_id}"
    assert "published first" in one(told, "fold").because
    assert one(told, "lead").result == f"entry {head.id} of wire"
    assert one(told, "editor").result == "pin"
    assert told.inside
    assert one(told, "edition").because == f"as {newsroom.shown()[0].uri}"
    assert steps(chain(newsroom, FERRY), "fold") == []


def test_a_copy_that_its_rule_leaves_out_is_told_by_another(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [topic(match="NOT site:post.example")])
    newsroom.hears("wire", Told(guid="1", title="Grain", text=LONG))
    newsroom.hears("post", Told(guid="2", title="Grain too", text=LONG))
    told = chain(newsroom, "Grain too")
    assert one(told, "admission").result == "not admitted itself"
    assert f"entry {newsroom.entry('Grain').id}" in one(told, "admission").because


def test_why_a_lead_leads_is_what_elected_it(newsroom: Newsroom) -> None:
    feeds = [feed("wire"), feed("post", trust=0.9), feed("herald")]
    url = "https://herald.example/grain"
    newsroom.follow(feeds, [topic(match="*", mode=Mode.REVIEW)])
    newsroom.hears("wire", Told(guid="1", title="Of the wire", url=url))
    newsroom.hears("post", Told(guid="2", title="Of the post", url=url))
    newsroom.act(Verb.APPROVE, "Of the wire")
    assert one(chain(newsroom, "Of the wire"), "lead").because == (
        "it is what the item shows, and stays so"
    )
    newsroom.act(Verb.REJECT, "Of the wire")
    assert steps(chain(newsroom, "Of the wire"), "lead") == []
    newsroom.follow(feeds, [topic(match="*"), topic("calm", "*", publish=PublishSpec(delay=60))])
    told = one(chain(newsroom, "Of the wire", "calm"), "lead")
    assert told.result == f"entry {newsroom.entry('Of the post').id} of post"


def test_a_quota_a_delay_and_a_private_source_are_told(newsroom: Newsroom) -> None:
    specs = [
        topic("few", "*", publish=PublishSpec(per_source=(1, DAY))),
        topic("late", "*", publish=PublishSpec(delay=600)),
    ]
    newsroom.follow([feed("wire"), feed("agency", auth=True)], specs)
    newsroom.hears("wire", Told(guid="1", title="Rye", text="."))
    newsroom.now += HOUR
    newsroom.hears("wire", Told(guid="1", title="Rye", text="."), Told(guid="2", title="Oats"))
    newsroom.hears("agency", Told(guid="3", title="Secret", text="Not for all."))
    few = chain(newsroom, "Oats", "few")
    assert one(few, "verdict").result == "held"
    assert "wire has had its 1 in a day" in one(few, "verdict").because
    assert one(chain(newsroom, "Oats", "late"), "edition").result == "not shown yet"
    secret = chain(newsroom, "Secret", "few")
    assert (secret.inside, one(secret, "edition").result) == (False, "not shown")
    assert "private" in one(secret, "edition").because


def test_explaining_writes_nothing(newsroom: Newsroom) -> None:
    newsroom.follow(["wire", "post"], [replace(topic(match="*"), tell=Tell.STORIES)])
    a_ferry(newsroom)
    before = newsroom.kit.store.version()
    for title in (FERRY, AGAIN):
        chain(newsroom, title)
    assert newsroom.kit.store.version() == before
