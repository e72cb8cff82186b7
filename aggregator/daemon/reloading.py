"""What a changed feeds.yaml changes, in one breath."""

from __future__ import annotations

from collections.abc import Mapping

from aggregator.model.settings import Settings


def difference(before: Settings, after: Settings) -> str:
    """Return what came, went and is otherwise now, such as `feeds +1 −0, topics +0 −0 (1 changed)`.

    Names what else of the file changed.
    """
    feeds = _counted(
        {each.url: each for each in before.feeds}, {each.url: each for each in after.feeds}
    )
    topics = _counted(
        {each.slug: each for each in before.topics}, {each.slug: each for each in after.topics}
    )
    told = [f"feeds {feeds}", f"topics {topics}"]
    others = _others(before, after)
    return ", ".join(told) + (f"; also {', '.join(others)}" if others else "")


def _counted(before: Mapping[str, object], after: Mapping[str, object]) -> str:
    changed = sum(before[name] != after[name] for name in before.keys() & after.keys())
    more = f" ({changed} changed)" if changed else ""
    return f"+{len(after.keys() - before.keys())} −{len(before.keys() - after.keys())}{more}"


def _others(before: Settings, after: Settings) -> list[str]:
    pairs = {
        "site": (before.site, after.site),
        "net": (before.net, after.net),
        "tags": (before.tags, after.tags),
        "series": (before.series, after.series),
        "lists": (before.lists, after.lists),
        "letters": (before.letters, after.letters),
        "gazetteers": (before.gazetteers, after.gazetteers),
    }
    return [name for name, (old, new) in pairs.items() if old != new]
