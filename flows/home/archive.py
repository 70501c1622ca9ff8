"""A backup: one file, elsewhere, with all of a home that can't be made again; and a home made from it.

    aforo_<home>_<moment>.tar.gz
        backup/aforo_history.duckdb     the history of the source, from which the warehouse is made
        history/  runs/  mapping/ …     what the home holds beside it, but for what any run makes again
        releases/<run>/                 the release that readers see
        backup.json                     last: what the file holds, with sums; a file without it was cut

Nothing waits for it and it waits for nothing: every file of a home is replaced in one step or never changed,
and the history is read last, so that it knows of every capture that the rest was made from.
"""

import contextlib
import errno
import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import IO, Any

import duckdb

from flows.errors import AforoError, Problem
from flows.home import backup, marker, tables, warehouse
from flows.home.record import git_commit
from flows.home.releases import damage, published_run, sync
from flows.language import t
from flows.project import version_variables
from flows.settings import Home

LISTING = "backup.json"
FORMAT = 1
# What is made again, or of this machine alone; the history of the source is in its copy.
LEFT_OUT = {
    marker.MARKER, "aforo.lock.json", "bi", "cache", "damaged", "docs", "logs", "prefect", "published",
    "target",
}  # fmt: skip
# A restore that is not yet verified; backup.RESTORING is one that is, so that it can be finished.
DRAFT = "restoring.tmp"
MIB = 2**20
_ATTEMPTS = 3
_UNREADABLE = (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, KeyError, ValueError, TypeError)


@dataclass(frozen=True)
class Backup:
    """A backup and what it holds: its listing, as it is written in it."""

    path: Path
    listing: dict[str, Any]

    @property
    def files(self) -> dict[str, dict[str, Any]]:
        """path in the home -> its sha256, bytes and mode."""
        files: dict[str, dict[str, Any]] = self.listing["files"]
        return files

    @property
    def size(self) -> int:
        """Bytes of all files, as they are in a home."""
        return sum(file["bytes"] for file in self.files.values())


def write(home: Home, folder: Path, name: str | None = None) -> Backup:
    """Writes a backup into the folder and reads it again; AforoError, with nothing written, if that fails.

    The copy of the history is taken as it is: `flows.home.backup.keep` renews it. Whoever works on the home
    works on.
    """
    _require_history(home)
    moment = datetime.now(UTC)
    path = folder / f"{name or f'aforo_{home.root.name}'}_{moment:%Y%m%dT%H%M%SZ}.tar.gz"
    draft = path.with_name(f".{path.name}.tmp")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _require_room(folder, sum(file.stat().st_size for file in _files(home, published_run(home))))
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                _pack(home, draft, moment)
                break
            except FileNotFoundError:
                # A run has published, and deleted what was being read.
                if attempt == _ATTEMPTS:
                    raise
        sync(draft)
        written = read(draft)
        draft.replace(path)
        sync(folder)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise AforoError([_full(folder)]) from error
        raise AforoError(
            [
                Problem(
                    t(
                        "no backup can be written in {folder}: {reason}",
                        folder=folder,
                        reason=error,
                    ),
                    t("name another folder with --to, or give the user that runs aforo the right to write"),
                )
            ]
        ) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
    return Backup(path, written.listing)


def read(path: Path, into: Path | None = None) -> Backup:
    """Reads a backup to its end and compares every file with its sum; unpacks it `into` a folder, if named.

    AforoError for what is no backup, is cut or damaged, or is of a newer release.
    """
    if path.is_dir():
        raise _refused(path, t("it is a folder, not a file in it"))
    sums: dict[str, str] = {}
    listing = None
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is None or not _is_inside(member.name):
                    raise _refused(path, t("it holds {name}, which no backup does", name=member.name))
                if member.name == LISTING:
                    listing = json.load(content)
                    _require_known(path, listing)
                else:
                    sums[member.name] = _unpack(content, into / member.name if into else None, member.mode)
        if listing is None:
            raise _refused(path, t("it has no end: it was cut"))
        wrong = sorted(name for name, file in listing["files"].items() if sums.get(name) != file["sha256"])
    except _UNREADABLE as error:
        raise _refused(path, t("it is cut, damaged or something else")) from error
    except OSError as error:
        if error.errno == errno.ENOSPC and into:
            raise AforoError([_full(into)]) from error
        raise _refused(path, error.strerror or str(error)) from error
    if wrong or sums.keys() != listing["files"].keys():
        raise _refused(path, t("{name} is not what was backed up", name=(wrong or sorted(sums))[0]))
    return Backup(path, listing)


def restore(home: Home, made: Backup) -> None:
    """Makes the home from a backup. The caller holds the home, which has nothing to lose (`require_place`).

    It is unpacked and verified beside what is there; from then on `finish` can always finish it. What was
    there is moved to AFORO_HOME/damaged, never deleted.
    """
    draft = home.root / DRAFT
    shutil.rmtree(draft, ignore_errors=True)
    try:
        # Unpacked, the warehouse that is made from it, and what was damaged is kept.
        _require_room(home.root, 3 * made.size)
        read(made.path, draft)
        unpacked = Home(draft)
        backup.restore(unpacked)
        if made.listing["published"]:
            unpacked.published.symlink_to(f"releases/{made.listing['published']}")
        for folder in [*draft.rglob("*"), draft]:
            if folder.is_dir():
                sync(folder)
        draft.rename(home.root / backup.RESTORING)
        sync(home.root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    finish(home)


def finish(home: Home) -> bool:
    """Finishes a restore that was cut off after it was verified; False where there is none."""
    ready = home.root / backup.RESTORING
    if not ready.is_dir():
        return False
    aside = home.root / "damaged" / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    # A log without its file would be played into another one.
    names = [f"{home.warehouse.name}.wal", *sorted(os.listdir(ready))]  # noqa: PTH208 (a link may be broken)
    # As long as the folder is there no run begins (backup.require_history).
    for name in names:
        held = home.root / name
        if os.path.lexists(held) and (os.path.lexists(ready / name) or name.endswith(".wal")):
            aside.mkdir(parents=True, exist_ok=True)
            held.rename(aside / name)
        if os.path.lexists(ready / name):
            (ready / name).rename(held)
    sync(home.root)
    ready.rmdir()
    return True


def require_place(home: Home) -> None:
    """AforoError where the home holds what a restore would put aside without need."""
    if backup.is_whole(home) and warehouse.latest(home):
        what = t("the home {root} is sound: what is in it would be put aside", root=home.root)
        raise AforoError([Problem(what, t("name an empty or new folder with --home, or move that one away"))])
    if _is_readable(home.history_copy):
        what = t(
            "the home {root} has a copy of its history, which may know more than a backup", root=home.root
        )
        raise AforoError(
            [Problem(what, t("run `aforo restore` without --from; or move the folder's backup/ away"))]
        )


def _pack(home: Home, draft: Path, moment: datetime) -> None:
    published = published_run(home)
    if published and damage(home.releases / published):
        # The next run publishes anew; the forecast itself is in the history.
        published = None
    files: dict[str, dict[str, Any]] = {}
    with tarfile.open(draft, "w:gz", compresslevel=6) as archive:
        draft.chmod(0o600)
        for path in list(_files(home, published)):
            with path.open("rb") as file:
                member = archive.gettarinfo(arcname=str(path.relative_to(home.root)), fileobj=file)
                member.uid = member.gid = 0
                member.uname = member.gname = ""
                content = _Summed(file)
                archive.addfile(member, content)
            files[member.name] = {"sha256": content.sum.hexdigest(), "bytes": member.size}
        listing = {
            "what": "a backup of a home of Aforo",
            "format": FORMAT,
            "home_format": marker.format_of(home) or marker.FORMAT,
            "aforo": metadata.version("aforo"),
            "git_commit": git_commit(),
            "versions": version_variables(),
            "made_at": moment.isoformat(timespec="seconds"),
            "home": home.root.name,
            "captured_at": _captured_at(home),
            "published": published,
            "files": files,
        }
        if published and published_run(home) != published and damage(home.releases / published):
            raise FileNotFoundError(published)
        text = json.dumps(listing, indent=1, ensure_ascii=False).encode()
        last = tarfile.TarInfo(LISTING)
        last.size, last.mtime = len(text), int(moment.timestamp())
        archive.addfile(last, io.BytesIO(text))


def _files(home: Home, published: str | None) -> Iterator[Path]:
    """The files that a backup holds, the history of the source last."""
    names = LEFT_OUT | {"releases", "backup", backup.RESTORING, home.warehouse.name}
    kept = [path for path in sorted(home.root.iterdir()) if path.name not in names]
    if published:
        kept.append(home.releases / published)
    for top in kept:
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and not path.is_symlink() and path.suffix not in (".tmp", ".pending", ".wal"):
                yield path
    yield home.history_copy


class _Summed(io.RawIOBase):
    """A file that is read, with the sum of what was."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.sum = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        read = self.file.read(size)
        self.sum.update(read)
        return read


def _unpack(content: IO[bytes], to: Path | None, mode: int) -> str:
    """The sum of what is read, written to a file if one is named."""
    summed = _Summed(content)
    if to is None:
        while summed.read(MIB):
            pass
        return summed.sum.hexdigest()
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("xb") as file:
        shutil.copyfileobj(summed, file, MIB)
        file.flush()
        os.fsync(file.fileno())
    to.chmod(mode & 0o777)
    return summed.sum.hexdigest()


def _require_history(home: Home) -> None:
    if not home.history_copy.exists():
        what = t("nothing was captured yet in {root}", root=home.root)
        raise AforoError([Problem(what, t("run `aforo run` once"))])
    if not _is_readable(home.history_copy):
        what = t("the copy of the history {copy} is damaged", copy=home.history_copy)
        raise AforoError([Problem(what, t("move it away and run `aforo backup`, which makes it again"))])


def _is_readable(copy: Path) -> bool:
    if not copy.exists():
        return False
    try:
        with duckdb.connect(str(copy), read_only=True, config=tables.CONNECTION) as connection:
            return bool(tables.read(connection, copy.stem, "true"))
    except duckdb.Error:
        return False


def _captured_at(home: Home) -> str | None:
    with duckdb.connect(str(home.history_copy), read_only=True, config=tables.CONNECTION) as connection:
        found = connection.execute(f"select max(capturada_en) from {backup.LOG}").fetchone()
    return found[0].isoformat(timespec="seconds") if found and found[0] else None


def _require_known(path: Path, listing: dict[str, Any]) -> None:
    newer = listing["format"] > FORMAT or listing["home_format"] > marker.FORMAT
    if newer:
        version = f"{listing['aforo']}, format {listing['home_format']}"
        what = t("the backup {path} was made by a newer Aforo ({version})", path=path, version=version)
        raise AforoError([Problem(what, t("install that one"))])


def _require_room(folder: Path, needed: int) -> None:
    if shutil.disk_usage(folder).free < needed:
        raise AforoError([_full(folder, needed)])


def _full(folder: Path, needed: int = 0) -> Problem:
    more = t(": {needed} MiB are needed", needed=f"{needed / MIB:,.0f}") if needed else ""
    what = t("the disk of {folder} has no room{more}", folder=folder, more=more)
    return Problem(what, t("free some space there, or name another folder"))


def _is_inside(name: str) -> bool:
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def _refused(path: Path, why: str) -> AforoError:
    what = t("{path} can't be restored from: {why}", path=path, why=why)
    return AforoError([Problem(what, t("use another backup; the home is as it was"))])
