"""Twelve ways in which one address comes back looking like another.

Each kind is a function of an address and chance; it returns the address changed, or None where
that cannot be (there is nothing to reorder, the address is a site's root). They are written from
what publishers, sharers and caches do, apart from the key that has to see through them.
"""

from __future__ import annotations

import random
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote, urlsplit, urlunsplit

Mutation = Callable[[str, random.Random], str | None]

TRACKED = (
    *("utm_source=twitter", "utm_medium=rss", "utm_campaign=a%20b", "utm_content=x", "utm_term=y"),
    *(
        "fbclid=IwAR0x",
        "gclid=Cj0K",
        "msclkid=9f",
        "twclid=2-1",
        "ttclid=E.C",
        "yclid=1",
        "igshid=M",
    ),
    *("mc_cid=1a2b", "mc_eid=c3d4", "_hsenc=p2AN", "_hsmi=1", "mkt_tok=NDk", "pk_campaign=n"),
    *("mtm_source=n", "at_medium=RSS", "at_campaign=64", "xtor=RSS-1", "_ga=2.1.3", "_gl=1*x"),
    *("ref_src=twsrc%5Etfw", "wt_mc=rss.x", "s_cid=1", "dclid=1", "gbraid=0A", "wbraid=Cl"),
)


def scheme(url: str, _: random.Random) -> str | None:
    """http for https, and the other way."""
    return f"http:{url[6:]}" if url.startswith("https:") else f"https:{url[5:]}"


def www(url: str, _: random.Random) -> str | None:
    """www. where it is not, none where it is."""
    host = urlsplit(url).netloc
    if host.startswith("www."):
        return _on(url, host[4:])
    return _on(url, f"www.{host}") if host.count(".") == 1 else None


def device(url: str, chance: random.Random) -> str | None:
    """m., mobile. or amp. in the place of www."""
    host = urlsplit(url).netloc
    if host.count(".") > 1 and not host.startswith("www."):
        return None
    return _on(url, f"{chance.choice(('m', 'mobile', 'amp'))}.{host.removeprefix('www.')}")


def amp_path(url: str, chance: random.Random) -> str | None:
    """/amp before or behind the path, .amp before or behind its suffix."""
    path = urlsplit(url).path.rstrip("/")
    if not path:
        return None
    forms = [f"/amp{path}", f"{path}/amp", f"{path}/amp/", f"{path}.amp"]
    if path.endswith(".html"):
        forms.append(f"{path[:-5]}.amp.html")
    return urlunsplit(urlsplit(url)._replace(path=chance.choice(forms)))


def amp_query(url: str, chance: random.Random) -> str | None:
    """?amp, ?amp=1, outputType=amp."""
    return _with(url, chance.choice(("amp", "amp=1", "amp=true", "outputType=amp")))


def amp_cache(url: str, chance: random.Random) -> str | None:
    """The copy at cdn.ampproject.org, or in Google's viewer."""
    parts = urlsplit(url)
    if not parts.path.strip("/") or ":" in parts.netloc:
        return None
    secure = "s/" if parts.scheme == "https" else ""
    below = parts.netloc.replace("-", "--").replace(".", "-")
    page = urlunsplit(("", "", parts.path, parts.query, ""))
    cached = (
        f"https://{below}.cdn.ampproject.org/{chance.choice('cv')}/{secure}{parts.netloc}{page}"
    )
    return chance.choice(
        (
            _with(cached, "amp_js_v=0.1&usqp=mq331AQIKAGwASCAAgM%3D"),
            f"https://www.google.com/amp/{secure}{parts.netloc}{page}",
        )
    )


def tracking(url: str, chance: random.Random) -> str | None:
    """One to four tracking parameters, before or behind those that are there."""
    more = "&".join(chance.sample(TRACKED, chance.randint(1, 4)))
    parts = urlsplit(url)
    if not parts.query:
        return _with(url, more)
    both = chance.choice((f"{more}&{parts.query}", f"{parts.query}&{more}"))
    return urlunsplit(parts._replace(query=both))


def slash(url: str, _: random.Random) -> str | None:
    """A slash at the end of the path, or none."""
    parts = urlsplit(url)
    if not parts.path.strip("/"):
        return None
    path = parts.path.rstrip("/") if parts.path.endswith("/") else f"{parts.path}/"
    return urlunsplit(parts._replace(path=path))


def fragment(url: str, chance: random.Random) -> str | None:
    """A place in the page."""
    parts = urlsplit(url)
    if parts.fragment:
        return None
    place = chance.choice(("comments", "top", "ref=rss", "xtor=RSS-1", ":~:text=a%20b", "_=_"))
    return urlunsplit(parts._replace(fragment=place))


def order(url: str, chance: random.Random) -> str | None:
    """The parameters in another order; equal names keep theirs."""
    parts = urlsplit(url)
    pairs = [pair for pair in parts.query.split("&") if pair]
    names = [pair.partition("=")[0] for pair in pairs]
    if len(pairs) < 2 or len(set(names)) < len(names):
        return None
    other = pairs[1:] + pairs[:1] if len(pairs) == 2 else chance.sample(pairs, len(pairs))
    return urlunsplit(parts._replace(query="&".join(other)))


def spelling(url: str, chance: random.Random) -> str | None:
    """Capitals in scheme or host, the usual port, a letter escaped, small letters in escapes."""
    parts = urlsplit(url)
    if ":" in parts.netloc:
        return None
    forms = [
        f"{parts.scheme.upper()}{url[len(parts.scheme) :]}",
        _on(url, parts.netloc.upper()),
        _on(url, f"{parts.netloc}:{443 if parts.scheme == 'https' else 80}"),
        _on(url, f"{parts.netloc}."),
    ]
    letters = [at for at, char in enumerate(parts.path) if char.isalpha() and char.isascii()]
    free = [at for at in letters if not re.search("%.?$", parts.path[:at])]
    if free:
        at = chance.choice(free)
        path = f"{parts.path[:at]}%{ord(parts.path[at]):02x}{parts.path[at + 1 :]}"
        forms.append(urlunsplit(parts._replace(path=path)))
    return chance.choice(forms)


def redirect(url: str, chance: random.Random) -> str | None:
    """Within the address of a redirect that counts clicks."""
    inside = quote(url, safe="")
    size = len(url)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    news = urlsafe_b64encode(b"\x08\x13\x22" + length + url.encode() + b"\xd2\x01\x00").decode()
    forms = [
        f"https://www.google.com/url?rct=j&sa=t&url={inside}&ct=ga&cd=CAI&usg=AOv",
        f"https://l.facebook.com/l.php?u={inside}&h=AT0",
        f"https://t.umblr.com/redirect?z={inside}&t=OGY",
        f"https://out.reddit.com/t3_1abc?url={inside}&token=AQ",
        f"https://www.bing.com/news/apiclick.aspx?ref=FexRss&url={inside}&c=1&mkt=en-us",
        f"https://eur01.safelinks.protection.outlook.com/?url={inside}&data=05&reserved=0",
        f"https://duckduckgo.com/l/?uddg={inside}",
    ]
    if url.isascii():
        forms.append(f"https://news.google.com/rss/articles/{news.rstrip('=')}?oc=5")
    return chance.choice(forms)


def _on(url: str, host: str) -> str:
    return urlunsplit(urlsplit(url)._replace(netloc=host))


def _with(url: str, more: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query=f"{parts.query}&{more}" if parts.query else more))


KINDS: dict[str, Mutation] = {
    "scheme": scheme,
    "www": www,
    "device": device,
    "amp path": amp_path,
    "amp query": amp_query,
    "amp cache": amp_cache,
    "tracking": tracking,
    "slash": slash,
    "fragment": fragment,
    "order": order,
    "spelling": spelling,
    "redirect": redirect,
}
