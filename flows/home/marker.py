"""What makes a folder a home: its marker, aforo_home.json. A folder with other content is left alone."""

import contextlib
import errno
import json
import os
from typing import Any

from flows.errors import AforoError, Problem
from flows.home.releases import is_run_id
from flows.language import t
from flows.settings import Home

MARKER = "aforo_home.json"
# Raised by each step of flows/home/migrations: an older release does not open what a newer one made.
FORMAT = 2
_FOLDERS = ("releases", "history", "runs", "logs", "docs", "cache", "prefect", "target", "backup", "mapping")
# What a folder may hold and still count as empty.
_NOTHING = {"lost+found", ".gitignore", ".gitkeep", ".DS_Store"}
_ANOTHER = "use another --home"


def look(home: Home) -> None:
    """AforoError where the folder is no home and can't become one; nothing is written."""
    if "?" in str(home.root):
        # DuckDB takes what follows for the query of an address, and puts its log beside what comes before.
        raise _refused(f"the home {home.root} has a '?' in its path, where DuckDB can't work", _ANOTHER)
    try:
        names = set(os.listdir(home.root))  # noqa: PTH208 (iterdir tells later what is wrong)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise _refused(
            f"the home {home.root} is not a folder", f"name a folder with --home, or {_ANOTHER}"
        ) from None
    except OSError as error:
        raise _refused(
            f"the home {home.root} can't be read: {error.strerror}",
            f"give the user that runs aforo the right to, or {_ANOTHER}",
        ) from None
    marker = _marker(home)
    if marker is None and not _of_before(home) and names - _NOTHING:
        raise _refused(
            f"{home.root} holds something else: nothing in it says that it is a home of Aforo",
            "name an empty or new folder with --home or AFORO_HOME",
        )
    if marker and marker["format"] > FORMAT:
        raise AforoError([newer(home, marker["format"])])
    _require_kinds(home)


def enter(home: Home) -> None:
    """Makes the folder a home where it is none; AforoError where it can't be, or can't be written."""
    look(home)
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        for folder in (home.root, *(home.root / name for name in _FOLDERS)):
            if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
                raise OSError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        if _marker(home) is None:
            write(home)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise _refused(
                f"the disk of {home.root} is full", f"free some space there, or {_ANOTHER}"
            ) from None
        raise _refused(
            f"nothing can be written in the home {error.filename or home.root}: {error.strerror}",
            f"give the user that runs aforo the right to, or {_ANOTHER}",
        ) from None


def is_home(home: Home) -> bool:
    """Whether the folder is a home already, so that a log may be written in it."""
    return _marker(home) is not None or _of_before(home)


def _marker(home: Home) -> dict[str, Any] | None:
    try:
        marker = json.loads((home.root / MARKER).read_text())
    except (OSError, ValueError):
        return None
    return marker if isinstance(marker, dict) and isinstance(marker.get("format"), int) else None


def _of_before(home: Home) -> bool:
    # A home that was made before there were markers, or whose marker was lost.
    records = home.runs.glob("*.json") if home.runs.is_dir() else ()
    return home.warehouse.is_file() or any(is_run_id(path.stem) for path in records)


def newer(home: Home, format_: int) -> Problem:
    """That a newer release made the home."""
    return Problem(
        t("the home {root} was made by a newer Aforo (format {format})", root=home.root, format=format_),
        t("install that one, or use another --home"),
    )


def format_of(home: Home) -> int | None:
    """The newest format that the home has been of; None where it says none."""
    marker = _marker(home)
    return marker["format"] if marker else None


def write(home: Home) -> None:
    """Marks the folder as a home of this release's format."""
    draft = home.root / f"{MARKER}.{os.getpid()}.tmp"
    try:
        draft.write_text(json.dumps({"what": "a home of Aforo", "format": FORMAT}) + "\n")
        draft.replace(home.root / MARKER)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _require_kinds(home: Home) -> None:
    for path in (home.root / name for name in _FOLDERS):
        if path.exists() and not path.is_dir():
            raise _refused(f"{path} is a file where the home has a folder", "move it away")
    if home.warehouse.exists() and not home.warehouse.is_file():
        raise _refused(
            f"{home.warehouse} is a folder where the home has the warehouse's file", "move it away"
        )
    if home.published.exists() and not home.published.is_symlink():
        raise _refused(
            f"{home.published} is not a link to a release: was the home copied without its links?",
            "move it away; what is published next is a link again",
        )


def _refused(what: str, remedy: str) -> AforoError:
    return AforoError([Problem(what, remedy)])
