from __future__ import annotations

import json

from tests.cli.conftest import Aggregator


def test_a_token_is_given_listed_rotated_and_revoked(aggregator: Aggregator) -> None:
    words = ("--topic", "lane", "--query", "--with-private", "--expires", "90d")
    issued = json.loads(aggregator("--json", "tokens", "create", "Ida", *words).out)
    secret = issued["secret"]
    root = f"https://news.example.org/feeds/{secret}"
    assert issued["addresses"] == [f"{root}/lane.atom", f"{root}/q.atom?q=%2A"]
    assert (issued["id"], issued["hint"], issued["topics"]) == (1, secret[:6], ["lane"])
    listed = aggregator("tokens", "list")
    assert secret not in listed.out + listed.err
    head, line = listed.out.splitlines()
    assert head.split("\t")[:7] == ["id", "hint", "label", "state", "topics", "query", "private"]
    assert line.split("\t")[1:7] == [secret[:6], "Ida", "open", "lane", "True", "True"]
    other = json.loads(aggregator("--json", "tokens", "rotate", secret[:6]).out)
    assert other["id"] == 1 and other["secret"] != secret
    assert aggregator("tokens", "revoke", "1").out == "token 1 (Ida) is revoked\n"
    assert json.loads(aggregator("--json", "tokens", "list").out) == []
    (over,) = json.loads(aggregator("--json", "tokens", "list", "--all").out)
    assert over["state"] == "revoked"
    assert aggregator("tokens", "rotate", "1").code == 2


def test_addresses_go_to_stdout_and_what_they_are_to_stderr(aggregator: Aggregator) -> None:
    said = aggregator("tokens", "create", "Bo")
    names = {line.rsplit("/", 1)[1] for line in said.out.splitlines()}
    assert names == {"desk-choice.atom", "lane.atom"}
    assert "token 1 (Bo): its addresses are told this once" in said.err


def test_what_cannot_be_given_is_refused(aggregator: Aggregator) -> None:
    assert aggregator("tokens", "create", "Ida", "--topic", "nope").code == 4
    for span in ("soon", "5", "1s"):
        said = aggregator("tokens", "create", "Ida", "--expires", span)
        assert said.code == 2 and "--expires" in said.err
    assert aggregator("tokens", "create", " ").code == 2
    assert aggregator("tokens", "revoke", "7").code == 4
