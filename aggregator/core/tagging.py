"""Tags: the editors' vocabulary, gazetteers, the publisher's categories, a feed's own tags."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from aggregator.core.phrases import Finder, Phrase, finder
from aggregator.core.text import Tokenizer, clean_line, fold, tokens
from aggregator.model.entry import Tag
from aggregator.model.gazetteer import Gazetteer

MAX_NAME = 64  # characters of a tag's name
MAX_CATEGORIES = 50  # of one entry that become tags; a publisher may send thousands
MAX_FOUND = 200  # tags of one entry by phrases: a list of places may stand in it whole
MAX_SHOWN = 80  # characters of a category in a because

_APOSTROPHE = re.compile(r"(?<=\w)['’‘ʼʻ]s\b|['’‘ʼʻ]")
_ADDRESSABLE = 500  # characters of a text that can still tell in a name


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """What a phrase tells: its tag, the phrase as written, and where it is from.

    `source` is "vocabulary", or the kind of the gazetteer whose file is named in `listed`.
    """

    tag: str
    phrase: str
    source: str = "vocabulary"
    listed: str = ""  # " (places.tsv)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Phrases with what they tell, and the tags that publishers' categories are mapped to."""

    phrases: tuple[tuple[Hit, ...], ...]
    lengths: tuple[int, ...]  # words of each phrase
    numbers: Mapping[Phrase, int]
    finder: Finder
    mapped: Mapping[Phrase, tuple[str, ...]]

    def find(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Return the phrases that stand in the words, each once, by the order of the vocabulary.

        Each as its number, with the place of its first word, from 0, where it stands first.
        """
        found = self.finder.find(words)
        if len(found) > 1:  # of a phrase's places the first one counts
            found.reverse()
            return sorted(dict(found).items())
        return found

    def called(self, words: Sequence[str]) -> tuple[Hit, ...]:
        """Return what the phrase tells that is these words, no more and no less."""
        number = self.numbers.get(tuple(words))
        return () if number is None else self.phrases[number]


def vocabulary(
    tags: Mapping[str, Sequence[str]],
    *,
    gazetteers: Iterable[Gazetteer] = (),
    categories: Mapping[str, Sequence[str]] | None = None,
) -> Vocabulary:
    """Compile tags with their phrases, gazetteers, and what publishers' categories are mapped to.

    A tag's own name is no phrase unless it is listed. A phrase without a letter or digit can
    stand nowhere and is left out. The vocabulary comes before gazetteers.
    """
    told: dict[Phrase, tuple[Hit, ...]] = {}
    for name, phrase, source, listed in (*_of_tags(tags), *_of_gazetteers(gazetteers)):
        words = tuple(tokens(phrase))
        if words and tag_name(name):
            hit = Hit(tag=tag_name(name), phrase=phrase, source=source, listed=listed)
            told[words] = (*told.get(words, ()), hit)
    return Vocabulary(
        phrases=tuple(told.values()),
        lengths=tuple(map(len, told)),
        numbers={phrase: number for number, phrase in enumerate(told)},
        finder=finder(tuple(told)),
        mapped={
            tuple(tokens(category)): tuple(tag_name(each) for each in given)
            for category, given in (categories or {}).items()
        },
    )


_Row = tuple[str, str, str, str]  # tag, phrase, source, listed


def _of_tags(tags: Mapping[str, Sequence[str]]) -> Iterator[_Row]:
    for name, phrases in tags.items():
        for phrase in phrases:
            yield name, phrase, "vocabulary", ""


def _of_gazetteers(gazetteers: Iterable[Gazetteer]) -> Iterator[_Row]:
    for each in gazetteers:
        source, listed = str(each.kind), f" ({each.file.name})"
        for name, phrase in each.names:
            yield name, phrase, source, listed


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
def _category(category: str) -> tuple[Phrase, Tag]:
    """Return a category's words, and the tag of its own name."""
    because = f'category "{clean_line(category, MAX_SHOWN)}"'
    own = Tag(name=tag_name(category), source="category", because=because)
    return tuple(tokens(category)), own


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
    feed, then phrases (title, summary, body; in a text in the vocabulary's order), then the
    publisher's categories in theirs. A category gets the tags it is mapped to, which may be none;
    else, if it is one of the phrases, that phrase's tag; else one of its own name.
    """
    found: dict[str, Tag] = {}
    for written in feed_tags:
        name = tag_name(written)
        if name and name not in found:
            because = f"feed {feed_name} is tagged {written}"
            found[name] = Tag(name=name, source="feed", because=because)
    for where, text in (
        ("title", title),
        ("summary", summary),
        ("body", "" if body is summary else body),
    ):
        if text:
            _add_phrases(found, known, where, words(text))
    for category in categories[:MAX_CATEGORIES]:
        told, own = _category(category)
        names, because = known.mapped.get(told) if known.mapped else None, own.because
        if names is not None:
            because += ", as mapped"
        elif hits := known.called(told):
            names = tuple([hit.tag for hit in hits])
        else:
            if own.name:
                found.setdefault(own.name, own)
            continue
        for name in names:
            if name and name not in found:
                found[name] = Tag(name=name, source="category", because=because)
    return tuple(found.values())


def _add_phrases(found: dict[str, Tag], known: Vocabulary, where: str, said: Sequence[str]) -> None:
    for number, first in known.find(said):
        for hit in known.phrases[number]:
            name = hit.tag
            if name in found:
                continue
            if len(found) >= MAX_FOUND:
                return
            because = f'{hit.source}: "{hit.phrase}" in {where}, word {first + 1}{hit.listed}'
            place = where, first, known.lengths[number]
            found[name] = Tag(name=name, source=hit.source, because=because, place=place)
