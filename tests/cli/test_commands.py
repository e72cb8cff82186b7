from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.cli.conftest import FEED, Aggregator

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def polled(aggregator: Aggregator) -> Aggregator:
    aggregator("-q", "run", "--once")
    return aggregator


def entry_id(aggregator: Aggregator, query: str) -> str:
    found = json.loads(aggregator("--json", "entries", "search", query).out)
    return str(found[0]["id"])


def test_poll_tells_what_it_did_and_exits_with_3_when_a_feed_failed(aggregator: Aggregator) -> None:
    said = aggregator("poll", "--all", "--json")
    told = json.loads(said.out)
    assert said.code == 3
    assert set(told) == {
        "polled",
        "fetched",
        "not_modified",
        "failed",
        "new",
        "revised",
        "stories",
        "seconds",
    }
    assert (told["polled"], told["failed"], told["new"]) == (2, 1, 2)
    assert "lost: " in said.err


@pytest.mark.parametrize("command", [("poll",), ("run", "--once")])
def test_lists_that_are_due_are_read_before_feeds_are_polled(
    command: tuple[str, ...], aggregator: Aggregator, desk: Path, origin: HTTPServer
) -> None:
    news = origin.url_for("/news.rss")
    opml = f'<opml><body><outline text="News" xmlUrl="{news}"/></body></opml>'
    origin.expect_request("/roll.opml").respond_with_data(opml, content_type="text/x-opml")
    origin.expect_request("/news.rss").respond_with_data(FEED, content_type="application/rss+xml")
    desk.write_text(f"{desk.read_text()}lists: [{origin.url_for('/roll.opml')}]\n")
    told = json.loads(aggregator("--json", *command).out)
    assert (told["polled"], told["failed"]) == (3, 1)


def test_a_second_poll_of_what_did_not_change_brings_nothing(aggregator: Aggregator) -> None:
    aggregator("poll", "--all")
    told = json.loads(aggregator("--json", "poll", "wire").out)
    assert (told["new"], told["revised"]) == (0, 0)


def test_feeds_whose_host_asked_for_a_pause_are_counted_and_are_no_failure(
    aggregator: Aggregator, origin: HTTPServer
) -> None:
    origin.clear()
    for path in ("/wire.rss", "/lost.rss"):
        origin.expect_request(path).respond_with_data(
            "busy", status=429, headers={"Retry-After": "3600"}
        )
    assert aggregator("poll", "wire").code == 3
    one, both = aggregator("poll", "lost"), aggregator("poll", "--all")
    assert "1 feed left alone: its host asked for a pause" in one.err
    assert "2 feeds left alone: their hosts asked for a pause" in both.err
    assert (one.code, both.code) == (0, 0)


def test_a_pipe_gets_facts_as_names_and_values_without_a_head(aggregator: Aggregator) -> None:
    lines = aggregator("poll", "wire").out.splitlines()
    assert lines[0] == "polled\t1"
    assert all(line.count("\t") == 1 for line in lines)


def test_a_pipe_gets_tsv_with_a_head_line(polled: Aggregator) -> None:
    lines = polled("topics", "list").out.splitlines()
    assert lines[0].split("\t")[:3] == ["slug", "title", "mode"]
    assert [line.split("\t")[0] for line in lines[1:]] == ["lane", "desk-choice"]


def test_search_and_topics_speak_the_same_language(polled: Aggregator) -> None:
    found = json.loads(polled("--json", "entries", "search", "corridor NOT title:horoscope").out)
    assert [each["title"] for each in found] == ["Grain corridor reopens"]
    assert found[0]["topics"][0]["slug"] in {"lane", "desk-choice"}
    assert {
        "id",
        "feed",
        "guid",
        "url",
        "title",
        "published",
        "story",
        "lang",
        "tags",
        "topics",
    } == (set(found[0]))


def test_a_query_that_does_not_parse_says_where(polled: Aggregator) -> None:
    said = polled("entries", "search", "titel:corridor")
    assert said.code == 2
    assert "character 1" in said.err and "title" in said.err


def test_explain_says_why_and_why_not(polled: Aggregator) -> None:
    corridor, stars = entry_id(polled, "corridor"), entry_id(polled, "horoscope")
    inside = json.loads(polled("--json", "explain", corridor, "lane").out)
    outside = json.loads(polled("--json", "explain", stars, "lane").out)
    assert (inside["in"], outside["in"]) == (True, False)
    steps = {step["step"]: step["result"] for step in outside["steps"]}
    assert steps["rule"] == "does not match" and steps["edition"] == "not shown"


def test_an_approval_can_name_its_time(polled: Aggregator) -> None:
    number = entry_id(polled, "corridor")
    before = polled("--json", "topics", "list").out
    told = "will be out on 2999-01-01 06:00 UTC (in "
    assert told in polled("approve", number, "desk-choice", "--at", "2999-01-01T07:00+01:00").out
    assert told in polled("explain", number, "desk-choice").out
    assert told in polled("topics", "show", "desk-choice").out
    assert "not before 2999-01-01 06:00 UTC" in polled("log").out
    assert json.loads(polled("--json", "topics", "list").out)[1]["published"] == 0
    late = polled("approve", number, "desk-choice", "--at", "2026-11-01")
    assert (late.code, "2026-11-01 00:00 UTC has passed: it goes out now" in late.err) == (0, True)
    assert json.loads(polled("--json", "topics", "list").out)[1]["published"] == 1
    said = polled("approve", number, "desk-choice", "--at", "tomorrow")
    assert said.code == 2 and "2026-11-24T07:00" in said.err
    assert before != polled("--json", "topics", "list").out


def test_a_topic_is_removed_once_it_has_left_the_file(polled: Aggregator, desk: Path) -> None:
    said = polled("topics", "remove", "lane")
    assert said.code == 2 and "take it out of the file first" in said.err
    text = desk.read_text()
    desk.write_text(text[: text.index("  - {slug: lane")] + text[text.index("  - {slug: desk") :])
    told = json.loads(polled("--json", "topics", "remove", "lane").out)
    assert told == {"slug": "lane", "title": "Lane"}
    assert [each["slug"] for each in json.loads(polled("--json", "topics", "list").out)] == [
        "desk-choice"
    ]
    assert polled("topics", "remove", "lane").code == 4


def test_what_is_written_to_a_story_that_nobody_sees_is_said_to_be_unseen(
    polled: Aggregator,
) -> None:
    number = entry_id(polled, "corridor")
    polled("reject", number, "lane")
    for words in (("note", number, "lane", "We asked."), ("pin", number, "lane")):
        said = polled(*words)
        assert said.code == 0
        assert f"`aggregator approve {number} lane` brings it back" in said.err
    assert "waits for an editor" in polled("pin", number, "desk-choice").err
    polled("approve", number, "lane")
    assert polled("edit", number, "lane", "--title", "Ours").err == ""


def test_the_log_says_what_an_undone_withdrawal_was_of(polled: Aggregator) -> None:
    polled("withdraw", "wire", "--reason", "by mistake")
    polled("undo")
    undo, act = json.loads(polled("--json", "log").out)
    assert (undo["said"], act["said"]) == ("feed wire", "feed wire")


def test_what_waits_is_published_by_approve_and_waits_again_after_undo(polled: Aggregator) -> None:
    number = entry_id(polled, "horoscope")

    def counts() -> tuple[int, int]:
        topics = json.loads(polled("--json", "topics", "list").out)
        choice = next(each for each in topics if each["slug"] == "desk-choice")
        return choice["waiting"], choice["published"]

    assert counts() == (2, 0)
    polled("approve", number, "desk-choice", "--why", "readers asked")
    assert counts() == (1, 1)
    polled("undo")
    assert counts() == (2, 0)
    log = json.loads(polled("--json", "log").out)
    assert [each["act"] for each in log] == [f"undo of {log[1]['decision']}", "approve"]
    assert log[1]["by"] == "ada" and log[1]["state"] == "undone"


def test_a_column_in_a_file_goes_to_the_topic_it_is_added_to(
    polled: Aggregator, tmp_path: Path
) -> None:
    column = tmp_path / "column.txt"
    column.write_text(
        "Ports at dusk\n03-14-2017\n\nThe cranes stood still.\n\nBlog Keywords:\nports\n"
    )
    said = polled("--json", "add", str(column), "--topic", "lane")
    added = json.loads(said.out)
    assert said.code == 0 and added[0]["topics"] == ["lane"] and added[0]["new"] is True
    assert added[0]["date"] == "2017-03-14"
    shown = json.loads(polled("--json", "topics", "show", "lane").out)
    assert "Ports at dusk" in {story["title"] for story in shown["stories"]}
    again = json.loads(polled("--json", "add", str(column), "--topic", "lane").out)
    assert again[0]["new"] is False and again[0]["entry"] == added[0]["entry"]


def test_a_file_that_is_no_column_says_which_line(polled: Aggregator, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("\n\n")
    said = polled("add", str(empty))
    assert said.code == 2 and "line 1" in said.err and "empty.txt" in said.err


def test_withdraw_needs_a_reason_and_takes_the_entry_out_of_search(polled: Aggregator) -> None:
    number = entry_id(polled, "corridor")
    assert polled("withdraw", number).code == 2
    assert polled("withdraw", number, "--reason", "court order").code == 0
    assert json.loads(polled("--json", "entries", "search", "corridor").out) == []


def test_feeds_go_out_as_opml_and_come_in_again(
    polled: Aggregator, tmp_path: Path, desk: Path
) -> None:
    opml = tmp_path / "list.opml"
    assert polled("feeds", "export", "--out", str(opml)).code == 0
    assert "2 known already" in polled("feeds", "import", str(opml)).out
    fresh = str(tmp_path / "fresh.db")
    desk.write_text("version: 1\nsite: {url: https://news.example.org}\n")
    assert polled("--db", fresh, "feeds", "import", str(opml)).out.startswith("2 added")


def test_feeds_test_shows_what_would_be_stored_and_stores_nothing(
    aggregator: Aggregator, desk: Path
) -> None:
    told = json.loads(aggregator("--json", "feeds", "test", "wire").out)
    assert told["entries"] == 2 and told["title"] == "The Wire"
    assert json.loads(aggregator("--json", "entries", "search", "corridor").out) == []


def test_feeds_add_refuses_what_is_no_feed(aggregator: Aggregator, desk: Path) -> None:
    base = next(line for line in desk.read_text().splitlines() if "wire" in line)
    root = base.split("url: ")[1].split("/wire.rss")[0]
    said = aggregator("feeds", "add", f"{root}/lost.rss")
    assert said.code == 2 and "404" in said.err
    assert aggregator("feeds", "add", f"{root}/lost.rss?x=1", "--unseen").code == 0


def test_a_name_that_is_none_exits_with_4_and_says_what_there_is(polled: Aggregator) -> None:
    said = polled("topics", "show", "lain")
    assert said.code == 4 and "lane" in said.err
    assert polled("entries", "show", "99999").code == 4
    assert polled("poll", "nobody").code == 4


def test_check_tells_every_problem_with_its_line(aggregator: Aggregator, desk: Path) -> None:
    assert aggregator("check").code == 0
    desk.write_text(
        desk.read_text().replace("mode: auto", "mode: aoto").replace("title: Lane", "titel: Lane")
    )
    said = aggregator("check")
    assert said.code == 2
    assert "feeds.yaml:9:" in said.err and "auto" in said.err and "title" in said.err
    told = json.loads(aggregator("--json", "check").out)
    assert told["ok"] is False and len(told["problems"]) >= 2


def test_a_broken_contract_fails_the_check(polled: Aggregator, desk: Path) -> None:
    text = desk.read_text().replace(
        "NOT title:horoscope'", "NOT title:horoscope', expect: {in: ['https://wire.example/2']}"
    )
    desk.write_text(text)
    polled("-q", "poll", "wire")
    said = polled("check")
    assert said.code == 2 and "https://wire.example/2" in said.err


def test_doctor_names_what_is_not_set_up(polled: Aggregator) -> None:
    told = {each["check"]: each for each in json.loads(polled("--json", "doctor").out)}
    assert told["site.url"]["state"] == "note"
    assert told["feeds"]["state"] == "note" and "lost" in told["feeds"]["found"]
    assert not [each for each in told.values() if each["state"] == "fault"]
    polled("feeds", "pause", "lost")
    told = {each["check"]: each for each in json.loads(polled("--json", "doctor").out)}
    assert told["feeds"]["state"] == "ok" and "lost" not in told["feeds"]["found"]


def test_a_preview_of_a_rule_changes_nothing(polled: Aggregator) -> None:
    said = polled("--json", "topics", "test", "lane", "--match", "horoscope")
    told = json.loads(said.out)
    assert (told["found"], told["joined"], told["left"]) == (1, 1, 1)
    assert json.loads(polled("--json", "topics", "list").out)[0]["published"] == 1


def test_suggestions_tell_how_far_they_hold_and_their_words(polled: Aggregator) -> None:
    nothing = polled("topics", "suggest", "desk-choice")
    assert nothing.code == 0 and "nothing learnt yet" in nothing.err
    polled("-q", "approve", entry_id(polled, "corridor"), "desk-choice")
    said = polled("topics", "suggest", "desk-choice")
    head, row = (line.split("\t") for line in said.out.splitlines())
    waiting = dict(zip(head, row, strict=True))
    assert (waiting["state"], waiting["title"]) == ("new", "Horoscope for sailors")
    assert "1 of 1 decisions were for the topic" in said.err
    assert "cross-validated" not in said.err, "one decision cannot be tried on another"
    polled("-q", "reject", entry_id(polled, "horoscope"), "desk-choice")
    said = polled("--json", "topics", "suggest", "desk-choice", "--days", "30")
    told = json.loads(said.out)
    assert (told["decisions"], told["chosen"], told["acts"]) == (2, 1, "suggests only")
    assert {each["word"]: each["weight"] > 0 for each in told["words"]}["corridor"] is True
    assert (told["waiting"], told["near"]) == ([], [])
    assert polled("topics", "suggest", "nowhere").code == 4


def test_config_show_can_be_read_back(aggregator: Aggregator, tmp_path: Path) -> None:
    shown = tmp_path / "shown.yaml"
    shown.write_text(aggregator("config", "show").out)
    again = subprocess.run(
        [sys.executable, "-m", "aggregator", "-c", str(shown), "check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 0, again.stderr
    assert json.loads(aggregator("config", "schema").out)["type"] == "object"


def test_config_sample_starts_a_newsroom(aggregator: Aggregator, tmp_path: Path) -> None:
    said = aggregator("config", "sample")
    assert said.out == (ROOT / "feeds.yaml").read_text()
    begun = tmp_path / "begun.yaml"
    begun.write_text(said.out)
    assert aggregator("-c", str(begun), "check").code == 0
    assert "bbc-world" in aggregator("-c", str(begun), "feeds", "list").out
    assert json.loads(aggregator("--json", "config", "sample").out)["version"] == 1


def test_a_missing_file_is_answered_with_the_command_that_writes_one(
    aggregator: Aggregator, tmp_path: Path
) -> None:
    said = aggregator("-c", str(tmp_path / "none.yaml"), "feeds", "list")
    assert said.code == 2
    assert "aggregator config sample > feeds.yaml" in said.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_a_script_for_the_shell(aggregator: Aggregator, shell: str) -> None:
    said = aggregator("completion", shell)
    assert said.code == 0 and "_AGGREGATOR_COMPLETE" in said.out


def test_a_mistyped_command_is_answered_with_the_nearest(aggregator: Aggregator) -> None:
    said = aggregator("publsh")
    assert said.code == 2 and "publish" in said.err


def test_publish_out_writes_a_site(polled: Aggregator, tmp_path: Path) -> None:
    out = tmp_path / "site"
    assert polled("-q", "publish", "--out", str(out)).code == 0
    assert b"Grain corridor reopens" in (out / "topics" / "lane.atom").read_bytes()
    assert (out / "index.html").exists()


def test_looking_at_a_store_with_another_file_changes_nothing(
    polled: Aggregator, desk: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("version: 1\nstore: desk.db\n")
    said = polled("-c", str(other), "--json", "topics", "list")
    assert [each["status"] for each in json.loads(said.out)] == ["active", "active"]
    assert "feeds.yaml" in said.err
    polled("-c", str(other), "-q", "publish")
    retired = json.loads(polled("-c", str(other), "--json", "topics", "list").out)
    assert [each["status"] for each in retired] == ["retired", "retired"]


def test_nothing_is_done_to_what_is_withdrawn(polled: Aggregator) -> None:
    number = entry_id(polled, "corridor")
    polled("withdraw", number, "--reason", "court order")
    said = polled("approve", number, "lane")
    assert said.code == 2 and "withdrawn" in said.err
    told = json.loads(polled("--json", "explain", number, "lane").out)
    assert "withdrawal" in {step["step"] for step in told["steps"]}


@pytest.mark.parametrize(
    "words",
    [("feeds", "list"), ("entries", "search", "grain"), ("publish",), ("feeds", "test", "wire")],
)
def test_a_mistyped_store_is_told_of_and_none_is_made_there(
    polled: Aggregator, tmp_path: Path, words: tuple[str, ...]
) -> None:
    typo = tmp_path / "nowhere" / "desk.bd"
    said = polled("--db", str(typo), *words)
    assert (said.code, said.out) == (2, "")
    assert f"{typo}: there is no store here" in said.err
    assert not typo.parent.exists()


def test_a_store_of_ones_own_is_begun_by_polling(aggregator: Aggregator, tmp_path: Path) -> None:
    own = tmp_path / "own.db"
    assert aggregator("--db", str(own), "-q", "poll", "wire").code == 0
    assert aggregator("--db", str(own), "entries", "search", "corridor").code == 0


def test_what_a_topic_shows_stands_with_the_newest_first(polled: Aggregator) -> None:
    shown = json.loads(polled("--json", "topics", "show", "desk-choice").out)["stories"]
    found = json.loads(polled("--json", "entries", "search", "tag:world", "--limit", "1").out)
    titles = ["Grain corridor reopens", "Horoscope for sailors"]
    assert [each["title"] for each in shown] == titles
    assert [each["title"] for each in found] == titles[:1]
