"""Whatever the W3C's validator faults in its own cases, our opinion on validity faults too.

So it is worth something that `tests/formats/test_validity.py` finds no fault with what we write.
Each message of the validator is answered by a rule of ours that says the same of the same element;
or the case needs an element or an attribute that we never write, which `vocabulary` says of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.formats.valid_doc import RULES, Fault
from tests.formats.validity import faults

pytestmark = pytest.mark.corpus

CASES = "corpus/cases/w3c+feedvalidator/testcases"
FOLDERS = ("atom", "rss", "rss20", "ext/fh", "ext/media", "xml")
_EXPECTED = re.compile(rb"Expect:\s*(!?)(\w+)(?:\{([^}]*)\})?")

# By our rule: the messages of the validator that it stands for.
SAME = {
    "parses": "SAXError UnicodeError UnknownEncoding",
    "encoding": "BadXmlVersion MissingEncoding NonstdEncoding ObscureEncoding UnicodeError",
    "doctype": "ContainsSystemEntity DeprecatedDTD InvalidDoctype",
    "vocabulary": """ArchiveIncomplete AtomLinkNotEmpty CurrentNotSelfInCompleteFeed
        DuplicateDescriptionSemantics DuplicateItemSemantics DuplicateSemantics Error
        FeedRelInCompleteFeed HtmlFragment InvalidNamespace InvalidRDF InvalidRSSVersion
        MissingNamespace NotEscaped ObsoleteNamespace SecurityRiskAttr UndefinedElement
        UndeterminableVocabulary UnexpectedAttribute UnexpectedText UnknownNamespace""",
    "required": """AttrNotBlank ItemMustContainTitleOrDescription MissingAttribute
        MissingDescription MissingElement MissingGuid MissingHref
        MissingLink MissingSelf MissingSourceElement NotBlank
        MissingTitle""",
    "once": "DuplicateElement DuplicateEnclosure",
    "filled": "NotBlank UnexpectedWhitespace",
    "order": "MisplacedItem MisplacedMetadata NeedDescriptionBeforeContent",
    "namespaces": """AvoidNamespacePrefix MediaRssNamespace NonstdPrefix NotInANamespace
        ReservedPrefix UnsupportedNamespace UseOfExtensionAttr""",
    "dates": """ImplausibleDate InvalidRFC2822Date InvalidRFC3339Date InvalidW3CDTFDate
        ProblematicalRFC822Date""",
    "ids": """DuplicateEntries DuplicateIds DuplicateValue InvalidBooleanAttribute InvalidFullLink
        InvalidHttpGUID InvalidLink InvalidPermalink InvalidTAG InvalidURN InvalidUUID
        NonCanonicalURI NotSufficientlyUnique SchemeNotIANARegistered""",
    "canonical": "NonCanonicalURI",
    "addresses": """InvalidFullLink InvalidLink InvalidURLAttribute InvalidUriChar RelativeSelf
        SameDocumentReference SchemeNotIANARegistered SelfDoesntMatchLocation UriNotIri""",
    "links": """DuplicateAtomLink FeedHistoryRelInEntry LinkPastEnd SelfNotAtom
        UnregisteredAtomLinkRel""",
    "found_again": """ArchiveIncomplete MissingContentOrAlternate MissingCurrentInArchive
        MissingSelf MissingTextualContent""",
    "types": """ContainsUndeclaredHTML HtmlFragment InvalidMIMEAttribute InvalidMIMEType
        InvalidTextType MissingSummary MissingXhtmlDiv NotBase64 NotInline SecurityRisk""",
    "numbers": "InvalidIntegerAttribute InvalidNonNegativeInteger InvalidPositiveInteger",
    "languages": "InvalidLanguage",
    "mail": "ContainsEmail EmailFormat InvalidAddrSpec InvalidContact MissingRealName",
    "characters": "BadCharacters",
    "plain": "CharacterData ContainsHTML ContainsUndeclaredHTML",
    "markup": """BadCharacters ContainsRelRef DangerousStyleAttr NotHtml SecurityRisk""",
}
WHY_NOT = {  # by message or by file
    "DuplicateUpdated": "two items may well change in one second, and dates are not made up",
    "MissingDCLanguage": "where nobody said in which language a topic is, neither do we",
    "xml_double_encoded.xml": "a publisher's own letters, read wrong by the publisher",
    "invalid_restriction_relationship_missing.xml": "restrictions are never written",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A document, and what the validator faults in it."""

    path: Path
    message: str
    names: frozenset[str]  # of elements and attributes that the validator names, if any

    def answers(self) -> list[Fault]:
        """Return the faults of ours that say the same."""
        same = {rule for rule, messages in SAME.items() if self.message in messages.split()}
        return [
            fault
            for fault in faults(self.path.read_bytes())
            if fault.rule == "parses"
            or (fault.rule in {*same, "vocabulary"} and self._is_of(fault))
        ]

    def _is_of(self, fault: Fault) -> bool:
        """Whether the fault tells of what the validator names, or of the document as a whole."""
        if not self.names:
            return fault.rule != "required" or fault.where in self.message.lower()
        told = {local(word) for word in re.findall(r"[\w.:-]+", f"{fault.where} {fault.said}")}
        return bool(told & {"root", "document"} or told & {local(name) for name in self.names})


def local(name: str) -> str:
    return name.rpartition(":")[2]


def cases() -> Iterator[Case]:
    top = Path(os.environ["AGGREGATOR_SHARED"]) / CASES
    for folder in FOLDERS:
        for path in sorted((top / folder).rglob("*.xml")):
            found = _EXPECTED.search(path.read_bytes())
            if found is None or found[1] or found[2].startswith(b"Valid"):
                continue  # the validator finds no fault there
            said = (found[3] or b"").decode()
            names = frozenset(
                value.partition(":")[2].strip()
                for value in said.split(",")
                if value.strip().startswith(("element:", "attr:", "parent:"))
            )
            yield Case(path=path, message=found[2].decode(), names=names)


def test_each_fault_the_validator_finds_is_found_by_us() -> None:
    everything = list(cases())
    unanswered = [
        f"{case.path.name}: {case.message} {sorted(case.names)}"
        for case in everything
        if not {case.message, case.path.name} & WHY_NOT.keys() and not case.answers()
    ]
    assert unanswered == []
    assert len(everything) > 850


def test_every_answer_is_one_of_our_rules_and_every_rule_answers() -> None:
    assert SAME.keys() == {*RULES, "parses", "encoding", "doctype"}


def test_each_rule_is_the_answer_to_a_case_of_its_own() -> None:
    """So that none of them is there for show."""
    answering = {fault.rule for case in cases() for fault in case.answers()}
    assert answering == SAME.keys()


def test_each_case_left_unanswered_is_there() -> None:
    everything = list(cases())
    assert WHY_NOT.keys() <= {each.message for each in everything} | {
        each.path.name for each in everything
    }
