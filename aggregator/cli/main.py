"""The door for people at a terminal: options, commands, and what an error looks like."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from aggregator import __version__
from aggregator.cli.session import FILE, Session
from aggregator.cli.show import Screen
from aggregator.errors import AggregatorError

# Where each command lives, and its line in --help: nothing is imported to print that list.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("running", "Run the whole pipeline on the bundled sample newsroom."),
    "run": ("running", "Run the daemon: poll, publish and serve."),
    "serve": ("running", "Serve pages and feeds without polling."),
    "poll": ("polling", "Poll feeds that are due, all, or those named."),
    "publish": ("polling", "Compose topics; --out DIR writes a static site."),
    "check": ("checking", "Check feeds.yaml and the topics' contracts."),
    "config": ("checking", "Show the configuration, its schema or a sample."),
    "stats": ("stats", "Tell what is polled, of whom, and what it brings."),
    "doctor": ("checking", "Say what is wrong with this installation."),
    "completion": ("checking", "Print completion for bash, zsh or fish."),
    "feeds": ("feeds", "List, try, add, import and export feeds."),
    "topics": ("topics", "List, show and try topics."),
    "entries": ("entries", "Search and show entries."),
    "stories": ("entries", "List and show stories; merge, split and lead them."),
    "explain": ("entries", "Say why an entry is in a topic, or why not."),
    "approve": ("curating", "Publish a story in a topic."),
    "reject": ("curating", "Keep a story out of a topic."),
    "hold": ("curating", "Keep a story waiting in a topic."),
    "pin": ("curating", "Keep a story on top of the topic's page."),
    "edit": ("curating", "Give a story another headline or summary in a topic."),
    "note": ("curating", "Put an editor's note to a story in a topic."),
    "withdraw": ("curating", "Take an entry, feed or host out of everything public."),
    "undo": ("curating", "Take back a decision."),
    "log": ("curating", "List decisions, newest first."),
    "tokens": ("tokens", "Give and take back the right to read private feeds."),
    "letters": ("letters", "Show who gets topics by e-mail, and send them."),
    "webhooks": ("webhooks", "Show how webhooks fare, and try them."),
    "add": ("curating", "Add a column of your own from a text or HTML file."),
}
FLAGS = {"--json", "--no-color", "-q", "--quiet", "-v", "--verbose"}
VALUES = {"-c", "--config", "--db"}


class Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command; None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"aggregator.cli.{COMMANDS[cmd_name][0]}")
        command = module.COMMANDS[cmd_name]
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when there is none of that name."""
        if args and args[0] not in COMMANDS:
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"No such command {args[0]!r}.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Examples:  aggregator demo  ·  aggregator check  ·  aggregator run --port 8000",
)
@click.option("-c", "--config", default=FILE, metavar="FILE", help="The feeds.yaml to go by.")
@click.option("--db", metavar="PATH", help="The store, instead of the file's `store:`.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON document (or JSON lines) on stdout."
)
@click.option("-q", "--quiet", is_flag=True, help="Only results and errors.")
@click.option("-v", "--verbose", count=True, help="Tell more (twice: everything).")
@click.option(
    "--no-color", is_flag=True, help="No colour; NO_COLOR in the environment does the same."
)
@click.version_option(__version__, "--version", prog_name="aggregator")
@click.pass_context
def cli(
    ctx: click.Context,
    *,
    config: str,
    db: str | None,
    as_json: bool,
    quiet: bool,
    verbose: int,
    no_color: bool,
) -> None:
    """Poll news feeds, tell each story once, let editors curate, republish topic feeds."""
    level = (
        logging.ERROR if quiet else (logging.WARNING, logging.INFO, logging.DEBUG)[min(verbose, 2)]
    )
    _log_to_stderr(level)
    if not quiet:  # that a changed file holds is worth a line to whoever changed it
        logging.getLogger("aggregator.daemon.service.file").setLevel(logging.INFO)
    screen = Screen(json=as_json, quiet=quiet, color=not no_color and "NO_COLOR" not in os.environ)
    ctx.obj = Session(config=Path(config), db=db, screen=screen)


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code (DESIGN §6)."""
    try:
        result = cli.main(args=options_first(argv), prog_name="aggregator", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Abort:
        return 130
    except KeyboardInterrupt:
        return 130
    except click.ClickException as error:
        error.show()
        return 2
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except AggregatorError as error:
        Screen(color="NO_COLOR" not in os.environ).fail(str(error))
        return error.exit_code
    except BrokenPipeError:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        return 0


def options_first(argv: Sequence[str]) -> list[str]:
    """Let the general options stand behind the command as well: bring them to the front.

    >>> options_first(["poll", "--all", "--json", "-c", "x.yaml"])
    ['--json', '-c', 'x.yaml', 'poll', '--all']
    """
    front: list[str] = []
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in FLAGS or word.startswith(("--config=", "--db=")):
            front.append(word)
        elif word in VALUES:
            front += [word, *[value for value in (next(words, None),) if value is not None]]
        else:
            rest.append(word)
    return front + rest


def _log_to_stderr(level: int) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(Lines())
    logging.basicConfig(level=level, handlers=[handler], force=True)


class Lines(logging.Formatter):
    """Events with keys on one line; control characters cannot forge another line."""

    PLAIN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {
        "message",
        "taskName",
    }

    def format(self, record: logging.LogRecord) -> str:
        """Return `level event key=value …`, a traceback below when there is one."""
        keys = {name: value for name, value in vars(record).items() if name not in self.PLAIN}
        tail = "".join(f" {name}={value!r}" for name, value in keys.items())
        text = f"{record.levelname.lower()} {record.getMessage()}{tail}"
        text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
        return (
            text if record.exc_info is None else f"{text}\n{self.formatException(record.exc_info)}"
        )
