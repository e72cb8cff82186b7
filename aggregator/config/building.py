"""From the checked form of the file to the settings everything else reads."""

from __future__ import annotations

from pathlib import Path

from aggregator.config.meaning import feed_names
from aggregator.config.shape import (
    AuthShape,
    DefaultsShape,
    FeedShape,
    FileShape,
    HookShape,
    LettersShape,
    SeriesShape,
    TopicShape,
)
from aggregator.model.feed import Auth, FeedSpec
from aggregator.model.gazetteer import Gazetteer
from aggregator.model.grain import Grain
from aggregator.model.lists import ListSpec
from aggregator.model.settings import Defaults, LetterBox, Net, SeriesSpec, Settings, Site
from aggregator.model.topic import (
    Expect,
    HookSpec,
    LearnSpec,
    PublishSpec,
    SourceTrust,
    TopicSpec,
)

POSTGRES = "postgresql://"


def built(file: FileShape, path: Path) -> Settings:
    """Return the settings a checked file at `path` stands for; relative paths start beside it."""
    folder = path.absolute().parent
    net = file.net
    names = feed_names([(feed.url, feed.name) for feed in file.feeds])
    return Settings(
        path=path,
        site=Site(
            title=file.site.title,
            url=file.site.url,
            contact=file.site.contact,
            proxies=tuple(dict.fromkeys(file.site.proxies)),
            hub=file.site.hub,
            pings=tuple(dict.fromkeys(file.site.pings)),
            out=folder / file.site.out if file.site.out else None,
        ),
        store=file.store if file.store.startswith(POSTGRES) else str(folder / file.store),
        defaults=Defaults(
            every=file.defaults.every, keep=file.defaults.keep, rights=file.defaults.rights
        ),
        feeds=tuple(
            _feed(feed, name, file.defaults, folder) for feed, name in zip(file.feeds, names)
        ),
        lists=_lists(file),
        tags={name: tuple(phrases) for name, phrases in file.tags.items()},
        categories={name: tuple(given) for name, given in file.categories.items()},
        gazetteers=tuple(
            Gazetteer(file=folder / one.file, kind=one.kind) for one in file.gazetteers
        ),
        series=tuple(_series(one) for one in file.series),
        net=Net(
            workers=net.workers,
            per_host=net.per_host,
            spacing=float(net.spacing),
            timeout=float(net.timeout),
            max_body=net.max_body,
            allow=tuple(net.allow),
            callbacks=tuple(net.callbacks),
        ),
        window=file.stories.window,
        grain=Grain(file.stories.grain),
        tracking=tuple(dict.fromkeys(file.stories.tracking)),
        topics=tuple(_topic(one, folder) for one in file.topics),
        letters=_letters(file.letters, folder) if file.letters else None,
    )


def _feed(feed: FeedShape, name: str, defaults: DefaultsShape, folder: Path) -> FeedSpec:
    """Return the feed with every default filled in; `every: auto` overrules the default."""
    return FeedSpec(
        url=feed.url,
        name=name,
        tags=tuple(feed.tags),
        every=feed.every if "every" in feed.model_fields_set else defaults.every,
        trust=feed.trust,
        rights=feed.rights or defaults.rights,
        rights_written=feed.rights is not None,
        auth=_auth(feed.auth, folder) if feed.auth else None,
        keep=feed.keep,
        fulltext=feed.fulltext,
        scrape=feed.scrape.model_dump(exclude_none=True) if feed.scrape else None,
        corrections=feed.corrections,
    )


def _lists(file: FileShape) -> tuple[ListSpec, ...]:
    names = feed_names([(one.url, one.name) for one in file.lists])
    return tuple(
        ListSpec(
            url=one.url,
            name=name,
            tags=tuple(one.tags),
            every=one.every,
            trust=one.trust,
            rights=one.rights or file.defaults.rights,
            rights_written=one.rights is not None,
        )
        for one, name in zip(file.lists, names)
    )


def _auth(auth: AuthShape, folder: Path) -> Auth:
    return Auth(
        basic=_beside(auth.basic, folder) if auth.basic is not None else None,
        bearer=_beside(auth.bearer, folder) if auth.bearer is not None else None,
    )


def _beside(secret: str, folder: Path) -> str:
    """Return where a secret lies, a relative file's path made absolute."""
    if not secret.startswith("file:"):
        return secret
    return f"file:{folder / secret.removeprefix('file:')}"


def _series(series: SeriesShape) -> SeriesSpec:
    signs = (sign.model_dump(exclude_unset=True) for sign in series.any)
    return SeriesSpec(
        name=series.name,
        feeds=tuple(series.from_),
        any=tuple(pair for sign in signs for pair in sign.items()),
    )


def _letters(letters: LettersShape, folder: Path) -> LetterBox:
    return LetterBox(
        smtp=_beside(letters.smtp, folder),
        sender=letters.from_,
        at=letters.at,
        zone=letters.zone,
    )


def _hook(hook: HookShape, folder: Path) -> HookSpec:
    return HookSpec(url=hook.url, secret=_beside(hook.secret, folder))


def _topic(topic: TopicShape, folder: Path) -> TopicSpec:
    publish, expect = topic.publish, topic.expect
    return TopicSpec(
        slug=topic.slug,
        title=topic.title,
        match=topic.match,
        about=topic.about,
        mode=topic.mode,
        tell=topic.tell,
        publish=PublishSpec(
            items=publish.items,
            content=publish.content,
            per_source=publish.per_source,
            delay=publish.delay,
            sources=tuple(
                SourceTrust(feed=name, delay=delay) for name, delay in publish.sources.items()
            ),
        ),
        expect=Expect(inside=tuple(expect.in_), outside=tuple(expect.out)),
        lang=topic.lang,
        learn=LearnSpec(publish_above=topic.learn.publish_above),
        former=tuple(dict.fromkeys(topic.former)),
        letters=tuple(dict.fromkeys(topic.letters)),
        webhooks=tuple(_hook(each, folder) for each in topic.webhooks),
    )
