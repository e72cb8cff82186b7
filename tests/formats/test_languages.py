"""Languages are guessed offline, by a model that is loaded when it is first asked."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aggregator.formats.languages import FastLanguages, missing

CODE = """
import socket, sys
def refuse(*args, **kwargs): raise AssertionError("no network")
socket.socket.connect = refuse
from aggregator.formats.languages import FastLanguages
languages = FastLanguages()
assert "fasttext" not in sys.modules
assert languages.guess("Der Getreidekorridor ist wieder offen")[0] == "de"
assert "fasttext" in sys.modules and "numpy" not in sys.modules
"""


def test_the_model_is_loaded_when_first_asked_and_needs_no_network() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("The grain corridor is open again, officials said", "en"),
        ("Le corridor céréalier\na rouvert ce matin", "fr"),
        ("東京都の話をします", "ja"),
        ("lone \ud800 surrogates are no reason to fail", "en"),
    ],
)
def test_what_a_text_is_written_in_is_told(text: str, lang: str) -> None:
    assert missing() is None
    found = FastLanguages().guess(text)
    assert found is not None
    assert found[0] == lang
    assert 0 < found[1] <= 1


@pytest.mark.parametrize("text", ["", "12345 678", "!?"])
def test_what_holds_no_letters_is_in_no_language(text: str) -> None:
    assert FastLanguages().guess(text) is None
