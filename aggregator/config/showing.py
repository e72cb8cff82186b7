"""The settings in force, written as a feeds.yaml that would give them again."""

from __future__ import annotations

from typing import Any

import yaml

from aggregator.config.letter_words import spelt_time
from aggregator.config.problems import masked
from aggregator.config.words import spelt, spelt_rate, spelt_size
from aggregator.model.feed import FeedSpec
from aggregator.model.lists import ListSpec
from aggregator.model.settings import LetterBox, SeriesSpec, Settings
from aggregator.model.topic import SourceTrust, TopicSpec

_DUMPER: type = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def shown(settings: Settings) -> str:
    """Return the settings as YAML, defaults and made names written out.

    Secrets stay what the file holds: the place where they lie. Read again, it gives the same
    settings, but for a login inside `store`, which is masked.
    """
    net, defaults = settings.net, settings.defaults
    file = {
        "version": 1,
        "site": _present(
            title=settings.site.title,
            url=settings.site.url,
            contact=settings.site.contact,
            proxies=list(settings.site.proxies) or None,
            hub=settings.site.hub,
            pings=list(settings.site.pings) or None,
            out=str(settings.site.out) if settings.site.out else None,
        ),
        "store": masked(settings.store),
        "defaults": {
            "every": _every(defaults.every),
            "keep": spelt(defaults.keep),
            "rights": defaults.rights.value,
        },
        "net": {
            "workers": net.workers,
            "per_host": net.per_host,
            "spacing": spelt(int(net.spacing)),
            "timeout": spelt(int(net.timeout)),
            "max_body": spelt_size(net.max_body),
            "allow": list(net.allow),
            "callbacks": list(net.callbacks),
        },
        "stories": {
            "window": spelt(settings.window),
            "grain": str(settings.grain),
            "tracking": list(settings.tracking),
        },
        **({"letters": _letters(settings.letters)} if settings.letters else {}),
        "feeds": [_feed(feed) for feed in settings.feeds],
        "lists": [_list(one) for one in settings.lists],
        "tags": {name: list(phrases) for name, phrases in settings.tags.items()},
        "categories": {name: list(given) for name, given in settings.categories.items()},
        "gazetteers": [
            {"file": str(one.file), "kind": one.kind.value} for one in settings.gazetteers
        ],
        "series": [_series(series) for series in settings.series],
        "topics": [_topic(topic) for topic in settings.topics],
    }
    text: str = yaml.dump(file, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=100)
    return text


def _present(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _every(seconds: int | None) -> str:
    return "auto" if seconds is None else spelt(seconds)


def _feed(feed: FeedSpec) -> dict[str, Any]:
    auth = feed.auth
    return _present(
        url=feed.url,
        name=feed.name,
        tags=list(feed.tags) or None,
        every=_every(feed.every),
        trust=feed.trust,
        # Written only where it was: that it stands at a feed means more than what it says.
        rights=feed.rights.value if feed.rights_written else None,
        auth=_present(basic=auth.basic, bearer=auth.bearer) if auth else None,
        keep=spelt(feed.keep) if feed.keep is not None else None,
        fulltext=feed.fulltext or None,
        scrape=dict(feed.scrape) if feed.scrape is not None else None,
        corrections=feed.corrections.value,
    )


def _list(one: ListSpec) -> dict[str, Any]:
    return _present(
        url=one.url,
        name=one.name,
        tags=list(one.tags) or None,
        every=spelt(one.every),
        trust=one.trust,
        rights=one.rights.value if one.rights_written else None,
    )


def _series(series: SeriesSpec) -> dict[str, Any]:
    return {
        "name": series.name,
        "from": list(series.feeds),
        "any": [{field: pattern} for field, pattern in series.any],
    }


def _letters(letters: LetterBox) -> dict[str, Any]:
    return {
        "smtp": letters.smtp,
        "from": letters.sender,
        "at": spelt_time(letters.at),
        "zone": letters.zone,
    }


def _topic(topic: TopicSpec) -> dict[str, Any]:
    publish, expect = topic.publish, topic.expect
    return _present(
        slug=topic.slug,
        title=topic.title,
        about=topic.about,
        mode=topic.mode.value,
        match=topic.match,
        tell=topic.tell.value,
        publish=_present(
            items=publish.items,
            content=publish.content.value,
            per_source=spelt_rate(*publish.per_source) if publish.per_source else None,
            delay=spelt(publish.delay),
            sources={each.feed: _level(each) for each in publish.sources} or None,
        ),
        expect={"in": list(expect.inside), "out": list(expect.outside)},
        lang=topic.lang,
        learn=_present(publish_above=topic.learn.publish_above) or None,
        former=list(topic.former) or None,
        letters=[each.value for each in topic.letters] or None,
        webhooks=[{"url": each.url, "secret": each.secret} for each in topic.webhooks] or None,
    )


def _level(trust: SourceTrust) -> str:
    if trust.delay is None:
        return "review"
    return spelt(trust.delay) if trust.delay else "auto"
