"""What single values of feeds.yaml may be, read from the text as it was written.

Each function takes what stands in the file and returns what it means, or raises pydantic's
error with our own words: `problem` and `hint`, and `secret` where the line must not be shown.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from pydantic_core import PydanticCustomError

from aggregator.config.tree import Quoted
from aggregator.core.naming import DESK_FEED, FEED_NAME, slugged
from aggregator.core.query import compile_pattern
from aggregator.core.tagging import tag_name
from aggregator.core.text import tokens

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
SIZES = {"B": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3}
RATES = {"hour": 3600, "day": 86400, "week": 7 * 86400}
LONGEST = 100 * 365 * 86400  # seconds

# First words of our own addresses (DESIGN §6), and of what may come to stand beside them.
RESERVED_SLUGS = frozenset(
    {"api", "archive", "bot", "corrections", "desk", "feeds", "healthz", "hub", "index", "letters"}
    | {"metrics", "push", "q", "readyz", "static", "status", "stories", "topics"}
)

_DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
_NUMBER = re.compile(r"[0-9]{1,9}")
_SIZE = re.compile(r"([0-9]{1,9})(B|kB|MB|GB)")
_RATE = re.compile(r"([0-9]{1,6})/(hour|day|week)")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LANG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_CONTACT = re.compile(r"[!-~]+@[!-~]+|https?://[!-~]+")
_SECRET = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
_PARAMETER = re.compile(r"[a-z0-9._~-]{1,64}\*?")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f\\]")


def wrong(problem: str, hint: str = "", **more: object) -> PydanticCustomError:
    """Return the error that says so; `more` goes along to whoever tells it."""
    context = {"problem": problem, "hint": hint, **more}
    return PydanticCustomError("said", "{problem}", context)


def text(value: object) -> str:
    """Take any scalar as the text it is, `no`, `1.10` and `null` too."""
    if not isinstance(value, str):
        raise wrong(f"this must be text, not {kind(value)}", "put it in quotes if it is text")
    return str(value)


def kind(value: object) -> str:
    """Return what people call such a value."""
    return (
        "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "text"
    )


def line(value: object) -> str:
    """One line of text that says something."""
    said = text(value).strip()
    if not said:
        raise wrong("this is empty", "write something or leave the key out")
    if re.search("[\n\r\u2028\u2029\x85]", said):
        raise wrong("this must be one line", "")
    return said


def prose(value: object) -> str:
    """Text of any number of lines."""
    return text(value).strip()


def label(value: object) -> str:
    """A name that people give: one line of at most 64 characters."""
    said = line(value)
    if len(said) > 64:
        raise wrong(f"{len(said)} characters are too many for a name", "at most 64")
    return said


def whole(value: object) -> int:
    """A whole number in digits."""
    said = text(value)
    if not _NUMBER.fullmatch(said):
        raise wrong(f"'{said}' is no whole number", "write digits alone")
    if isinstance(value, Quoted):
        raise wrong("a number in quotes is text", f"write {said}")
    return int(said)


def version(value: object) -> int:
    """The version of the file's form; there is one so far."""
    if whole(value) != 1:
        raise wrong(f"version {value} is not known here", "this program reads version: 1")
    return 1


def fraction(value: object) -> float:
    """A number from 0 to 1."""
    said = text(value)
    if not re.fullmatch(r"[01]|0?\.[0-9]{1,9}|[01]\.[0-9]{1,9}", said) or float(said) > 1:
        raise wrong(f"'{said}' is no number from 0 to 1", "write it as 0.5")
    if isinstance(value, Quoted):
        raise wrong("a number in quotes is text", f"write {said}")
    return float(said)


def precision(value: object) -> float:
    """A number from 0.5 to 1: with less than every other one right nobody would publish."""
    said = fraction(value)
    if said < 0.5:
        raise wrong(f"{said:g} would be wrong more often than right", "write it as 0.95")
    return said


def yes_or_no(value: object) -> bool:
    """`true` or `false`."""
    said = text(value)
    if isinstance(value, Quoted) or said not in ("true", "false"):
        raise wrong(f"'{said}' is neither true nor false", "write true or false, without quotes")
    return said == "true"


def duration(value: object, *, low: int = 0, high: int = LONGEST) -> int:
    """A time span such as `15m`, in seconds."""
    said = text(value)
    if re.fullmatch(_NUMBER, said):
        raise wrong(f"'{said}' has no unit", f"write {said}m for minutes, {said}s for seconds")
    found = _DURATION.fullmatch(said)
    if not found:
        raise wrong(f"'{said}' is no time span", "write a number and s, m, h, d or w, as 15m")
    seconds = int(found[1]) * UNITS[found[2]]
    if not low <= seconds <= high:
        raise wrong(f"{said} is out of bounds", f"from {spelt(low)} to {spelt(high)}")
    return seconds


def every(value: object) -> int | None:
    """A time span, or `auto` (None): learnt from the feed."""
    return None if value == "auto" else duration(value, low=1, high=365 * 86400)


def trust_level(value: object) -> int | None:
    """What a topic does with a feed: `auto` (0 s), a time span to wait, or `review` (None)."""
    if value in ("auto", "review"):
        return 0 if value == "auto" else None
    return duration(value, high=30 * 86400)


def spelt(seconds: int) -> str:
    """Return a time span as the file writes it, in its largest whole unit below a week.

    >>> spelt(900), spelt(0), spelt(90 * 86400)
    ('15m', '0s', '90d')
    """
    fitting = [unit for unit in "dhms" if seconds and seconds % UNITS[unit] == 0]
    unit = fitting[0] if fitting else "s"
    return f"{seconds // UNITS[unit]}{unit}"


def size(value: object) -> int:
    """A number of bytes such as `15MB` (MB is a million), from 1 kB to 1 GB."""
    said = text(value)
    found = _SIZE.fullmatch(said)
    if not found:
        raise wrong(f"'{said}' is no size", "write a number and B, kB, MB or GB, as 15MB")
    if not 1000 <= (count := int(found[1]) * SIZES[found[2]]) <= 1000**3:
        raise wrong(f"{said} is out of bounds", "from 1kB to 1GB")
    return count


def spelt_size(count: int) -> str:
    """Return a size as the file writes it.

    >>> spelt_size(15_000_000)
    '15MB'
    """
    unit = next(unit for unit in reversed(SIZES) if count % SIZES[unit] == 0)
    return f"{count // SIZES[unit]}{unit}"


def rate(value: object) -> tuple[int, int]:
    """How many per how many seconds, as `5/day`."""
    said = text(value)
    found = _RATE.fullmatch(said)
    if not found or int(found[1]) == 0:
        raise wrong(f"'{said}' is no rate", "write a number per hour, day or week, as 5/day")
    return int(found[1]), RATES[found[2]]


def spelt_rate(count: int, seconds: int) -> str:
    """Return a rate as the file writes it.

    >>> spelt_rate(5, 86400)
    '5/day'
    """
    return f"{count}/{next(unit for unit, size in RATES.items() if size == seconds)}"


def slug(value: object) -> str:
    """A topic's word in addresses."""
    said = text(value)
    if not _SLUG.fullmatch(said):
        better = slugged(said)[:64].strip("-")
        hint = f"write {better}" if better else "write it in a-z, 0-9 and hyphens"
        raise wrong("a slug is 1 to 64 of a-z, 0-9 and hyphens, no hyphen first", hint)
    if said in RESERVED_SLUGS:
        raise wrong(f"'{said}' is a word of our own addresses", "choose another slug")
    return said


def feed_name(value: object) -> str:
    """What a feed is called in rules and on the command line."""
    said = text(value)
    if said == DESK_FEED:
        raise wrong(f"'{DESK_FEED}' is the feed of the editors' own columns", "choose another name")
    if FEED_NAME.fullmatch(said):
        return said
    if said.isdigit():
        raise wrong("a name of digits alone is a feed's number", "add a letter")
    better = slugged(said)[:64].strip("-")
    hint = f"write {better}" if better and not better.isdigit() else ""
    raise wrong("a feed's name is 1 to 64 of a-z, 0-9 and . _ -", hint)


def tag(value: object) -> str:
    """A tag's name."""
    said = label(value)
    if not tag_name(said):
        raise wrong(f"no letter or digit in '{said}'", "")
    return said


def one_or_more(value: object) -> object:
    """A text alone stands for a list of one."""
    return [value] if isinstance(value, str) else value


def phrase(value: object) -> str:
    """A word or phrase that is looked for."""
    said = line(value)
    if not tokens(said):
        raise wrong(f"no letter or digit to look for in '{said}'", "")
    return said


def lang(value: object) -> str:
    """A language tag (BCP 47), as `en` or `pt-BR`."""
    said = text(value)
    if not _LANG.fullmatch(said) or len(said) > 35:
        raise wrong(f"'{said}' is no language", "write it as en or pt-BR")
    return said


def contact(value: object) -> str:
    """A mail address or page where publishers reach the operator; it goes into every request."""
    said = line(value)
    if not _CONTACT.fullmatch(said):
        raise wrong(f"'{said}' is no contact", "write a mail address or an http address")
    return said


def secret(value: object) -> str:
    """Where a secret lies; never the secret."""
    said = text(value)
    if not _SECRET.fullmatch(said):
        hint = "write env:NAME or file:PATH, where the secret itself lies"
        raise wrong("a secret does not stand in this file", hint, secret=True)
    return said


def pattern(value: object) -> str:
    """A regular expression in RE2's syntax."""
    said = text(value)
    try:
        compile_pattern(said)
    except ValueError as error:
        raise wrong(
            f"the pattern cannot be used: {error}", "RE2 syntax, in single quotes"
        ) from None
    if not said.strip():
        raise wrong("an empty pattern tells nothing", "")
    return said


def parameter(value: object) -> str:
    """The name of an address's parameter, or how such names begin: `name` or `prefix*`."""
    said = text(value).strip().lower()
    if not _PARAMETER.fullmatch(said):
        hint = "write the name alone, as my_param, or my_* for all names that begin so"
        raise wrong(f"'{said}' is no parameter of an address", hint)
    return said


def address(value: object) -> str:
    """An http or https address, as written."""
    said = text(value)
    _split(said)
    return said


def site_url(value: object) -> str:
    """Our own address, without the slash at its end."""
    said = text(value)
    parts = _split(said)
    if parts.query or parts.fragment:
        raise wrong("our address ends with its path", "leave out what follows ? or #")
    return said.rstrip("/")


def hub(value: object) -> str:
    """Who pushes our changes: `own`, `none`, or the address of an outside hub."""
    said = text(value)
    if said not in ("own", "none"):
        _split(said)
    return said


def _split(said: str) -> SplitResult:
    if _BLANK.search(said) or not said or len(said) > 4000:
        raise wrong("this is no address", "write it as https://example.org/feed.xml")
    try:
        parts = urlsplit(said)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise wrong("this is no address", "look at its host and port") from None
    if parts.scheme not in ("http", "https"):
        bare = "://" not in said and "." in said.split("/", 1)[0]
        hint = f"did you mean 'https://{said}'?" if bare and "@" not in said else ""
        raise wrong("an address begins with http:// or https://", hint, secret="@" in said)
    if not host:
        raise wrong("this address has no host", "write it as https://example.org/feed.xml")
    if "@" in parts.netloc:
        hint = "take it out and write auth: {basic: env:NAME}"
        raise wrong("a login does not stand in an address", hint)
    return parts


def store(value: object) -> str:
    """Where everything is kept: a file, or a PostgreSQL address."""
    said = line(value)
    scheme = re.match(r"([a-z0-9+]+)://", said)
    if scheme and scheme[1] != "postgresql":
        hint = "write a file's path, or postgresql://…"
        raise wrong(f"a store cannot be {scheme[1]}://", hint, secret="@" in said)
    return _path(said)


def folder(value: object) -> str:
    """A folder by its path."""
    return _path(line(value))


def _path(said: str) -> str:
    if said.startswith("~"):
        raise wrong("'~' is not read here", "write the whole path, or one beside this file")
    return said
