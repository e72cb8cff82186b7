"""What a first contact over TLS costs: ours beside stock requests, in one run.

    python -m benchmarks.https [--hosts 250]

A server in a process of its own answers on as many loopback addresses, each with a certificate of
its own by an authority made for this run. Every contestant asks each address once, one after the
other, in a fresh process: ours, requests with a session as everybody uses it, and bare urllib3
with one TLS context for all. All trust the usual authorities and the made one, from one file. CPU
and memory are those of the contacts, after one that is not counted; start-up stands apart.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.show import figure, finish, table

BODY = b"<rss version='2.0'><channel><title>t</title></channel></rss>" + b" " * 4000
CONTESTANTS = ("ours", "stock", "urllib3")
AGENT = "aggregator/benchmark (+https://news.lane.org/bot)"

Ask = Callable[[str], int]
"""Ask an address; return the length of the body."""


def addresses(hosts: int) -> list[str]:
    """Return loopback addresses, one a host and one to warm up with."""
    return [f"127.0.{20 + n // 200}.{1 + n % 200}" for n in range(hosts + 1)]


def free_port() -> int:
    """Return a port nobody uses now."""
    with socket.create_server(("127.0.20.1", 0)) as probe:
        return int(probe.getsockname()[1])


def make_authority(folder: Path, hosts: Sequence[str]) -> Path:
    """Write a certificate for each host; return the file of authorities to be trusted."""
    import trustme
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    authority = trustme.CA()
    bundle = folder / "authorities.pem"
    bundle.write_bytes(Path(DEFAULT_CA_BUNDLE_PATH).read_bytes() + b"\n")
    authority.cert_pem.write_to_path(bundle, append=True)
    for host in hosts:
        leaf = authority.issue_cert(host)
        leaf.private_key_and_cert_chain_pem.write_to_path(folder / f"{host}.pem")
    return bundle


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            head = f'HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\nETag: "1"\r\n\r\n'
            writer.write(head.encode() + BODY)
            await writer.drain()
    except (asyncio.IncompleteReadError, OSError):
        writer.close()


async def serve(folder: Path, hosts: Sequence[str], port: int) -> None:
    """Answer on every host with its own certificate, and say when ready."""
    servers = []
    for host in hosts:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / f"{host}.pem")
        servers.append(await asyncio.start_server(_answer, host, port, ssl=context))
    print("ready", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


def ours(bundle: Path) -> Ask:
    """Return how a poll asks."""
    from aggregator.model.exchange import Fetched, Request
    from aggregator.model.settings import Net
    from aggregator.net.fetcher import HttpFetcher

    fetcher = HttpFetcher(Net(allow=("127.0.0.0/8",)), AGENT, cafile=str(bundle))

    def ask(url: str) -> int:
        outcome = fetcher.fetch(Request(url=url))
        assert isinstance(outcome, Fetched), outcome
        return len(outcome.body)

    return ask


def stock(bundle: Path) -> Ask:
    """Return how everybody asks."""
    import requests

    session = requests.Session()
    session.trust_env = False
    session.verify = str(bundle)
    return lambda url: len(session.get(url, timeout=20).content)


def urllib3(bundle: Path) -> Ask:
    """Return how urllib3 asks with one context for all."""
    from urllib3 import PoolManager

    pools = PoolManager(64, ssl_context=ssl.create_default_context(cafile=str(bundle)))
    return lambda url: len(pools.request("GET", url, timeout=20).data)


def resident() -> int:
    """Return how many bytes of this process are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def contact(name: str, bundle: Path, hosts: Sequence[str], port: int) -> None:
    """Ask every host once and print what it cost."""
    makers: dict[str, Callable[[Path], Ask]] = {"ours": ours, "stock": stock, "urllib3": urllib3}
    began = time.process_time()
    ask = makers[name](bundle)
    warm, *others = (f"https://{host}:{port}/feed" for host in hosts)
    ask(warm)
    started, memory = time.process_time(), resident()
    for url in others:
        assert ask(url) == len(BODY)
    cpu, grown = time.process_time() - started, resident() - memory
    told = {
        "cpu_ms": figure(1000 * cpu / len(others)),
        "mb": figure(max(grown, 0) / 1e6 / len(others)),
        "start_ms": figure(1000 * (started - began)),
    }
    print(json.dumps(told))


def measured(folder: Path, hosts: int) -> dict[str, dict[str, float]]:
    """Serve, and let each contestant ask in a process of its own."""
    port = free_port()
    bundle = make_authority(folder, addresses(hosts))
    again = [sys.executable, "-m", "benchmarks.https", "--hosts", str(hosts)]
    again += ["--folder", str(folder), "--port", str(port)]
    with subprocess.Popen([*again, "--role", "serve"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            if not server.stdout.readline():
                sys.exit("the server did not start")
            found = {}
            for name in CONTESTANTS:
                command = [*again, "--role", name, "--bundle", str(bundle)]
                done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                found[name] = json.loads(done.stdout)
            return found
        finally:
            server.terminate()


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line's options; all but --hosts are for the processes it starts."""
    parser = argparse.ArgumentParser(prog="benchmarks.https", description=(__doc__ or "").strip())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--hosts", type=int, default=250)
    for name, kind in (("role", str), ("folder", Path), ("bundle", Path), ("port", int)):
        parser.add_argument(f"--{name}", type=kind, help=argparse.SUPPRESS)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the table and the last line."""
    args = parsed(argv)
    hosts = addresses(args.hosts)
    if args.role == "serve":
        asyncio.run(serve(args.folder, hosts, args.port))
    elif args.role:
        contact(args.role, args.bundle, hosts, args.port)
    else:
        with tempfile.TemporaryDirectory(prefix="aggregator-https-") as folder:
            found = measured(Path(folder), args.hosts)
        rows = [(name, *each.values()) for name, each in found.items()]
        print(table(("by", "CPU ms a contact", "MB a host", "start ms"), rows))
        ratio = figure(found["ours"]["cpu_ms"] / found["stock"]["cpu_ms"])
        finish({"benchmark": "https", "hosts": args.hosts, **found, "ratio": ratio})
    return 0


if __name__ == "__main__":
    sys.exit(main())
