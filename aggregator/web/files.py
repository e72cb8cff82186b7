"""Whole files or none: a folder that another program serves while we write into it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.errors import AggregatorError, StoreError, StoreFull, UsageError

MANIFEST = ".aggregator-site.json"
"""Names the files we wrote into a folder, so that no others are ever touched."""

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


class Folder:
    """The folder of a static site, ours alone while it is open.

    A file is written under another name, synced, and put in place of the old one at once
    (rename(2)); when that fails the old one is still there. A file whose bytes are right is not
    touched at all.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._before = self._known()
        self._now: set[str] = set()
        self.changed = 0

    @property
    def files(self) -> int:
        """How many files were put in place or found right."""
        return len(self._now)

    def put(self, name: str, body: bytes) -> None:
        """Have these bytes at a name such as "topics/global-lane.atom".

        Raises `UsageError` where a file lies that is not ours, or nothing may be written;
        `StoreError` where it could not be, `StoreFull` where no space is left.
        """
        target = self._root / name
        self._now.add(name)
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

    def expect(self, names: set[str]) -> None:
        """Note these names as ours before they are written: a run may be cut off half way."""
        self._before |= {name for name in names if not (self._root / name).exists()}
        self._write_manifest(self._before)

    def sweep(self) -> int:
        """Remove what we once wrote and did not put this time; returns how many files."""
        gone = 0
        for name in sorted(self._before - self._now):
            target = self._root / name
            with _explained(target):
                if target.is_file() and self._is_here(target):
                    target.unlink()
                    _prune(target.parent, self._root)
                    gone += 1
        self._write_manifest(self._now)
        return gone

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

    def _known(self) -> set[str]:
        path = self._root / MANIFEST
        try:
            with _explained(path):
                if not path.exists():
                    return set()
                names = json.loads(path.read_text(encoding="utf-8"))["files"]
            return {name for name in names if _is_inside(name)}
        except (ValueError, KeyError, TypeError):
            raise UsageError(
                f"{path} cannot be read; remove it to have the site written over"
            ) from None

    def _write_manifest(self, names: set[str]) -> None:
        path = self._root / MANIFEST
        body = json.dumps({"files": sorted(names)}, indent=0).encode() + b"\n"
        with _explained(path):
            if not _holds(path, body):
                _replace(path, body)


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
