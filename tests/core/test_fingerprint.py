"""Copies of a text are found however they are dressed and cut; templates are not taken for them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.fingerprint import (
    KEYS,
    LEAD_KEYS,
    LEAST_WORDS,
    MOST_WORDS,
    WINDOW,
    compare,
    print_of,
)
from aggregator.core.text import tokens
from aggregator.model.prints import Kind, Likeness, Print

WORDS = [
    f"{one}{two}{three}"
    for one in ("ba", "ke", "mi", "no", "ru", "sta", "tre", "vo")
    for two in ("lan", "der", "mi", "sto", "ru", "gen")
    for three in ("t", "s", "ny", "ral", "k")
]
ARTICLE = (
    "LONDON (Reuters) - Grain ships left the port of Odesa on Tuesday for the first time in "
    "12 weeks after Turkey and the United Nations renewed a deal that keeps a corridor "
    "through the Black Sea open. Three vessels carrying 71,000 tonnes of maize were bound for "
    "Alexandria, the harbour office said. Insurers had refused cover since a drone struck a "
    "silo in August, and farmers in the south were left with last year's harvest in their "
    "barns. The agreement, signed in Ankara by Defence Minister Hulusi Demir, allows "
    "inspections at sea and runs until the end of March. It does not mention fertiliser, "
    "which Moscow had asked for. Prices in Chicago fell 4 percent, the most since May, before "
    "recovering part of the loss. Aid groups said the first cargo was only a beginning: "
    "warehouses in Djibouti and Mombasa have been empty since early autumn, and rations were "
    "halved in camps where 400,000 people depend on them. Shipping brokers expect a dozen "
    "more departures this week if the weather holds and if the mines laid along the coast "
    "stay where the charts say they are."
)
BOND = (
    "{name} said on Monday that it had sold {sum} million euros of senior unsecured notes due "
    "{year} to institutional investors. The notes carry a fixed coupon and were priced at a "
    "spread of {spread} basis points over mid-swaps. The order book was more than twice "
    "covered. Proceeds will be used for general corporate purposes, including the refinancing "
    "of existing debt. {bank} acted as bookrunner and the notes will be listed on the "
    "regulated market of the Luxembourg exchange."
)
COLUMN = (
    "Global Lane for {day}. Good morning from the desk. Each day we bring you the calm view "
    "of what the world is doing, without hurry and without shouting. Today {guest} writes to "
    "us about a walk along the quay, and {other} answers a question that many of you have "
    "sent in. As ever, letters are welcome at the usual place, and we read all of them, "
    "though we cannot answer each. If you like what we do, tell a friend; if you do not, tell "
    "us. The column comes out every working day before eight, and the archive is open to "
    "everybody. Thank you for reading."
)


def a_print(text: str, title: str = "") -> Print:
    found = print_of(tokens(text), text, title)
    assert found is not None
    return found


def likeness(new: str, old: str, *, apart: int = 0, titles: tuple[str, str] = ("", "")) -> str:
    found = compare(a_print(new, titles[0]), a_print(old, titles[1]), apart=apart)
    return "" if found is None else found.kind.value


def other_words(text: str, share: float, seed: int = 1) -> str:
    chance, words = random.Random(seed), text.split()
    for at in chance.sample(range(len(words)), round(share * len(words))):
        words[at] = chance.choice(WORDS)
    return " ".join(words)


FIRST, REST = ARTICLE.split(". ", 1)
COPIES = {
    "other blanks and quotes": ARTICLE.replace("'", "’").replace(". ", ".\n\n"),
    "in capitals": ARTICLE.upper(),
    "half of it": " ".join(ARTICLE.split()[: len(ARTICLE.split()) // 2]) + " …",
    "its first 40 words": " ".join(ARTICLE.split()[:40]) + " …",
    "words added": ARTICLE
    + "\n\nSign up for our morning letter. All rights reserved, Example Ltd.",
    "words before it": "Read our live coverage here and share it with friends.\n" + ARTICLE,
    "its lead moved to the end": f"{REST} {FIRST}.",
    "no agency's mark": ARTICLE.removeprefix("LONDON (Reuters) - "),
    "another agency's mark": ARTICLE.replace("LONDON (Reuters) - ", "ODESA, Nov 22 (AP) — "),
    "figures written otherwise": ARTICLE.replace("71,000", "71000").replace("400,000", "400.000"),
}


@pytest.mark.parametrize("changed", COPIES.values(), ids=COPIES)
def test_a_copy_is_found_whatever_was_done_to_it(changed: str) -> None:
    assert likeness(changed, ARTICLE) == "copy"
    assert likeness(ARTICLE, changed) == "copy"


@pytest.mark.parametrize("changed", COPIES.values(), ids=COPIES)
def test_a_copy_shares_a_key_with_its_original(changed: str) -> None:
    assert set(a_print(changed).keys) & set(a_print(ARTICLE).keys)


@pytest.mark.parametrize("seed", range(5))
def test_a_few_other_words_still_make_a_copy(seed: int) -> None:
    assert likeness(other_words(ARTICLE, 0.03, seed), ARTICLE) == "copy"


@pytest.mark.parametrize("share", [0.15, 0.3])
def test_many_other_words_make_it_related_only(share: float) -> None:
    assert likeness(other_words(ARTICLE, share), ARTICLE) == "related"


def test_another_text_is_nothing() -> None:
    chance = random.Random(3)
    assert likeness(" ".join(chance.choices(WORDS, k=200)), ARTICLE) == ""


def test_a_bond_issue_is_no_copy_of_another_ones_template() -> None:
    acme = BOND.format(name="Acme Corp", sum=500, year=2031, spread=85, bank="Nordbank")
    apex = BOND.format(name="Volta Energy", sum=300, year=2034, spread=120, bank="Banca Sole")
    names = BOND.format(name="Volta Energy", sum=500, year=2031, spread=85, bank="Banca Sole")
    figures = BOND.format(name="Acme Corp", sum=300, year=2034, spread=85, bank="Nordbank")
    assert likeness(acme, acme.replace("\n", " ")) == "copy"
    for other in (apex, names, figures):
        assert likeness(other, acme) == "related"
        assert likeness(acme, other) == "related"


def test_twenty_instalments_of_a_column_are_twenty_texts() -> None:
    guests = [f"{first} {last}" for first in ("Ann", "Bo", "Cy", "Di") for last in "VWXYZ"]
    texts = [
        COLUMN.format(day=f"11/{day}/26", guest=guest, other=guests[-day])
        for day, guest in enumerate(guests, start=1)
    ]
    assert len(texts) == 20
    for at, text in enumerate(texts):
        assert all(likeness(text, earlier) != "copy" for earlier in texts[:at])


def test_a_score_alone_tells_two_matches_apart() -> None:
    report = (
        "Rovers beat United {} at home on Saturday in front of a full house, with goals in either"
        " half and a late chance for the visitors that came to nothing when the whistle went early."
    )
    assert likeness(report.format("2-1"), report.format("1-2")) != "copy"
    assert likeness(report.format("2-1"), report.format("2-1")) == "copy"


def test_figures_in_titles_tell_instalments_apart() -> None:
    days = ("The Global Lane - 11/20/26", "The Global Lane - 11/21/26")
    assert likeness(ARTICLE, ARTICLE, titles=days) == "related"
    assert likeness(ARTICLE, ARTICLE, titles=("Ships leave after 12 weeks", days[0])) == "copy"


def test_a_standing_text_makes_no_copies() -> None:
    chance = random.Random(5)
    standing = " ".join(chance.choices(WORDS, k=90))
    one, two = (" ".join(chance.choices(WORDS, k=22)) for _ in range(2))
    assert likeness(f"{one} {standing}", f"{two} {standing}") == "related"
    assert likeness(standing, f"{ARTICLE} {standing}") == "related"
    brief = " ".join(chance.choices(WORDS, k=14))
    assert likeness(brief, f"{one} {brief}") == "related"


def test_a_text_before_a_standing_one_is_no_copy_of_a_few_words_before_it() -> None:
    chance = random.Random(6)
    standing = " ".join(chance.choices(WORDS, k=110))
    said = " ".join(chance.choices(WORDS, k=24))
    assert likeness(f"{said} {standing}", f"the whole film stands here now {standing}") == "related"
    assert likeness(f"{said} {standing}", standing) == "copy"


def test_a_long_text_whose_lead_was_moved_to_its_end_is_a_copy() -> None:
    chance = random.Random(7)
    lead, rest = (" ".join(chance.choices(WORDS, k=count)) for count in (35, 2 * MOST_WORDS))
    assert likeness(f"{rest} {lead}", f"{lead} {rest}") == "copy"


def test_half_of_a_text_of_sixty_words_is_found_by_its_keys() -> None:
    for seed in range(30):
        words = random.Random(seed).choices(WORDS, k=60)
        shared = set(a_print(" ".join(words)).keys) & set(a_print(" ".join(words[:30])).keys)
        assert len(shared) >= LEAD_KEYS


def test_short_texts_must_agree_nearly_whole() -> None:
    text = " ".join(ARTICLE.split()[:40])
    changed = text.split()
    changed[20], changed[30] = "entirely", "otherwise"
    assert likeness(" ".join(changed), text) == "related"
    assert likeness(f"{text} again", text) == "copy"


def test_too_short_texts_are_not_told_by_their_words() -> None:
    words = WORDS[: LEAST_WORDS - 1]
    assert print_of(words, " ".join(words), "") is None
    assert print_of([*words, "more"], " ".join([*words, "more"]), "") is not None


def test_what_lies_more_than_a_week_apart_is_no_copy() -> None:
    assert likeness(ARTICLE, ARTICLE, apart=WINDOW) == "copy"
    assert likeness(ARTICLE, ARTICLE, apart=-WINDOW) == "copy"
    assert likeness(ARTICLE, ARTICLE, apart=WINDOW + 1) == ""


def test_scripts_without_blanks_are_compared_too() -> None:
    text = (
        "该公司周一表示已向机构投资者出售50亿元优先票据所得款项将用于一般企业用途包括偿还现有债务"
    )
    assert likeness(text, text + "。") == "copy"
    assert likeness(text, text.replace("50", "30")) == "related"


TITLE = "Grain ships leave Odesa for Alexandria"


def alike(new: str, old: str, titles: tuple[str, str]) -> Likeness:
    found = compare(a_print(new, titles[0]), a_print(old, titles[1]), apart=600)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("new", "old", "replaces"),
    [
        (f"CORRECTED-{TITLE}", TITLE, True),
        (f"UPDATE 2-{TITLE}", f"UPDATE 1-{TITLE}", True),
        (f"UPDATE 1-{TITLE}", f"UPDATE 2-{TITLE}", False),
        (TITLE, f"Correction: {TITLE}", False),
        (TITLE, TITLE, False),
    ],
)
def test_a_reissue_replaces_its_original(new: str, old: str, replaces: bool) -> None:
    found = alike(ARTICLE, ARTICLE, (new, old))
    assert found.kind is Kind.COPY
    assert found.reissue is replaces


def test_a_correction_may_correct_a_figure_or_a_name() -> None:
    corrected = ARTICLE.replace("71,000", "17,000").replace("Hulusi Demir", "Yashar Demir")
    assert alike(corrected, ARTICLE, (TITLE, TITLE)).kind is Kind.RELATED
    found = alike(corrected, ARTICLE, (f"CORRECTED-{TITLE}", TITLE))
    assert found.kind is Kind.COPY
    assert found.reissue


def test_a_correction_of_another_text_replaces_nothing() -> None:
    acme = BOND.format(name="Acme Corp", sum=500, year=2031, spread=85, bank="Nordbank")
    volta = BOND.format(name="Volta Energy", sum=300, year=2034, spread=120, bank="Banca Sole")
    titles = ("CORRECTED-Volta Energy sells notes", "Acme Corp sells notes")
    assert alike(volta, acme, titles).kind is Kind.RELATED


def test_what_speaks_against_a_copy_is_said() -> None:
    found = alike(ARTICLE.replace("71,000", "17,000"), ARTICLE, ("", ""))
    assert "other figures: 17000 for 71000" in found.because


made_texts = st.lists(st.sampled_from(WORDS[:40]), min_size=LEAST_WORDS, max_size=90).map(" ".join)
any_texts = st.text(min_size=40).filter(lambda text: len(tokens(text)) >= LEAST_WORDS)


@given(made_texts | any_texts)
def test_a_text_is_a_copy_of_itself(text: str) -> None:
    found = compare(a_print(text), a_print(text), apart=0)
    assert found is not None
    assert (found.kind, found.containment, found.reissue) == (Kind.COPY, 1.0, False)


@given(made_texts, made_texts)
def test_either_order_says_the_same(one: str, other: str) -> None:
    there = compare(a_print(one), a_print(other), apart=5)
    back = compare(a_print(other), a_print(one), apart=-5)
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert (there.kind, there.containment) == (back.kind, back.containment)


@given(made_texts, made_texts)
def test_a_beginning_is_wholly_contained_in_the_whole(one: str, more: str) -> None:
    found = compare(a_print(one), a_print(f"{one} {more}"), apart=0)
    assert found is not None
    assert found.containment == 1.0


@given(made_texts)
def test_keys_are_few_and_different(text: str) -> None:
    keys = a_print(text).keys
    assert len(set(keys)) == len(keys) <= KEYS + LEAD_KEYS


def test_a_print_is_the_same_in_every_process() -> None:
    text = "a stable print of twelve words is kept from one day to another"
    its = a_print(text)
    assert its.shingles[:8].hex() == "ef857106b6027036"
    assert its.keys[0] == -1977339728
