"""How values that are no plain columns are kept: bodies, specs, and what few entries have."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

import zstandard

from aggregator.model.correction import Corrections
from aggregator.model.entry import Enclosure, Text
from aggregator.model.feed import Auth, FeedSpec, Rights
from aggregator.model.topic import (
    Every,
    Expect,
    HookSpec,
    LearnSpec,
    Mode,
    PublishSpec,
    SourceTrust,
    Tell,
    TopicSpec,
)


class _Zstd(threading.local):
    """A thread's own contexts: they must not be shared, and making one costs ten times its use."""

    def __init__(self) -> None:
        self.compressor = zstandard.ZstdCompressor(level=1)
        self.decompressor = zstandard.ZstdDecompressor()


_zstd = _Zstd()


def pack(body: str) -> bytes | None:
    """Return a body compressed, None for an empty one."""
    if not body:
        return None
    return _zstd.compressor.compress(body.encode("utf-8", "surrogatepass"))


def unpack(body: bytes | None) -> str:
    """Return a body as it was packed."""
    if body is None:
        return ""
    return _zstd.decompressor.decompress(body).decode("utf-8", "surrogatepass")


def dump_feed_spec(spec: FeedSpec) -> str:
    """Return what editors say of a feed as JSON."""
    return json.dumps(asdict(replace(spec, scrape=dict(spec.scrape) if spec.scrape else None)))


@lru_cache(maxsize=4096)  # claims and groups of polls read the same few again and again
def load_feed_spec(kept: str) -> FeedSpec:
    """Return a feed's spec as it was dumped."""
    words: dict[str, Any] = json.loads(kept)
    words["tags"] = tuple(words["tags"])
    words["rights"] = Rights(words["rights"])
    words["corrections"] = Corrections(words.get("corrections", Corrections.BUMP))
    if words["auth"] is not None:
        words["auth"] = Auth(**words["auth"])
    return FeedSpec(**words)


def dump_topic_spec(spec: TopicSpec) -> str:
    """Return what editors say of a topic as JSON."""
    return json.dumps(asdict(spec))


def load_topic_spec(kept: str) -> TopicSpec:
    """Return a topic's spec as it was dumped."""
    words: dict[str, Any] = json.loads(kept)
    words["mode"] = Mode(words["mode"])
    words["tell"] = Tell(words["tell"])
    words["publish"] = _publish(words["publish"])
    words["former"] = tuple(words.get("former", ()))
    words["letters"] = tuple(map(Every, words.get("letters", ())))
    words["webhooks"] = tuple(HookSpec(**each) for each in words.get("webhooks", ()))
    words["learn"] = LearnSpec(**words.get("learn", {}))
    words["expect"] = Expect(**{side: tuple(urls) for side, urls in words["expect"].items()})
    return TopicSpec(**words)


def _publish(words: dict[str, Any]) -> PublishSpec:
    words["content"] = Rights(words["content"])
    if words["per_source"] is not None:
        many, seconds = words["per_source"]
        words["per_source"] = (many, seconds)
    words["sources"] = tuple(SourceTrust(**each) for each in words.get("sources", ()))
    return PublishSpec(**words)


def dump_extra(text: Text) -> str | None:
    """Return what few texts have as JSON, None when this one has none of it."""
    extra: dict[str, Any] = {}
    if text.categories:
        extra["categories"] = text.categories
    if text.enclosures:
        extra["enclosures"] = [columns(each) for each in text.enclosures]
    for name in ("image", "source_title", "source_url", "licence", "lang_guess"):
        if value := getattr(text, name):
            extra[name] = value
    return _dumped(extra) if extra else None


_dumped = json.JSONEncoder().encode


def columns(record: Any) -> dict[str, Any]:
    """Return a flat record's fields by name; `dataclasses.asdict` copies each and takes 20 times
    as long."""
    return {name: getattr(record, name) for name in record.__slots__}


def load_extra(kept: str | None) -> dict[str, Any]:
    """Return the fields of `Text` that `dump_extra` wrote."""
    if kept is None:
        return {}
    extra: dict[str, Any] = json.loads(kept)
    if "categories" in extra:
        extra["categories"] = tuple(extra["categories"])
    if "enclosures" in extra:
        extra["enclosures"] = tuple(Enclosure(**each) for each in extra["enclosures"])
    return extra
