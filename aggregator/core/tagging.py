"""Tags: the editors' vocabulary, the publisher's categories and what a feed is tagged with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from aggregator.core.text import Tokenizer, clean_line, fold, tokens
from aggregator.model.entry import Tag

MAX_NAME = 64  # characters of a tag's name
MAX_CATEGORIES = 50  # of one entry that become tags; a publisher may send thousands
MAX_SHOWN = 80  # characters of a category in a because

_APOSTROPHE = re.compile(r"(?<=\w)['’‘ʼʻ]s\b|['’‘ʼʻ]")
_ADDRESSABLE = 500  # characters of a text that can still tell in a name

Phrase = tuple[str, ...]  # folded tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """What a phrase of the vocabulary tells: its tag, the phrase as written, its place there."""

    tag: str
    phrase: str
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Phrases by their first token, then by their length: one look-up or two for each word."""

    index: Mapping[str, Mapping[int, Mapping[Phrase, tuple[Hit, ...]]]]

    def find(self, words: Sequence[str]) -> Iterator[Hit]:
        """Yield every phrase that stands in the words as neighbours, overlapping ones too."""
        for place, word in enumerate(words):
            for length, phrases in self.index.get(word, {}).items():
                yield from phrases.get(tuple(words[place : place + length]), ())

    def called(self, words: Sequence[str]) -> tuple[Hit, ...]:
        """Return the phrases that are these words, no more and no less."""
        whole = tuple(words)
        return self.index.get(whole[0], {}).get(len(whole), {}).get(whole, ()) if whole else ()


def vocabulary(tags: Mapping[str, Sequence[str]]) -> Vocabulary:
    """Compile tags, each with its phrases, as feeds.yaml's `tags` has them.

    A tag's own name is no phrase unless it is listed. A phrase without a letter or digit can
    stand nowhere and is left out.
    """
    index: dict[str, dict[int, dict[Phrase, tuple[Hit, ...]]]] = {}
    order = 0
    for name, phrases in tags.items():
        for phrase in phrases:
            words = tuple(tokens(phrase))
            if words:
                same = index.setdefault(words[0], {}).setdefault(len(words), {})
                hit = Hit(tag=tag_name(name), phrase=phrase, order=order)
                same[words] = (*same.get(words, ()), hit)
                order += 1
    return Vocabulary(index=index)


@lru_cache(maxsize=4096)  # feeds' tags come with every entry, categories with most
def tag_name(text: str) -> str:
    """Return a text as a tag's name: folded words joined by hyphens, at most 64 characters.

    Twice changes nothing more. "" when the text holds no letter and no digit.

    >>> tag_name("The World's  Économie & Markets")
    'the-world-economie-markets'
    """
    folded = _APOSTROPHE.sub("", fold(text[:_ADDRESSABLE]))
    words = "".join(char if _in_names(char) else " " for char in folded).split()
    return "-".join(words)[:MAX_NAME].rstrip("-")


@lru_cache(maxsize=4096)  # a site has few categories and gives them to all it writes
def _category(category: str) -> tuple[Phrase, str, str]:
    """Return a category's words, its name as a tag, and the because of that tag."""
    shown = clean_line(category, MAX_SHOWN)
    return tuple(tokens(category)), tag_name(category), f'category "{shown}"'


def _in_names(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char)[0] == "M"


def tag(
    known: Vocabulary,
    *,
    feed_tags: Sequence[str] = (),
    feed_name: str = "",
    title: str = "",
    summary: str = "",
    body: str = "",
    categories: Sequence[str] = (),
    words: Tokenizer = tokens,
) -> tuple[Tag, ...]:
    """Return the tags of an entry, each with its because, one for each name.

    All texts are plain. The strongest comes first and wins a name: what an editor said of the
    feed, then the vocabulary's phrases (title, summary, body; in a text in the vocabulary's
    order), then the publisher's categories in theirs. A category that is one of the
    vocabulary's phrases gets the vocabulary's tag.
    """
    found: dict[str, Tag] = {}

    def add(name: str, source: str, because: str) -> None:
        if name and name not in found:
            found[name] = Tag(name=name, source=source, because=because)

    for written in feed_tags:
        add(tag_name(written), "feed", f"feed {feed_name} is tagged {written}")
    for where, text in (("title", title), ("summary", summary), ("body", body)):
        said = words(text)
        if known.index.keys().isdisjoint(said):  # most texts, found out without a loop
            continue
        for hit in sorted(set(known.find(said)), key=lambda hit: hit.order):
            add(hit.tag, "vocabulary", f'vocabulary: "{hit.phrase}" in {where}')
    for category in categories[:MAX_CATEGORIES]:
        told, own, because = _category(category)
        for name in [hit.tag for hit in known.called(told)] or [own]:
            add(name, "category", because)
    return tuple(found.values())
