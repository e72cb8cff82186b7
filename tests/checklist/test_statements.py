"""The 66 statements on polling manners, and by which tests each of them is kept.

The numbers are those of the checklist that issue 3 names; the words are short and ours.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NUMBERS = range(1, 67)

WIRE = "tests/checklist/test_over_the_wire.py"
DOCUMENTS = "tests/checklist/test_documents.py"
NET = "tests/net"
SCHEDULE = "tests/core/test_schedule.py"
IDENTITY = "tests/core/test_identity.py"
FEEDS = "tests/store/test_contract_feeds.py"
POLL = "tests/flow/test_poll.py"
UPKEEP = "tests/flow/test_upkeep.py"
ROBOTS = "tests/flow/test_robots.py"
PUSH = "tests/web/test_push.py"
WEBSUB = "tests/core/test_websub.py"
OPML = "tests/formats/test_opml.py"

OWED: frozenset[int] = frozenset()
"""Statements that nothing keeps yet. It is empty before a version is released."""

KEPT: dict[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "ETag goes back byte for byte",
        (
            f"{WIRE}::test_validators_are_stored_and_sent_back_byte_for_byte",
            f"{NET}/test_fetcher.py::test_validators_go_back_byte_for_byte",
        ),
    ),
    2: (
        "Last-Modified goes back byte for byte",
        (f"{WIRE}::test_validators_are_stored_and_sent_back_byte_for_byte",),
    ),
    3: (
        "no date of ours or of the document is sent as a condition",
        (f"{WIRE}::test_no_date_but_the_servers_own_is_ever_sent_as_a_condition",),
    ),
    4: (
        "both validators are sent",
        (f"{WIRE}::test_validators_are_stored_and_sent_back_byte_for_byte",),
    ),
    5: (
        "a 304 is a success and touches no entry",
        (
            f"{WIRE}::test_a_304_is_a_success_that_touches_no_entry",
            f"{SCHEDULE}::test_a_304_refreshes_validators_and_ends_a_run_of_failures",
        ),
    ),
    6: (
        "a 304 refreshes validators",
        (f"{WIRE}::test_what_a_304_says_of_validators_is_sent_from_then_on",),
    ),
    7: (
        "validators are saved with their entries or not at all",
        (f"{POLL}::test_a_write_that_fails_once_loses_no_entry",),
    ),
    8: (
        "validators are dropped with address, account and reader",
        (
            f"{FEEDS}::test_a_new_address_or_account_drops_the_validators",
            f"{WIRE}::test_what_an_older_reader_read_is_asked_for_without_conditions",
        ),
    ),
    9: ("the same bytes are not read again", (f"{POLL}::test_the_same_bytes_are_not_read_again",)),
    10: (
        "without validators: rarely",
        (f"{SCHEDULE}::test_a_server_without_validators_is_asked_every_four_hours",),
    ),
    11: (
        "with validators: once an hour",
        (f"{SCHEDULE}::test_a_server_with_validators_is_asked_once_an_hour",),
    ),
    12: (
        "never before the interval is over; chance only adds",
        (
            f"{SCHEDULE}::test_no_poll_comes_before_its_interval_nor_before_the_publishers_wish",
            f"{SCHEDULE}::test_chance_adds_a_twentieth_and_at_most_five_minutes",
        ),
    ),
    13: (
        "a restart polls nothing anew",
        (f"{WIRE}::test_a_restart_asks_for_nothing_that_is_not_due",),
    ),
    14: (
        "max-age is a lower bound",
        (
            f"{DOCUMENTS}::test_no_poll_before_max_age_is_over",
            f"{SCHEDULE}::test_the_publishers_wish_binds_an_editor_too",
        ),
    ),
    15: (
        "Expires only without max-age",
        (f"{NET}/test_headers.py::test_expires_counts_only_where_there_is_no_max_age",),
    ),
    16: (
        "no-cache and no-store never mean sooner",
        (
            f"{NET}/test_headers.py::test_no_cache_and_no_store_say_what_silence_says",
            f"{DOCUMENTS}::test_no_word_of_caching_brings_us_sooner_than_silence",
        ),
    ),
    17: (
        "Age is subtracted",
        (f"{NET}/test_headers.py::test_what_an_answer_has_aged_on_its_way_is_subtracted",),
    ),
    18: (
        "absurd wishes are bounded",
        (
            f"{SCHEDULE}::test_absurd_wishes_end_after_a_week",
            f"{NET}/test_headers.py::test_freshness_is_never_negative_and_never_endless",
        ),
    ),
    19: ("gzip is asked for", (f"{WIRE}::test_gzip_is_asked_for_and_read",)),
    20: (
        "permanent redirects move the feed once confirmed",
        (
            f"{SCHEDULE}::test_a_move_is_confirmed_by_three_polls",
            f"{SCHEDULE}::test_a_move_is_confirmed_by_two_polls_a_day_apart",
            f"{UPKEEP}::test_a_permanent_redirect_is_followed_for_good_when_three_polls_agree",
        ),
    ),
    21: (
        "temporary ones never do",
        (f"{NET}/test_redirects.py::test_only_the_permanent_beginning_of_a_chain_is_a_move",),
    ),
    22: (
        "of a mixed chain only the permanent beginning counts",
        (f"{NET}/test_redirects.py::test_only_the_permanent_beginning_of_a_chain_is_a_move",),
    ),
    23: (
        "a redirect into another feed is flagged",
        (f"{UPKEEP}::test_a_feed_that_redirects_for_good_into_another_of_ours_is_paused_and_told",),
    ),
    24: (
        "five redirects, no circles",
        (
            f"{NET}/test_redirects.py::test_five_redirects_are_followed_and_six_are_not",
            f"{NET}/test_redirects.py::test_a_circle_is_noticed_when_it_closes",
        ),
    ),
    25: (
        "410 ends polling",
        (
            f"{POLL}::test_a_feed_that_is_gone_is_never_asked_again",
            f"{SCHEDULE}::test_gone_is_never_asked_again",
            f"{NET}/test_redirects.py"
            "::test_gone_behind_a_temporary_redirect_is_not_the_end_of_the_feed",
        ),
    ),
    26: (
        "what goes on failing is asked once a day",
        (
            f"{SCHEDULE}::test_whoever_goes_on_failing_is_asked_once_a_day",
            f"{POLL}::test_a_failing_feed_is_asked_ever_less_often",
        ),
    ),
    27: (
        "a refusal pauses for hours",
        (f"{SCHEDULE}::test_a_refusal_waits_at_least_four_hours",),
    ),
    28: (
        "429 and Retry-After in both forms",
        (
            f"{NET}/test_headers.py::test_retry_after_is_read_in_both_forms",
            f"{NET}/test_fetcher.py::test_a_retry_after_date_counts_from_the_servers_own_clock",
            f"{SCHEDULE}::test_retry_after_of_any_length_is_kept_to",
        ),
    ),
    29: (
        "503 and Retry-After",
        (
            f"{NET}/test_fetcher.py::test_a_status_that_is_no_success_is_put_into_words",
            f"{POLL}::test_retry_after_behind_a_redirect_pauses_the_host_that_said_it",
        ),
    ),
    30: (
        "429 without Retry-After slows down too",
        (f"{SCHEDULE}::test_throttling_without_retry_after_slows_down_all_the_same",),
    ),
    31: (
        "Retry-After is the host's",
        (
            f"{POLL}::test_retry_after_pauses_the_whole_host",
            f"{NET}/test_fetcher.py::test_a_redirect_is_no_way_around_a_hosts_retry_after",
        ),
    ),
    32: (
        "one request a poll, under one name",
        (f"{WIRE}::test_a_poll_is_one_request_whatever_the_answer",),
    ),
    33: (
        "the address is asked for as it is written",
        (f"{WIRE}::test_nothing_but_the_feed_is_asked_for_and_just_as_it_is_written",),
    ),
    34: (
        "no cookies",
        (
            f"{WIRE}::test_a_request_carries_what_it_must_and_nothing_else",
            f"{NET}/test_fetcher.py::test_cookies_are_not_kept",
        ),
    ),
    35: ("no Referer", (f"{WIRE}::test_a_request_carries_what_it_must_and_nothing_else",)),
    36: (
        "the User-Agent says who and where",
        (
            f"{WIRE}::test_every_poll_says_who_asks_where_to_read_of_us_and_for_how_many",
            f"{NET}/test_etiquette.py::test_after_set_up_our_own_page_and_the_readers_are_named",
            f"{NET}/test_etiquette.py"
            "::test_before_set_up_the_projects_page_is_named_and_no_readers",
        ),
    ),
    37: ("Accept names feeds", (f"{NET}/test_wanted.py::test_a_request_says_what_it_reads",)),
    38: (
        "no Cache-Control or Pragma in requests",
        (
            f"{WIRE}::test_a_request_carries_what_it_must_and_nothing_else",
            f"{NET}/test_fetcher.py"
            "::test_a_first_request_says_who_we_are_and_asks_for_no_condition",
        ),
    ),
    39: (
        "one connection and a spacing for each host",
        (
            f"{WIRE}::test_one_connection_and_a_second_between_two_requests_are_what_a_host_gets"
            "_by_default",
            f"{FEEDS}::test_no_host_is_ever_asked_too_much",
            f"{NET}/test_pace.py::test_redirects_of_many_hosts_to_one_come_there_one_by_one",
            "tests/flow/test_asking.py"
            "::test_a_host_is_left_alone_for_its_spacing_after_what_was_no_poll",
        ),
    ),
    40: (
        "neither icon nor site page with a poll",
        (f"{WIRE}::test_nothing_but_the_feed_is_asked_for_and_just_as_it_is_written",),
    ),
    41: (
        "one deadline for all of it",
        (f"{NET}/test_deadline.py::test_whatever_is_slow_is_ended_at_the_deadline",),
    ),
    42: (
        "decoded bytes are capped",
        (
            f"{NET}/test_coding.py::test_a_bomb_is_noticed_before_it_has_gone_off",
            f"{NET}/test_fetcher.py::test_a_body_over_the_cap_is_too_large",
        ),
    ),
    43: (
        "TLS is verified",
        (
            f"{NET}/test_tls.py::test_an_unknown_authority_is_not_believed_by_default",
            f"{NET}/test_tls.py::test_a_certificate_of_another_name_is_not_believed",
        ),
    ),
    44: (
        "robots.txt: not for feeds, but for pages",
        (
            f"{WIRE}::test_robots_txt_is_not_asked_for_where_an_editor_named_a_feed",
            f"{ROBOTS}::test_a_page_is_polled_only_where_robots_txt_lets_us",
            "tests/flow/test_pages.py::test_what_robots_txt_forbids_is_not_asked_for",
        ),
    ),
    45: (
        "ttl is a minimum",
        (
            f"{DOCUMENTS}::test_a_ttl_is_a_minimum_and_no_maximum",
            f"{POLL}::test_a_publishers_ttl_holds_when_nothing_has_changed_too",
        ),
    ),
    46: (
        "skipHours and skipDays",
        (
            f"{DOCUMENTS}::test_skipped_hours_of_a_document_are_left_out_in_gmt",
            f"{DOCUMENTS}::test_skipped_days_of_a_document_are_left_out",
            f"{SCHEDULE}::test_a_poll_due_in_a_skipped_hour_comes_when_it_is_over",
            f"{FEEDS}"
            "::test_what_came_due_while_we_were_away_waits_for_an_hour_its_publisher_allows",
        ),
    ),
    47: (
        "an update period is a minimum",
        (f"{DOCUMENTS}::test_an_update_period_is_a_minimum",),
    ),
    48: (
        "the interval is learnt, within bounds",
        (
            f"{SCHEDULE}::test_a_feed_is_asked_six_times_between_two_entries",
            f"{SCHEDULE}::test_auto_stays_within_its_bounds",
        ),
    ),
    49: (
        "an entry's key is its feed's",
        ("tests/flow/test_telling.py::test_two_feeds_that_claim_one_id_get_an_item_each",),
    ),
    50: (
        "guid, else address, else words",
        (
            f"{IDENTITY}::test_the_guid_is_the_key_whatever_else_changes",
            f"{IDENTITY}::test_without_a_guid_the_canonical_url_is_the_key",
            f"{IDENTITY}::test_without_guid_and_article_url_the_words_are_the_key",
        ),
    ),
    51: (
        "one guid on several items tells them apart",
        (f"{IDENTITY}::test_one_guid_on_several_entries_tells_them_apart",),
    ),
    52: (
        "text that changes at every poll is not revised without end",
        (
            "tests/core/test_intake.py::"
            "test_a_text_that_changes_without_end_and_date_is_revised_so_often_and_no_more",
        ),
    ),
    53: (
        "dates that cannot be are bounded",
        (
            f"{DOCUMENTS}::test_dates_that_cannot_be_are_kept_within_what_we_saw",
            "tests/core/test_edition.py"
            "::test_published_is_the_publishers_date_but_never_after_first_seen",
        ),
    ),
    54: (
        "sources and rel=via go along",
        (
            "tests/formats/test_writing_atom.py::test_an_entry_carries_its_source",
            "tests/formats/test_writing_atom.py::test_entry_links_keep_rel_type_length_and_title",
        ),
    ),
    55: (
        "A-IM: feed; a 226 leaves out and deletes nothing",
        (
            f"{WIRE}::test_a_delta_is_asked_for_and_what_it_leaves_out_is_not_missing",
            f"{UPKEEP}::test_a_partial_answer_takes_nothing_back",
        ),
    ),
    56: (
        "archives are walked once, within bounds",
        (
            f"{UPKEEP}::test_archives_are_walked_once_when_a_feed_is_new",
            f"{UPKEEP}::test_a_walk_through_archives_is_bounded_and_stays_on_the_feeds_host",
        ),
    ),
    57: (
        "what leaves a complete feed goes",
        (f"{UPKEEP}::test_what_leaves_a_complete_feed_goes_and_comes_back_with_it",),
    ),
    58: (
        "a tombstone counts within its feed",
        (f"{UPKEEP}::test_a_tombstone_counts_only_for_entries_of_its_own_feed",),
    ),
    59: (
        "JSON Feed: ids as text, unknown keys, next_url within bounds",
        (
            f"{DOCUMENTS}::test_a_json_feed_may_number_its_items_and_say_what_nobody_knows",
            f"{UPKEEP}::test_a_walk_through_archives_is_bounded_and_stays_on_the_feeds_host",
        ),
    ),
    60: (
        "Link headers go before the body",
        (
            f"{PUSH}::test_case_104_headers_go_before_the_body",
            f"{NET}/test_links.py::test_hubs_and_self_are_read_as_rfc_8288_writes_them",
        ),
    ),
    61: (
        "what is subscribed to is rel=self",
        (f"{PUSH}::test_case_200_the_topic_is_what_the_feed_calls_itself",),
    ),
    62: (
        "only what is pending is confirmed",
        (
            f"{PUSH}::test_case_205_a_verification_of_another_topic_is_refused",
            f"{PUSH}::test_what_was_not_asked_for_is_not_confirmed",
        ),
    ),
    63: (
        "callbacks nobody can guess, over TLS",
        (
            f"{PUSH}::test_a_hub_is_told_a_callback_nobody_can_guess_and_a_short_secret",
            f"{WEBSUB}::test_callbacks_are_offered_at_real_addresses_over_tls",
        ),
    ),
    64: (
        "signatures are checked; what is not signed is ignored",
        (
            f"{PUSH}::test_case_301_an_invalid_signature_is_answered_and_left_out",
            f"{PUSH}::test_case_302_a_missing_signature_is_answered_and_left_out",
        ),
    ),
    65: (
        "leases are renewed; polling slows and goes on",
        (
            f"{WEBSUB}::test_a_lease_is_renewed_before_it_ends_and_never_in_a_storm",
            f"{SCHEDULE}::test_while_a_hub_brings_the_news_we_ask_once_a_day",
        ),
    ),
    66: (
        "OPML: web addresses, nesting, bounds, round trip",
        (
            f"{OPML}::test_folders_are_kept",
            f"{OPML}::test_what_is_no_web_address_is_left_out_and_told",
            f"{OPML}::test_numbers_are_bounded",
            f"{OPML}::test_depth_is_bounded",
            f"{OPML}::test_what_is_written_is_read_again",
        ),
    ),
}
TESTS = sorted({name for _, names in KEPT.values() for name in names})


def marks_of(nodes: Sequence[ast.AST]) -> Iterator[str]:
    """The names of marks, and of whatever else is reached by a dot, in these parts."""
    for node in nodes:
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute):
                yield part.attr


def test_every_statement_is_kept_by_a_test_or_owed() -> None:
    print("owed:", sorted(OWED))
    assert {*KEPT, *OWED} == set(NUMBERS)
    assert not OWED & KEPT.keys(), "what is kept is not owed any more"
    assert all(words and names for words, names in KEPT.values())


@pytest.mark.parametrize("name", TESTS)
def test_the_test_of_a_statement_is_there_and_is_run(name: str) -> None:
    path, _, function = name.partition("::")
    module = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    found = [
        node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == function
    ]
    assert len(found) == 1, f"{function} stands {len(found)} times in {path}"
    everywhere = [
        node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        and any(isinstance(to, ast.Name) and to.id == "pytestmark" for to in node.targets)
    ]
    marks = {*marks_of(found[0].decorator_list), *marks_of(everywhere)}
    never = {"skip", "skipif", "xfail", "corpus", "faults", "browser"}
    assert not marks & never, f"{function} is not run wherever tests are run"
    given_up = {"skip", "importorskip", "xfail"}
    assert not {*marks_of([*found])} & given_up, f"{function} may give itself up"
