"""Whole files or none: a folder that another program serves while we write into it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aggregator.errors import AggregatorError, StoreError, StoreFull, UsageError

MANIFEST = ".aggregator-site.json"
"""Names the files we wrote into a folder, so that no others are ever touched."""

CODINGS = ("", ".gz", ".zst")
"""What a name ends with: the file itself, and beside it the same in fewer bytes."""

_TEMPORARY = ".aggregator-part"
_NOT_OURS_TO_WRITE = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.ENAMETOOLONG,
    errno.ELOOP,
}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Noted:
    """What the manifest says of a name: what it was made from, and the sizes of its codings.

    No sizes: nothing stands there. No mark: it may be half written.
    """

    mark: str = ""
    sizes: tuple[int | None, ...] = field(default=())

    @property
    def files(self) -> int:
        """How many files it has."""
        return sum(size is not None for size in self.sizes)


class Folder:
    """The folder of a static site, ours alone while it is open.

    A file is written under another name, synced, and put in place of the old one at once
    (rename(2)); when that fails the old one is still there. A file whose bytes are right is not
    touched at all, and one made from the same is not even made again.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._before = self._known()
        self._written_at = self._stamp()
        self._now: dict[str, Noted] = {}
        self.changed = 0

    @property
    def files(self) -> int:
        """How many files were put in place or found right."""
        return sum(noted.files for noted in self._now.values())

    def is_kept(self, name: str, mark: str) -> bool:
        """Whether what stands at a name was made from the same, and nobody changed it since.

        A file is taken to be as we left it while it has its size and is not younger than the
        manifest. Such a name is kept as it stands.
        """
        noted = self._before.get(name)
        if not mark or noted is None or noted.mark != mark:
            return False
        for coding, size in zip(CODINGS, noted.sizes, strict=False):
            if size is not None and not self._is_as_left(self._root / f"{name}{coding}", size):
                return False
        self._now[name] = noted
        return True

    def is_there(self, name: str) -> bool:
        """Whether something stands at a name that was put or kept."""
        return self._now[name].files > 0

    def put(
        self, name: str, body: bytes, *, mark: str = "", packed: Mapping[str, bytes] | None = None
    ) -> None:
        """Have these bytes at a name such as "topics/global-lane.atom", packed ones beside it.

        `packed` is by ending, of those in `CODINGS`. Raises `UsageError` where a file lies that is
        not ours, or nothing may be written; `StoreError` where it could not be, `StoreFull` where
        no space is left.
        """
        bodies = {"": body, **(packed or {})}
        for coding in CODINGS:
            if coding in bodies:
                self._put(name, coding, bodies[coding])
        sizes = tuple(len(bodies[each]) if each in bodies else None for each in CODINGS)
        self._now[name] = Noted(mark, sizes)

    def leave_out(self, name: str, mark: str) -> None:
        """Note that nothing stands at a name, made from this."""
        self._now[name] = Noted(mark)

    def _put(self, name: str, coding: str, body: bytes) -> None:
        target = self._root / f"{name}{coding}"
        with _explained(target):
            self._stay_inside(target)
            if _holds(target, body):
                return
            if target.exists() and name not in self._before:
                raise UsageError(
                    f"{target} is no file of ours; move it away, or choose another --out"
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, body)
        self.changed += 1

    def expect(self, names: Iterable[str]) -> None:
        """Note these names as ours before they are written: a run may be cut off half way."""
        fresh = {
            name: Noted()
            for name in names
            if name not in self._before
            and not any((self._root / f"{name}{coding}").exists() for coding in CODINGS)
        }
        if fresh or not (self._root / MANIFEST).exists():
            self._before |= fresh
            self._write_manifest(self._before)

    def sweep(self) -> int:
        """Remove what we once wrote and did not put this time; returns how many files."""
        gone = 0
        for name in sorted(self._before):
            sizes = self._now.get(name, Noted()).sizes or (None,) * len(CODINGS)
            for coding, size in zip(CODINGS, sizes, strict=True):
                if size is None:
                    gone += self._remove(self._root / f"{name}{coding}")
        if self.changed or self._now != self._before:
            self._write_manifest(self._now)
        return gone

    def _remove(self, target: Path) -> bool:
        with _explained(target):
            if not target.is_file() or not self._is_here(target):
                return False
            target.unlink()
            _prune(target.parent, self._root)
        return True

    def sweep_parts(self) -> None:
        """Remove what a run that was cut off left half written."""
        folders = {(self._root / name).parent for name in self._before} | {self._root}
        for folder in sorted(folders):
            for part in folder.glob(f".*{_TEMPORARY}"):
                with _explained(part):
                    part.unlink(missing_ok=True)

    def _is_here(self, target: Path) -> bool:
        """Whether no symbolic link on the way leads out of the folder."""
        return target.parent.resolve().is_relative_to(self._root.resolve())

    def _stay_inside(self, target: Path) -> None:
        if not self._is_here(target):
            raise UsageError(
                f"{target} lies elsewhere by a symbolic link; remove the link, or choose another "
                "--out"
            )

    def _is_as_left(self, target: Path, size: int) -> bool:
        try:
            found = target.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        return found.st_size == size and found.st_mtime_ns <= self._written_at

    def _stamp(self) -> int:
        """Return when the manifest was written, in nanoseconds."""
        try:
            return (self._root / MANIFEST).stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _known(self) -> dict[str, Noted]:
        path = self._root / MANIFEST
        try:
            with _explained(path):
                if not path.exists():
                    return {}
                said = json.loads(path.read_text(encoding="utf-8"))["files"]
            if isinstance(said, list):  # of an earlier version: names, packed ones too
                said = {_bare(name): ["", []] for name in said}
            return {
                name: Noted(str(mark), _sizes(sizes))
                for name, (mark, sizes) in said.items()
                if _is_inside(name)
            }
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(
                f"{path} cannot be read; remove it to have the site written over"
            ) from None

    def _write_manifest(self, names: Mapping[str, Noted]) -> None:
        path = self._root / MANIFEST
        files = {name: (names[name].mark, names[name].sizes) for name in sorted(names)}
        lines = (f"{json.dumps(name)}: {json.dumps(noted)}" for name, noted in files.items())
        body = '{"files": {\n' + ",\n".join(lines) + "\n}}\n"
        with _explained(path):
            _replace(path, body.encode())


@contextmanager
def site_folder(root: Path) -> Iterator[Folder]:
    """Open a folder to write a site into, made when it is not there.

    Raises `UsageError` when another run is writing into it.
    """
    with _explained(root):
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another run is writing into {root}; wait for its end") from None
        folder = Folder(root)
        folder.sweep_parts()
        yield folder
    finally:
        os.close(handle)


def _replace(target: Path, body: bytes) -> None:
    part = target.with_name(f".{target.name}{_TEMPORARY}")
    part.unlink(missing_ok=True)  # whatever it is; never written through
    try:
        with part.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def _holds(path: Path, body: bytes) -> bool:
    try:
        return path.stat().st_size == len(body) and path.read_bytes() == body
    except (FileNotFoundError, NotADirectoryError):
        return False


def _prune(folder: Path, root: Path) -> None:
    """Remove folders that were left empty, up to the root."""
    while folder != root and root in folder.parents:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _is_inside(name: object) -> bool:
    """Whether a manifest's line names a file below the folder; somebody may have edited it."""
    if not isinstance(name, str):
        return False
    parts = Path(name).parts
    return bool(parts) and not Path(name).is_absolute() and ".." not in parts


def _bare(name: object) -> str:
    """Return the name of a file without the ending of its coding."""
    said = str(name) if isinstance(name, str) else ""
    return said.removesuffix(".gz").removesuffix(".zst")


def _sizes(said: object) -> tuple[int | None, ...]:
    sizes = tuple(said) if isinstance(said, list) else ()
    known = all(size is None or type(size) is int for size in sizes)
    return sizes if known and len(sizes) == len(CODINGS) else ()


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn the system's errors into ours, with the path in them."""
    try:
        yield
    except OSError as error:
        raise _explain(path, error) from error


def _explain(path: Path, error: OSError) -> AggregatorError:
    why = error.strerror or str(error)
    if error.errno in _FULL:
        return StoreFull(f"{path}: {why}; make room and run again, the old files are whole")
    if error.errno in _NOT_OURS_TO_WRITE:
        return UsageError(f"{path}: {why}; the old files are whole, choose another --out")
    return StoreError(f"{path}: {why}; the old files are whole")
