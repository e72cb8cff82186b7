from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aggregator.core.drafting import SUMMARY_LIMIT, _body_of, body_of, clean_text_of
from aggregator.model.entry import ParsedEntry
from tests.makers import a_feed

PIECES = st.sampled_from(
    ["<p>", "</p>", "one", " two ", "<b>three</b>", "&amp;", "&lt;b&gt;", "<td>", "<script>", "é"]
)
MARKUP = st.lists(PIECES, max_size=8).map("".join)


@given(MARKUP, st.none() | MARKUP)
def test_a_body_that_was_read_as_summary_is_what_reading_it_again_gives(
    summary: str, content: str | None
) -> None:
    parsed = ParsedEntry(summary=summary, content=content or "")
    text = clean_text_of(parsed, a_feed(), first_seen=0)
    assert _body_of(text, parsed) == body_of(text)


def test_a_body_longer_than_any_summary_is_kept_whole() -> None:
    parsed = ParsedEntry(summary="<p>" + "word " * SUMMARY_LIMIT + "</p>")
    text = clean_text_of(parsed, a_feed(), first_seen=0)
    assert len(text.summary) <= SUMMARY_LIMIT
    assert _body_of(text, parsed) == body_of(text) == ("word " * SUMMARY_LIMIT).strip()
