"""Whose file it is, and how it is brought up to date."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database

import aggregator
from aggregator.errors import StoreCorrupt, StoreError, StoreTooNew
from aggregator.store.engine import SqliteStore, open_store
from aggregator.store.migrate import Ladder, our_ladder
from aggregator.store.sqlite import Connection, connect, statements, translated


def start(script: str, *args: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(aggregator.__file__).parent.parent)},
    )


def result(process: subprocess.Popen[str]) -> tuple[int, str]:
    said, _ = process.communicate(timeout=60)
    return process.returncode, said


def tables(file: Path) -> int:
    conn = connect(file)
    (count,) = conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    conn.close()
    return int(count)


def rung(statement: str) -> Callable[[Database], None]:
    def climb_one(db: Database) -> None:
        db.conn.execute(statement)

    return climb_one


def test_a_store_is_made_with_its_folder(tmp_path: Path) -> None:
    file = tmp_path / "new" / "folder" / "news.db"
    open_store(str(file)).close()
    with open_store(file, create=False).read() as tx:
        assert tx.feeds.all() == ()


def test_a_store_that_must_be_there_is_not_made(file: Path) -> None:
    with pytest.raises(StoreError, match="no store here yet"):
        open_store(file, create=False)
    assert not file.exists()
    file.touch()
    with pytest.raises(StoreError, match="no store here yet"):
        open_store(file, create=False)


def test_an_empty_file_becomes_a_store(file: Path) -> None:
    file.touch()
    open_store(file).close()
    assert tables(file) > 0


@pytest.mark.parametrize("content", [b"hello", b"%PDF-1.7 " * 1000, b"\x00" * 5000])
def test_a_file_that_is_no_database_is_left_alone(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(StoreCorrupt, match=r"no SQLite database.*name another file"):
        open_store(file)
    assert file.read_bytes() == content


def test_another_programs_database_is_left_alone(file: Path) -> None:
    with Database(file) as db:
        db.table("notes").insert({"id": 1})
    before = file.read_bytes()
    with pytest.raises(StoreCorrupt, match="another program's database"):
        open_store(file)
    assert file.read_bytes() == before


def test_a_newer_versions_store_is_refused(file: Path) -> None:
    open_store(file).close()
    newer = our_ladder()
    newer.add("9999_from_the_future", rung("CREATE TABLE future (a)"))
    SqliteStore(file, newer).close()
    with pytest.raises(StoreTooNew, match=r"9999_from_the_future.*upgrade"):
        open_store(file)


def test_a_damaged_file_is_told(file: Path) -> None:
    open_store(file).close()
    with file.open("r+b") as opened:
        opened.seek(4096)
        opened.write(b"\xff" * (file.stat().st_size - 4096))
    with pytest.raises(StoreCorrupt, match="backup"), open_store(file).read() as tx:
        tx.feeds.all()


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        open_store(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        open_store(tmp_path / "file" / "news.db")


def test_a_servers_address_is_refused() -> None:
    with pytest.raises(StoreError, match="give its path"):
        open_store("postgresql://localhost/news")


def test_processes_that_open_at_once_do_not_collide(tmp_path: Path, file: Path) -> None:
    script = """
        import sys, time
        from pathlib import Path
        from aggregator.store.engine import open_store
        print("ready", flush=True)
        while not Path(sys.argv[2]).exists():
            time.sleep(0.001)
        with open_store(sys.argv[1]).write() as tx:
            tx.meta.set_once("first", sys.argv[3])
    """
    go = tmp_path / "go"
    processes = [start(script, file, go, str(number)) for number in range(4)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    go.touch()
    assert [result(process) for process in processes] == [(0, "")] * 4
    store = open_store(file)
    assert {check: fine for check, fine, _ in store.doctor()}["ladder"]
    store.close()


def with_two_more(second: str) -> str:
    return f"""
        import os, sys
        from pathlib import Path
        from aggregator.store.engine import SqliteStore
        from aggregator.store.migrate import our_ladder

        def one(db): db.conn.execute("CREATE TABLE one (a)")
        def two(db): {second}

        ladder = our_ladder()
        ladder.add("0998_one", one)
        ladder.add("0999_two", two)
        SqliteStore(Path(sys.argv[1]), ladder).close()
    """


def test_an_upgrade_that_is_killed_is_made_again(file: Path) -> None:
    open_store(file).close()
    before = tables(file)
    assert result(start(with_two_more("os._exit(9)"), file)) == (9, "")
    open_store(file).close()
    assert tables(file) == before
    again = with_two_more("db.conn.execute('CREATE TABLE two (a)')")
    assert result(start(again, file)) == (0, "")
    assert tables(file) == before + 2


def test_a_rung_that_fails_takes_the_others_back(file: Path) -> None:
    open_store(file).close()
    before = tables(file)
    ladder = our_ladder()
    ladder.add("0998_one", rung("CREATE TABLE one (a)"))
    ladder.add("0999_two", rung("CREATE nonsense"))
    with pytest.raises(StoreError, match="nonsense"):
        SqliteStore(file, ladder)
    assert tables(file) == before


def test_the_rungs_are_found_inside_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "aggregator"
    monkeypatch.setattr(aggregator, "__file__", str(package / "__init__.py"))
    with pytest.raises(StoreError, match="install aggregator again"):
        our_ladder()
    (package / "db" / "sqlite").mkdir(parents=True)
    (package / "db" / "sqlite" / "0001_only.sql").write_text("SELECT 1;\n")
    assert our_ladder().names == ["0001_only"]


def test_rungs_are_climbed_in_order_of_name() -> None:
    names = our_ladder().names
    assert names[0] == "0001_initial"
    assert names == sorted(names)


def test_a_script_is_split_into_statements() -> None:
    script = """-- why; so
        CREATE TABLE a (b TEXT DEFAULT ';'); -- c
        CREATE TRIGGER t BEFORE UPDATE ON a
        BEGIN
            SELECT RAISE(ABORT, 'no; never');
        END;
        INSERT INTO a VALUES (1)"""
    conn = connect(None)
    for statement in statements(script):
        conn.execute(statement)
    assert conn.execute("SELECT b FROM a").fetchone()[0] == "1"
    with pytest.raises(StoreError, match="no; never"), translated("here"):
        conn.execute("UPDATE a SET b = 2")
    conn.close()


def test_the_store_works_with_pythons_own_sqlite() -> None:
    script = """
        import sys
        sys.modules["pysqlite3"] = None
        from aggregator.model.feed import Origin
        from aggregator.model.intake import Intake, Merge
        from aggregator.store.engine import open_store
        from aggregator.store.sqlite import Connection
        from tests.makers import *

        assert Connection.__module__ == "sqlite3", Connection
        store = open_store(":memory:")
        with store.write(durable=True) as tx:
            tx.feeds.add(a_feed_spec(), origin=Origin.FILE, now=NOON)
            a, b = tx.entries.keep(Intake(arrivals=(an_arrival(), an_arrival(guid="b"))))
            merge = Merge(into=a.article_id, merged=b.article_id, because="same")
            change = a_change(entry_id=a.entry_id, text=a_text(title="Barley"))
            tx.entries.keep(Intake(changes=(change,), merges=(merge,)))
            assert tx.entries.search('"barley"', limit=9) == (a.entry_id,)
            assert tx.entries.search('"grain"', limit=9) == (b.entry_id,)
        wrong = [found for found in store.doctor() if not found[1]]
        assert {found[0] for found in wrong} <= {"sqlite", "space"}, wrong
        store.close()
    """
    assert result(start(script)) == (0, "")


def test_a_ladder_knows_what_is_pending() -> None:
    conn: Connection = connect(None)
    db = Database(conn)
    ladder = Ladder()
    ladder.add("0001_a", lambda db: None)
    assert ladder.pending(db) == ["0001_a"]
    ladder.apply(db)
    assert ladder.pending(db) == []
    assert Ladder().unknown(db) == ["0001_a"]
    conn.close()
