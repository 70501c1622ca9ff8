"""One run at a time on a home."""

import contextlib
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.errors import AforoError, Problem
from flows.home import marker
from flows.language import t
from flows.settings import Home


@contextlib.contextmanager
def exclusive(home: Home, purpose: str) -> Iterator[None]:
    """Holds the home for `purpose`; AforoError, which says who holds it, when another process does.

    The lock is on the folder itself: a file could be deleted, and then a second process would lock a new one.
    The operating system frees it when its process ends, however it ends.
    """
    marker.enter(home)
    with _locked(home, home.root, lambda: _busy(home)):
        holder = home.root / "aforo.lock.json"
        since = datetime.now(UTC).isoformat(timespec="seconds")
        # It only tells others whom to wait for: a disk that is full is seen where it matters.
        with contextlib.suppress(OSError):
            holder.write_text(json.dumps({"pid": os.getpid(), "purpose": purpose, "since": since}))
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                holder.unlink(missing_ok=True)


@contextlib.contextmanager
def serving(home: Home) -> Iterator[None]:
    """One `aforo serve` at a time on a home; runs go on beside it. AforoError when there is another."""
    marker.enter(home)
    home.prefect.mkdir(exist_ok=True)
    what = t("another `aforo serve` runs on {root}", root=home.root)
    busy = Problem(what, t("end that one first, or use another --home"))
    with _locked(home, home.prefect, lambda: busy):
        yield


def holder_of(home: Home) -> dict[str, Any] | None:
    """The process that says it holds the home (pid, purpose, since), if it is alive."""
    try:
        holder = json.loads((home.root / "aforo.lock.json").read_text())
        return holder if is_alive(holder["pid"]) and {"purpose", "since"} <= holder.keys() else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


@contextlib.contextmanager
def at_rest(home: Home) -> Iterator[bool]:
    """Whether nobody works on the home; if so, nobody begins to as long as this lasts. Nothing is written."""
    descriptor = None
    free = True
    with contextlib.suppress(FileNotFoundError):
        descriptor = os.open(home.root, os.O_RDONLY)
    try:
        if descriptor is not None:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                free = False
        yield free
    finally:
        if descriptor is not None:
            os.close(descriptor)


def is_alive(pid: int) -> bool:
    """Whether a process of that id exists."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def _locked(home: Home, folder: Path, busy: Callable[[], Problem]) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AforoError([busy()]) from None
        except OSError as error:
            what = t("the home {root} can't be locked: {strerror}", root=home.root, strerror=error.strerror)
            raise AforoError([Problem(what, t("use a --home on a disk of this machine"))]) from None
        yield
    finally:
        os.close(descriptor)


def _busy(home: Home) -> Problem:
    holder = holder_of(home)
    who = (
        f"process {holder['pid']} ({holder['purpose']}, since {holder['since']})"
        if holder
        else "another process"
    )
    return Problem(
        t("{root} is in use by {who}", root=home.root, who=who),
        t("wait until it has ended, or use another --home"),
    )
