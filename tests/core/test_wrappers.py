from __future__ import annotations

from base64 import urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.core.urls import is_web, safe_link, url_hash, url_key

PAGE = "https://www.news.example/a/b?id=7&c=d%20e"
KEY = "https://news.example/a/b?c=d%20e&id=7"
Q = quote(PAGE, safe="")


def news_id(url: str, more: bytes = b"\xd2\x01\x00") -> str:
    """The id of an article at Google News, as it was until July 2024."""
    size = len(url)
    length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
    data = b"\x08\x13\x22" + length + url.encode() + more
    return urlsafe_b64encode(data).decode().rstrip("=")


def bing_id(url: str) -> str:
    return "a1" + urlsafe_b64encode(url.encode()).decode().rstrip("=")


LONG = f"https://www.news.example/{'long-' * 30}?id=7"

WRAPPED = {
    "Google": f"https://www.google.com/url?sa=t&source=web&q=two%20words&url={Q}&usg=AOv",
    "Google of a country": f"http://www.google.co.uk/url?q={Q}&sa=D",
    "Google Alerts": f"https://www.google.com/url?rct=j&amp;sa=t&amp;url={Q}&amp;ct=ga",
    "Google News": f"https://news.google.com/news/url?sa=t&fd=R&url={Q}",
    "Google News, coded": f"https://news.google.com/rss/articles/{news_id(PAGE)}?oc=5",
    "Google News, older": f"https://news.google.com/__i/rss/rd/articles/{news_id(PAGE)}?oc=5",
    "Google News, a page": f"https://news.google.com/articles/{news_id(PAGE)}?hl=de&gl=DE",
    "Bing News": f"http://www.bing.com/news/apiclick.aspx?ref=FexRss&aid=&url={Q}&c=1&mkt=en-us",
    "Bing": f"https://www.bing.com/ck/a?!&&p=1f&ptn=3&u={bing_id(PAGE)}&ntb=1",
    "Yahoo": f"https://r.search.yahoo.com/_ylt=A;_ylu=X/RV=2/RE=1/RO=10/RU={Q}/RK=2/RS=x-",
    "DuckDuckGo": f"https://duckduckgo.com/l/?uddg={Q}&rut=1",
    "Facebook": f"https://l.facebook.com/l.php?u={Q}&h=AT0&s=1",
    "Facebook, mobile": f"https://lm.facebook.com/l.php?u={Q}",
    "Facebook, once": f"http://www.facebook.com/l.php?u={Q}&h=1",
    "Instagram": f"https://l.instagram.com/?u={Q}&e=AT0",
    "Threads": f"https://l.threads.net/?u={Q}&e=AT0",
    "Tumblr": f"https://t.umblr.com/redirect?z={Q}&t=x",
    "Reddit": f"https://out.reddit.com/t3_abc?url={Q}&token=x&app_name=web",
    "LinkedIn": f"https://www.linkedin.com/redir/redirect?url={Q}&urlhash=1",
    "YouTube": f"https://www.youtube.com/redirect?event=video&redir_token=1&q={Q}",
    "VK": f"https://vk.com/away.php?to={Q}&cc_key=",
    "Medium": f"https://medium.com/r/?url={Q}",
    "Pinterest": f"https://www.pinterest.com/offsite/?token=1&url={Q}&pin=2",
    "Flipboard": f"https://flipboard.com/redirect?url={Q}",
    "Pocket": f"https://getpocket.com/redirect?url={Q}&h=1",
    "Slack": f"https://slack-redir.net/link?url={Q}",
    "Zhihu": f"https://link.zhihu.com/?target={Q}",
    "Business Wire": f"https://cts.businesswire.com/ct/CT?id=smartlink&url={Q}&esheet=1",
    "PR Newswire": f"https://c212.net/c/link/?t=0&l=en&o=1-1&h=2&u={Q}&a=x",
    "Safe Links": f"https://nam02.safelinks.protection.outlook.com/?url={Q}&data=05%7C&reserved=0",
    "Proofpoint": "https://urldefense.proofpoint.com/v2/url?u="
    "https-3A__www.news.example_a_b-3Fid-3D7-26c-3Dd-2520e&d=DwIB&c=x",
    "AMP cache": "https://www-news-example.cdn.ampproject.org/c/s/www.news.example/a/b/amp/"
    "?id=7&c=d%20e&amp_js_v=0.1&usqp=mq331",
    "AMP cache, viewer": "https://www-news-example.cdn.ampproject.org/v/s/"
    "www.news.example/amp/a/b?id=7&c=d+e#origin=https%3A%2F%2Fwww.google.com",
    "AMP cache, http": "https://cdn.ampproject.org/c/www.news.example/a/b?id=7&c=d%20e",
    "AMP cache, Bing": "https://www-news-example.bing-amp.com/c/s/news.example/a/b?id=7&c=d%20e",
    "AMP viewer": "https://www.google.com/amp/s/amp.news.example/a/b.amp?id=7&c=d%20e",
    "AMP viewer, http": "https://www.google.de/amp/www.news.example/a/b/amp?id=7&c=d%20e",
    "AMP viewer, Bing": "https://www.bing.com/amp/s/www.news.example/a/b?id=7&c=d%20e",
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_the_page_within_a_redirect_or_an_amp_cache_is_that_page(kind: str) -> None:
    assert url_key(WRAPPED[kind]) == url_key(PAGE) == KEY


def test_a_long_address_within_an_id_of_google_news_is_read_whole() -> None:
    more = b"\xd2\x01\x19https://news.example/amp"
    assert url_key(f"https://news.google.com/rss/articles/{news_id(LONG, more)}") == url_key(LONG)


def test_wrappers_within_wrappers_are_undone_five_deep() -> None:
    keys = []
    url = "https://x.example/a"
    for _ in range(8):
        url = f"https://t.umblr.com/redirect?z={quote(url, safe='')}"
        keys.append(url_key(url))
    assert keys[:5] == ["https://x.example/a"] * 5
    deep = keys[5:]
    assert all(key and key.startswith("https://t.umblr.com/redirect?z=") for key in deep)
    assert len(set(deep)) == 3
    assert [url_key(key or "") for key in deep] == deep


@pytest.mark.parametrize(
    "url",
    [
        "https://google.com/url?q=two%20words",
        "https://google.com/url?q=/relative",
        "https://google.com/url?q=ftp://x.example/a",
        "https://google.com/url?q=http://",
        "https://google.com/url?q=https://x.example/%2525E4%E4",  # no UTF-8
        "https://google.com/search?q=https://x.example/a",
        "https://google.com/amp/s/no-host/a",
        "https://googlex.com/url?q=https://x.example/a",
        "https://google.example/url?q=https://x.example/a",
        "https://google.com:8080/url?q=https://x.example/a",
        "https://news.google.com/rss/articles/CBMi",
        "https://news.google.com/rss/articles/CBMiqwFBVV95cUxNMTRqdUZpNl9h?oc=5",
        "https://news.google.com/read/A",
        "https://bing.com/ck/a?u=a1eA",
        "https://facebook.com/sharer.php?u=https://x.example/a",
        "https://youtube.com/watch?v=https://x.example/a",
        "https://x.example/redirect?url=https://y.example/a",
        "https://x.cdn.ampproject.org/i/s/x.example/a.png",
        "https://web.archive.org/web/2014/https:/x.example/a",
        "https://urldefense.com/v2/url?u=x-3A__y",
    ],
)
def test_what_holds_no_address_or_is_no_known_redirect_stays_itself(url: str) -> None:
    key = url_key(url)
    assert key is not None
    assert key.partition("?")[0] == url.partition("?")[0]
    assert url_key(key) == key


def test_a_redirect_to_a_site_root_identifies_no_article() -> None:
    assert url_hash("https://www.google.com/url?q=https://x.example/") is None


def test_different_pages_within_redirects_have_different_keys() -> None:
    one, other = (
        f"https://l.facebook.com/l.php?u=https%3A%2F%2Fx.example%2Fa%3Fid%3D{n}" for n in (1, 2)
    )
    assert url_key(one) != url_key(other)


def test_what_is_published_keeps_the_redirect() -> None:
    url = f"https://l.facebook.com/l.php?u={Q}"
    assert safe_link(url) == url


WORDS = """
    http https :// : / // . .. ? # ! & ; = + % %25 %2525 %2F %3A %3F %26 %3D %e4 %C3%A4 @ [::1] amp
    .amp ..amp .html www. m. amp. mobile. .co.uk :443 :8080 a=1 b=2 utm_x=1 amp=1 amp; ä 字
    https%3A%2F%2F http:// https:// x.example /amp/ google.com/url?q= google.com/url?url=
    google.com/amp/s/ google.co.uk/amp/ bing.com/amp/s/ cdn.ampproject.org/c/s/
    t.umblr.com/redirect?z= l.facebook.com/l.php?u= news.google.com/rss/articles/CBMi FGh0dHBzOi8v
    bing.com/ck/a?u=a1
    aHR0cHM6Ly94LmV4YW1wbGUvYQ r.search.yahoo.com/RU= urldefense.com/v2/url?u= https-3A__x.example_a
    a.safelinks.protection.outlook.com/?url=
"""
ADDRESSES = st.lists(st.sampled_from(WORDS.split()), max_size=14).map("".join)


@settings(max_examples=400)
@given(st.sampled_from(["", "http://", "https://x.example/"]), ADDRESSES)
@example("http://", "x.example/a/..amp")
@example("http://", "google.com/amp/amp/s/x.example")
def test_the_key_of_a_key_is_the_key_whatever_it_wraps(start: str, rest: str) -> None:
    url = start + rest
    key = url_key(url)
    assert (key is None) == (not is_web(url))
    assert key is None or url_key(key) == key
    link = safe_link(url)
    assert link is None or url_key(link) == key


@given(st.from_regex(r"https://[a-z]{1,9}\.example/[!-~]{0,20}", fullmatch=True))
def test_an_address_in_a_redirect_has_the_key_it_has_alone(url: str) -> None:
    wrapped = f"https://t.umblr.com/redirect?z={quote(url, safe='')}"
    assert url_key(wrapped) == url_key(url)
