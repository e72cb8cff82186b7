"""Made-up queries for laws: nodes, words and phrases that mean something."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from aggregator.core.query import (
    And,
    Bound,
    Dated,
    Everything,
    Node,
    Not,
    Or,
    Pattern,
    Term,
    compile_pattern,
)

UNHURRIED = settings(deadline=None)  # the machine may be busy
POOL = ("grain", "Corridor", "ISIS", "naïve", "x1", "東京都", "हिन्दी", "don't", "L'Europe", "кафе")
NOISE = st.text(st.characters(codec="utf-8", exclude_characters='"'), max_size=6)
TEXTS = st.builds(
    "{}{}{}".format, NOISE, st.sampled_from((*POOL, "AND", "title:", "-a", "a*")), NOISE
)
PHRASES = st.lists(st.sampled_from(POOL), min_size=1, max_size=3).map(" ".join)
HOSTS = st.sampled_from(("example.org", "a-b.example"))
LABELLED = ("tag", "category", "series", "feed", "topic")


def compiles(pattern: str) -> bool:
    try:
        compile_pattern(pattern)
    except ValueError:
        return False
    return True


PATTERNS = (
    st.lists(st.sampled_from(["a", "/", r"\.", r"\\", "é", " ", "(b)", '"', "n+"]), min_size=1)
    .map("".join)
    .filter(compiles)
)


def leaves(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Node]:
    worded = st.sampled_from(("", "title", "body", "author"))
    moments = st.integers(-62135596800, 253402300799)  # the years 1 to 9999
    return st.one_of(
        st.builds(Term, text=texts, field=worded, prefix=st.booleans()),
        st.builds(Term, text=texts, field=st.sampled_from(LABELLED)),
        st.builds(Term, text=HOSTS, field=st.just("site")),
        st.builds(Term, text=st.sampled_from(("en", "pt-BR")), field=st.just("lang")),
        st.builds(Term, text=st.just("enclosure"), field=st.just("has")),
        st.builds(Pattern, text=PATTERNS, field=worded),
        st.builds(Bound, field=st.just("words"), op=OPERATORS, number=st.integers(0, 999_999)),
        st.builds(Dated, field=st.sampled_from(("after", "before")), at=moments),
        st.builds(Everything),
    )


OPERATORS = st.sampled_from(("<", "<=", ">", ">="))
AGES = st.builds(Bound, field=st.just("age"), op=OPERATORS, number=st.integers(0, 900_000))


def nodes(leaf: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    def above(below: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
        parts = st.lists(below, min_size=2, max_size=4).map(tuple)
        return st.one_of(
            st.builds(And, parts=parts), st.builds(Or, parts=parts), st.builds(Not, part=below)
        )

    return st.recursive(leaf, above, max_leaves=12)


def told() -> st.SearchStrategy[Node]:
    """Leaves that tell apart entries made of the same few words, labels and moments."""
    noon = 1_795_348_800
    worded = st.sampled_from(("", "", "title", "body", "author"))
    labels = st.sampled_from(("grain", "World-News", "東京", "x1", "wire", "Grain Naive", "lane"))
    patterns = st.sampled_from((r"^grain", "corr", "n.ïve", r"\\d", "京", "e$", "^$", "(?-i)ISIS"))
    return st.one_of(
        st.builds(Term, text=PHRASES, field=worded),
        st.builds(
            Term,
            text=st.sampled_from((*POOL, "gr", "corri", "xd", "東")),
            field=worded,
            prefix=st.just(True),
        ),
        st.builds(Term, text=labels, field=st.sampled_from(LABELLED)),
        st.builds(
            Pattern,
            text=patterns,
            field=st.sampled_from(("", "title", "body", "author", *LABELLED)),
        ),
        st.builds(
            Term,
            text=st.sampled_from(("example.org", "www.a-b.example", "bücher.example", "org")),
            field=st.just("site"),
        ),
        st.builds(Term, text=st.sampled_from(("en", "en-GB", "pt", "p")), field=st.just("lang")),
        st.builds(Term, text=st.just("enclosure"), field=st.just("has")),
        st.builds(Bound, field=st.just("words"), op=OPERATORS, number=st.integers(0, 9)),
        st.builds(
            Dated, field=st.sampled_from(("after", "before")), at=st.integers(noon - 4, noon + 1)
        ),
        st.builds(Everything),
    )
