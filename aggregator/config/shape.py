"""The form of feeds.yaml: every key, what it takes, what holds without it.

The models take the tree of texts that `tree` reads. Defaults are those of the records in
`model`, so that what the file leaves out and what the program assumes cannot drift apart.
docs/feeds-yaml.md tells the same to people; a test holds the two together.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

import aggregator.config.letter_words as letter_words
import aggregator.config.words as w
from aggregator.config.reach import allowed, proxy
from aggregator.model.correction import Corrections
from aggregator.model.feed import FeedSpec, Rights
from aggregator.model.gazetteer import Kind
from aggregator.model.lists import ListSpec
from aggregator.model.settings import Defaults, Net, Settings, Site
from aggregator.model.topic import Every as Rhythm
from aggregator.model.topic import Mode, PublishSpec, Tell

_DURATION: dict[str, Any] = {"type": "string", "pattern": "^[0-9]{1,9}[smhdw]$"}
_NAME: dict[str, Any] = {"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,63}$"}

Line = Annotated[str, PlainValidator(w.line), WithJsonSchema({"type": "string"})]
Prose = Annotated[str, PlainValidator(w.prose), WithJsonSchema({"type": "string"})]
Label = Annotated[str, PlainValidator(w.label), WithJsonSchema({"type": "string", "maxLength": 64})]
Address = Annotated[
    str, PlainValidator(w.address), WithJsonSchema({"type": "string", "pattern": "^https?://"})
]
SiteUrl = Annotated[
    str, PlainValidator(w.site_url), WithJsonSchema({"type": "string", "pattern": "^https?://"})
]
Hub = Annotated[
    str,
    PlainValidator(w.hub),
    WithJsonSchema({"type": "string", "pattern": "^(own|none|https?://.+)$"}),
]
Contact = Annotated[str, PlainValidator(w.contact), WithJsonSchema({"type": "string"})]
FeedName = Annotated[str, PlainValidator(w.feed_name), WithJsonSchema(_NAME)]
Tag = Annotated[str, PlainValidator(w.tag), WithJsonSchema({"type": "string", "maxLength": 64})]
Tags = Annotated[
    list[Tag],
    BeforeValidator(w.one_or_more),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": 64},
                {"type": "array", "items": {"type": "string", "maxLength": 64}},
            ]
        }
    ),
]
Phrase = Annotated[str, PlainValidator(w.phrase), WithJsonSchema({"type": "string"})]
Slug = Annotated[
    str,
    PlainValidator(w.slug),
    WithJsonSchema({"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"}),
]
Lang = Annotated[str, PlainValidator(w.lang), WithJsonSchema({"type": "string"})]
Store = Annotated[str, PlainValidator(w.store), WithJsonSchema({"type": "string"})]
Folder = Annotated[str, PlainValidator(w.folder), WithJsonSchema({"type": "string"})]
Secret = Annotated[
    str, PlainValidator(w.secret), WithJsonSchema({"type": "string", "pattern": "^(env|file):"})
]
Sender = Annotated[str, PlainValidator(letter_words.sender), WithJsonSchema({"type": "string"})]
TimeOfDay = Annotated[
    int,
    PlainValidator(letter_words.time_of_day),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
]
Zone = Annotated[str, PlainValidator(letter_words.zone), WithJsonSchema({"type": "string"})]
Pattern = Annotated[
    str, PlainValidator(w.pattern), WithJsonSchema({"type": "string", "format": "regex"})
]
Every = Annotated[
    int | None,
    PlainValidator(w.every),
    WithJsonSchema({"type": "string", "pattern": "^(auto|[0-9]{1,9}[smhdw])$"}),
]
Keep = Annotated[int, PlainValidator(partial(w.duration, low=86400)), WithJsonSchema(_DURATION)]
ListEvery = Annotated[
    int,
    PlainValidator(partial(w.duration, low=3600, high=365 * 86400)),
    WithJsonSchema(_DURATION),
]
Spacing = Annotated[int, PlainValidator(partial(w.duration, high=3600)), WithJsonSchema(_DURATION)]
Timeout = Annotated[
    int, PlainValidator(partial(w.duration, low=1, high=600)), WithJsonSchema(_DURATION)
]
Window = Annotated[
    int,
    PlainValidator(partial(w.duration, low=3600, high=30 * 86400)),
    WithJsonSchema(_DURATION),
]
Parameter = Annotated[
    str,
    PlainValidator(w.parameter),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9._~-]{1,64}[*]?$"}),
]
Delay = Annotated[
    int, PlainValidator(partial(w.duration, high=30 * 86400)), WithJsonSchema(_DURATION)
]
Level = Annotated[
    int | None,
    PlainValidator(w.trust_level),
    WithJsonSchema({"type": "string", "pattern": "^(auto|review|[0-9]{1,9}[smhdw])$"}),
]
Size = Annotated[
    int,
    PlainValidator(w.size),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,9}(B|kB|MB|GB)$"}),
]
Rate = Annotated[
    tuple[int, int],
    PlainValidator(w.rate),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6}/(hour|day|week)$"}),
]
Proxy = Annotated[str, PlainValidator(proxy), WithJsonSchema({"type": "string"})]
Allowed = Annotated[str, PlainValidator(allowed), WithJsonSchema({"type": "string"})]
Trust = Annotated[
    float,
    PlainValidator(w.fraction),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]
Precision = Annotated[
    float,
    PlainValidator(w.precision),
    WithJsonSchema({"type": "number", "minimum": 0.5, "maximum": 1}),
]
YesNo = Annotated[bool, PlainValidator(w.yes_or_no), WithJsonSchema({"type": "boolean"})]
Version = Annotated[int, PlainValidator(w.version), WithJsonSchema({"const": 1})]
Whole = Annotated[int, BeforeValidator(w.whole)]

_SITE, _DEFAULTS, _NET, _PUBLISH = Site(), Defaults(), Net(), PublishSpec()
_FEED = FeedSpec(url="", name="")
_LIST = ListSpec(url="", name="")


def _spelt(seconds: float) -> Any:
    """A default time span, which editors of the file are shown as it would be written."""
    return Field(default=int(seconds), json_schema_extra={"default": w.spelt(int(seconds))})


class Shape(BaseModel):
    """A mapping of the file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SiteShape(Shape):
    """Who we are to the world; ids and self links are built from `url`."""

    title: Line = _SITE.title
    url: SiteUrl | None = None
    contact: Contact | None = None
    proxies: list[Proxy] = []
    hub: Hub = _SITE.hub
    pings: Annotated[list[Address], Field(max_length=8)] = []
    out: Folder | None = None


class DefaultsShape(Shape):
    """What holds for a feed that does not say otherwise."""

    every: Every = Field(default=_DEFAULTS.every, json_schema_extra={"default": "auto"})
    keep: Keep = _spelt(_DEFAULTS.keep)
    rights: Rights = _DEFAULTS.rights


class AuthShape(Shape):
    """Where the login of a feed lies: one of the two."""

    basic: Secret | None = None
    bearer: Secret | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.basic is None) == (self.bearer is None):
            raise w.wrong("write either basic or bearer", "auth: {basic: env:NAME}")
        return self


class ScrapeShape(Shape):
    """Where a page without a feed keeps its entries, as CSS selectors."""

    items: Line
    title: Line | None = None
    link: Line | None = None
    date: Line | None = None
    summary: Line | None = None
    author: Line | None = None
    image: Line | None = None


class SourceShape(Shape):
    """What lies at an address; the address alone is its short form."""

    url: Address
    name: FeedName | None = None
    tags: list[Tag] = []

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        return {"url": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        long = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [{"type": "string", "pattern": "^https?://"}, long]}


class FeedShape(SourceShape):
    """A source we poll."""

    every: Every = None
    trust: Trust = _FEED.trust
    rights: Rights | None = None
    auth: AuthShape | None = None
    keep: Keep | None = None
    fulltext: YesNo = _FEED.fulltext
    scrape: ScrapeShape | None = None
    corrections: Corrections = _FEED.corrections


class ListShape(SourceShape):
    """An OPML list that is followed."""

    every: ListEvery = _spelt(_LIST.every)
    trust: Trust = _LIST.trust
    rights: Rights | None = None


class GazetteerShape(Shape):
    """A file of names that give tags."""

    file: Line
    kind: Kind


class TellingShape(Shape):
    """One sign of a series: a single field and the pattern it holds."""

    title: Pattern | None = None
    body: Pattern | None = None
    category: Pattern | None = None
    author: Pattern | None = None
    url: Pattern | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set) != 1:
            raise w.wrong("each sign of a series is one field", "write each in a line of its own")
        return self


class SeriesShape(Shape):
    """A dated column; any of its signs tells it."""

    name: Label
    from_: list[FeedName] = Field(default=[], alias="from")
    any: list[TellingShape] = Field(min_length=1)


class NetShape(Shape):
    """How we ask."""

    workers: Whole = Field(default=_NET.workers, ge=1, le=512)
    per_host: Whole = Field(default=_NET.per_host, ge=1, le=16)
    spacing: Spacing = _spelt(_NET.spacing)
    timeout: Timeout = _spelt(_NET.timeout)
    max_body: Size = Field(
        default=_NET.max_body, json_schema_extra={"default": w.spelt_size(_NET.max_body)}
    )
    allow: list[Allowed] = []
    callbacks: list[Allowed] = []


class StoriesShape(Shape):
    """How stories are told apart, and what of an address tells nothing of its page."""

    window: Window = _spelt(Settings().window)
    grain: Literal["fine", "normal", "coarse"] = "normal"
    tracking: list[Parameter] = []


class LettersShape(Shape):
    """How letters go out."""

    smtp: Secret
    from_: Sender = Field(alias="from")
    at: TimeOfDay = Field(default=7 * 3600, json_schema_extra={"default": "07:00"})
    zone: Zone = "UTC"


class HookShape(Shape):
    """A program that is told of each item."""

    url: Address
    secret: Secret


class PublishShape(Shape):
    """How a topic is published."""

    items: Whole = Field(default=_PUBLISH.items, ge=1, le=1000)
    content: Rights = _PUBLISH.content
    per_source: Rate | None = None
    delay: Delay = _spelt(_PUBLISH.delay)
    sources: dict[FeedName, Level] = {}


class LearnShape(Shape):
    """What a topic may do by what its editors taught it."""

    publish_above: Precision | None = None


class ExpectShape(Shape):
    """What `check` proves of a topic: addresses that must be in it, and that must not."""

    in_: list[Address] = Field(default=[], alias="in")
    out: list[Address] = []


class TopicShape(Shape):
    """An editors' subject, published as a feed."""

    slug: Slug
    title: Line
    about: Prose = ""
    mode: Mode = Mode.REVIEW
    match: Prose
    tell: Tell = Tell.COPIES
    publish: PublishShape = PublishShape()
    expect: ExpectShape = ExpectShape()
    lang: Lang | None = None
    learn: LearnShape = LearnShape()
    former: list[Slug] = []
    letters: list[Rhythm] = []
    webhooks: Annotated[list[HookShape], Field(max_length=8)] = []


class FileShape(Shape):
    """The whole file."""

    version: Version = 1
    site: SiteShape = SiteShape()
    store: Store = Settings().store
    defaults: DefaultsShape = DefaultsShape()
    feeds: list[FeedShape] = []
    lists: list[ListShape] = []
    tags: dict[Tag, Annotated[list[Phrase], Field(min_length=1)]] = {}
    categories: dict[Phrase, Tags] = {}
    gazetteers: list[GazetteerShape] = []
    series: list[SeriesShape] = []
    net: NetShape = NetShape()
    stories: StoriesShape = StoriesShape()
    letters: LettersShape | None = None
    topics: list[TopicShape] = []
