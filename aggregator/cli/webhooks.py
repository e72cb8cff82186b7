"""`webhooks`: programs that are told what happens in topics."""

from __future__ import annotations

import click

from aggregator.cli.session import Session
from aggregator.cli.show import when

_COLUMNS = ("topic", "url", "state", "told", "failed", "in vain", "waiting", "lost", "problem")


@click.group()
def webhooks() -> None:
    """Show how webhooks fare; try whether they take a call."""


@webhooks.command(
    "list", epilog="Examples:  aggregator webhooks list  ·  aggregator webhooks list --topic lane"
)
@click.option("--topic", help="Webhooks of this topic alone.")
@click.pass_obj
def list_webhooks(session: Session, topic: str | None) -> None:
    """List who is told of which topic, and who takes no calls and why."""
    from aggregator.core.webhooks import standing
    from aggregator.flow.curate import topic_named
    from aggregator.flow.webhooks import states

    with session.kit() as kit, kit.store.read() as tx:
        topics = tx.topics.all() if topic is None else (topic_named(tx, topic),)
        rows = [
            (
                each.spec.slug,
                state.url,
                standing(state),
                _when(state.told_at),
                _when(state.failed_at),
                state.failures,
                state.waiting,
                state.lost,
                state.problem,
            )
            for each in topics
            for state in states(tx, each)
        ]
    session.screen.rows(_COLUMNS, rows, empty="No topic has a webhook.")


@webhooks.command(
    epilog=(
        "Examples:  aggregator webhooks test global-lane  ·  "
        "aggregator webhooks test global-lane --url https://example.net/hook"
    )
)
@click.argument("slug")
@click.option("--url", help="The one at this address alone.")
@click.pass_obj
def test(session: Session, slug: str, url: str | None) -> None:
    """Send the webhooks of topic SLUG a signed call that tells of no item.

    One that had said 410 and takes it is called again from now on.
    """
    from aggregator.errors import AggregatorError
    from aggregator.flow.webhooks import try_out

    with session.kit() as kit:
        tried = try_out(kit, slug, url)
    rows = [(each.url, each.problem or "taken", each.ms) for each in tried]
    value = [{"url": each.url, "problem": each.problem, "ms": each.ms} for each in tried]
    session.screen.rows(("url", "said", "ms"), rows, value=value)
    failed = sum(each.problem is not None for each in tried)
    if failed:
        raise AggregatorError(f"{failed} of {len(tried)} webhooks did not take the call")


def _when(seconds: float | None) -> str | None:
    return when(int(seconds)) if seconds is not None else None


COMMANDS = {"webhooks": webhooks}
