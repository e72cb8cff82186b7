"""A topic: an editors' subject, its rule, and what is said of a story in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from aggregator.model.feed import Origin, Rights
from aggregator.model.ids import ArticleId, DecisionId, EntryId, FeedId, ItemId, TopicId


class Mode(StrEnum):
    """Whether a match waits at the desk or is published at once."""

    REVIEW = "review"
    AUTO = "auto"


class Tell(StrEnum):
    """What is folded into one item: copies of an article, or all reports of a story."""

    COPIES = "copies"
    STORIES = "stories"


class Every(StrEnum):
    """How often a letter goes out."""

    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSpec:
    """A webhook: an address that is told of each item, and where the secret lies."""

    url: str
    secret: str  # env:NAME or file:PATH, of what calls are signed with


class TopicStatus(StrEnum):
    """Retired topics left feeds.yaml; their last bytes stay served."""

    ACTIVE = "active"
    RETIRED = "retired"
    REMOVED = "removed"  # gone for good, and kept for its number alone


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTrust:
    """How far a topic trusts one feed: what it tells is out after so many seconds."""

    feed: str  # its name
    delay: int | None  # 0: at once; None: an editor has to approve it


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishSpec:
    """How a topic is published. Seconds; `per_source` is (how many, per how many seconds)."""

    items: int = 50
    content: Rights = Rights.FULL  # narrows what each feed allows; FULL: as each feed allows
    per_source: tuple[int, int] | None = None
    delay: int = 0
    sources: tuple[SourceTrust, ...] = ()  # feeds that `mode` and `delay` do not hold for

    def trust_in(self, feed: str) -> SourceTrust | None:
        """Return what holds for a feed of this name beyond `mode` and `delay`."""
        return next((each for each in self.sources if each.feed == feed), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """Curation contract: addresses that must be in the topic, and that must not."""

    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnSpec:
    """What a topic may do by what its editors taught it; without a word: only suggest."""

    publish_above: float | None = None  # cross-validated precision from which it may publish


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """What an editor said of a topic."""

    slug: str
    title: str
    match: str
    about: str = ""
    mode: Mode = Mode.REVIEW
    tell: Tell = Tell.COPIES
    publish: PublishSpec = field(default_factory=PublishSpec)
    expect: Expect = field(default_factory=Expect)
    lang: str | None = None
    learn: LearnSpec = field(default_factory=LearnSpec)
    former: tuple[str, ...] = ()  # slugs it had before; their addresses lead to the one it has
    letters: tuple[Every, ...] = ()  # how often it may be had by e-mail
    webhooks: tuple[HookSpec, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """An editors' subject as kept."""

    id: TopicId
    spec: TopicSpec
    origin: Origin
    status: TopicStatus = TopicStatus.ACTIVE
    version: int = 1
    created_at: int = 0


class State(StrEnum):
    """The verdict on a story in a topic."""

    NEW = "new"
    PUBLISHED = "published"
    REJECTED = "rejected"
    HELD = "held"


class Verb(StrEnum):
    """An editor's acts; each is one appended decision."""

    APPROVE = "approve"
    REJECT = "reject"
    HOLD = "hold"
    PIN = "pin"
    UNPIN = "unpin"
    EDIT = "edit"
    NOTE = "note"
    ADD = "add"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    SPLIT = "split"
    LEAD = "lead"
    APPLY = "apply"  # a rule, or the vocabulary of today, to stored entries
    UNDO = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An editor's act, appended and never changed; undo is a decision that names another."""

    id: DecisionId
    at: int
    actor: str
    verb: Verb
    topic_id: TopicId | None = None
    entry_id: EntryId | None = None  # through it the decision follows its story
    payload: dict[str, str] = field(default_factory=dict)
    why: str = ""
    undo_of: DecisionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision:
    """A decision about to be appended."""

    at: int
    actor: str
    verb: Verb
    topic_id: TopicId | None = None
    entry_id: EntryId | None = None
    payload: dict[str, str] = field(default_factory=dict)
    why: str = ""
    undo_of: DecisionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What holds of a story in a topic now: the projection of rule and decisions."""

    topic_id: TopicId
    article_id: ArticleId
    state: State
    because: str
    pinned: bool = False
    title: str | None = None  # the editor's headline
    summary: str | None = None
    note: str | None = None  # public, shown as the editor's note
    decision_id: DecisionId | None = None  # the last one that counts; None: the rule alone
    since: int = 0  # when the state last changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A story's place in a published topic; its uri is frozen for good."""

    id: ItemId
    topic_id: TopicId
    article_id: ArticleId
    uri: str
    lead_entry_id: EntryId
    first_published_at: int  # order of the feed: newest first, then id
    updated_at: int  # when visible text last changed
    text_digest: int | None  # of the visible text `updated_at` stands for
    visible_from: int
    visible_until: int | None = None
    number: int | None = None  # in the order in which items were first out; None: not yet


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """A story about to take its place in a topic."""

    topic_id: TopicId
    article_id: ArticleId
    uri: str
    lead_entry_id: EntryId
    first_published_at: int
    updated_at: int
    visible_from: int
    visible_until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """An entry that a rule (or an editor) admits to a topic, with what electing a lead needs."""

    entry_id: EntryId
    feed_id: FeedId
    because: str
    by_editor: bool
    place: int
    guid: str
    key_hash: int
    published_at: int | None
    updated_at: int | None
    first_seen_at: int
    url: str | None = None
    withdrawn: bool = False
    held: str | None = None  # why it may not be published unseen; an editor's word lifts it
    chosen: bool = False  # an editor chose it for the lead of its story
    reissue_of: EntryId | None = None  # the entry that it says it corrects or updates
    fullness: int = 0  # how much text there is of it; only to be compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that is known of one story in one topic: the ground a verdict is judged on."""

    topic_id: TopicId
    article_id: ArticleId
    admitted: tuple[Admitted, ...] = ()
    decisions: tuple[Decision, ...] = ()  # on any entry of the story, in order of id
    verdict: Verdict | None = None
    item: Item | None = None
