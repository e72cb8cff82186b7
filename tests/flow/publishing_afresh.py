"""One process that opens a store afresh, publishes all of it, and tells the bytes' digests.

python -m tests.flow.publishing_afresh STORE NOW
"""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import closing
from pathlib import Path

from aggregator.flow.publish import publish
from aggregator.store.engine import open_store
from tests.flow.newsroom import Newsroom


def publish_afresh(path: Path, now: float) -> dict[str, str]:
    """Publish every topic; return the digest of each document that is kept then, by path."""
    with closing(open_store(path)) as store:
        newsroom = Newsroom(store)
        newsroom.now = now
        publish(newsroom.kit)
        with store.read() as tx:
            kept = [tx.publications.document(path) for path in tx.publications.paths()]
    return {
        each.path: hashlib.sha256(
            b"".join(part or b"" for part in (each.body, each.gzip, each.zstd, each.br))
        ).hexdigest()
        for each in kept
        if each is not None
    }


if __name__ == "__main__":
    print(json.dumps(publish_afresh(Path(sys.argv[1]), float(sys.argv[2]))))
