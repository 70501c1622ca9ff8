"""The releases of a home: which one readers see, and what a killed run left behind.

Only what a run has written is ever deleted: what is named after a run and holds nothing else.
"""

import hashlib
import json
import logging
import os
import re
import shutil
from pathlib import Path
from typing import Any

from flows.errors import AforoError, Problem
from flows.language import t
from flows.settings import Home

KEPT_RELEASES = 3
MANIFEST = "manifest.json"
REPORT = "reporte.html"
CARD = "ficha_modelo.md"
RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
# What a release holds, and what DuckDB has beside a file while it writes it.
_WRITTEN = re.compile(
    r"aforo_marts\.duckdb(\.wal|\.tmp(/.*)?)?|manifest\.json|reporte\.html|ficha_modelo\.md|parquet(/(tmp_)?\w+\.parquet)?"
)

log = logging.getLogger(__name__)


def is_run_id(name: str) -> bool:
    """Whether a name is the id of a run (flows/home/record.py makes them)."""
    return RUN_ID.fullmatch(name) is not None


def published_run(home: Home) -> str | None:
    """The run_id of the release that readers see. OSError where that can't be known."""
    try:
        target = home.published.readlink()
    except FileNotFoundError:
        return None
    return target.name if is_run_id(target.name) else None


def switch(home: Home, run_id: str) -> None:
    """Points readers at a release, in one rename; it lasts, also after a loss of power."""
    link = draft_link(home, run_id)
    link.symlink_to((home.releases / run_id).relative_to(home.root), target_is_directory=True)
    link.replace(home.published)
    sync(home.root)


def draft_link(home: Home, run_id: str) -> Path:
    """The link to a release before it is renamed to `published`."""
    return home.root / f"published.{run_id}.tmp"


def published_folder(home: Home) -> Path | None:
    """The folder of the release that readers see, resolved: it stays the same whatever is published next."""
    run_id = published_run(home)
    folder = home.releases / run_id if run_id else None
    return folder if folder and folder.is_dir() else None


def require_published(home: Home) -> Path:
    """`published_folder`; AforoError where nothing is published."""
    folder = published_folder(home)
    if folder is None:
        raise AforoError(
            [Problem(t("nothing is published in {root}", root=home.root), t("run `aforo run` once"))]
        )
    return folder


def published_manifest(home: Home) -> dict[str, Any] | None:
    """The manifest of the release that readers see; None where it is not there or damaged."""
    try:
        manifest = json.loads((home.published / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) else None


def recover(home: Home) -> None:
    """Sets right what a killed run left behind: then exactly the published runs have a history file."""
    current = published_run(home)
    for pending in sorted(home.history.glob("*.parquet.pending")):
        run_id = pending.name.removesuffix(".parquet.pending")
        if run_id == current:
            keep_history(home, run_id)
        elif is_run_id(run_id):
            pending.unlink()
    for release in sorted(home.releases.glob("*")):
        run_id = release.name.removeprefix(".building-")
        kept = run_id == current or (home.history / f"{run_id}.parquet").exists()
        if release.name.startswith(".building-") or not kept:
            delete(release, run_id)
    for link in home.root.glob("published.*.tmp"):
        if is_run_id(link.name.removeprefix("published.").removesuffix(".tmp")) and link.is_symlink():
            link.unlink()


def keep_history(home: Home, run_id: str) -> None:
    """The forecast of a run that is published goes into the history, for good."""
    # The switch lasts before anything says that it was made.
    sync(home.root)
    file = home.history / f"{run_id}.parquet"
    file.with_name(f"{file.name}.pending").rename(file)
    sync(home.history)


def prune(home: Home) -> None:
    """Deletes all but the newest releases; open readers keep the file that they opened."""
    current = published_run(home)
    releases = sorted(path for path in home.releases.iterdir() if is_run_id(path.name))
    for release in [path for path in releases if path.name != current][: -(KEPT_RELEASES - 1)]:
        delete(release, release.name)


def delete(release: Path, run_id: str) -> None:
    """Deletes the folder of a release that a run wrote; one that holds anything else is left as it is."""
    if not is_run_id(run_id) or release.is_symlink() or not release.is_dir():
        return
    names = [str(path.relative_to(release)) for path in release.rglob("*")]
    foreign = [name for name in names if not _WRITTEN.fullmatch(name)]
    if foreign:
        log.warning("%s is left as it is: it holds what no run wrote (%s)", release, foreign[0])
    else:
        shutil.rmtree(release)


def sync(path: Path) -> None:
    """What was written of a file or folder is on the disk, also after a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256(path: Path) -> str:
    """The sum of a file, as manifests give it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def damage(folder: Path) -> list[str]:
    """What of a release is not as its manifest says, in words; empty where all is."""
    try:
        sums: dict[str, str] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["sha256"]
        files = {name: folder / name for name in sums}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return [f"{MANIFEST} can't be read"]
    found = []
    for name, file in files.items():
        try:
            if sha256(file) != sums[name]:
                found.append(f"{name} is not what was published")
        except OSError as error:
            found.append(f"{name} can't be read: {error.strerror}")
    return found
