"""One run at a time on a home."""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from flows.errors import AforoError, Problem
from flows.home import marker
from flows.settings import Home


@contextlib.contextmanager
def exclusive(home: Home, purpose: str) -> Iterator[None]:
    """Holds the home for `purpose`; AforoError, which says who holds it, when another process does.

    The lock is on the folder itself: a file could be deleted, and then a second process would lock a new one.
    The operating system frees it when its process ends, however it ends.
    """
    marker.enter(home)
    folder = os.open(home.root, os.O_RDONLY)
    try:
        _lock(home, folder)
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
    finally:
        os.close(folder)


def holder_of(home: Home) -> dict[str, Any] | None:
    """The process that says it holds the home (pid, purpose, since), if it is alive."""
    try:
        holder = json.loads((home.root / "aforo.lock.json").read_text())
        return holder if is_alive(holder["pid"]) and {"purpose", "since"} <= holder.keys() else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def is_alive(pid: int) -> bool:
    """Whether a process of that id exists."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _lock(home: Home, folder: int) -> None:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AforoError([_busy(home)]) from None
    except OSError as error:
        what = f"the home {home.root} can't be locked: {error.strerror}"
        raise AforoError([Problem(what, "use a --home on a disk of this machine")]) from None


def _busy(home: Home) -> Problem:
    holder = holder_of(home)
    who = (
        f"process {holder['pid']} ({holder['purpose']}, since {holder['since']})"
        if holder
        else "another process"
    )
    return Problem(
        f"{home.root} is in use by {who}",
        "wait until it has ended, or use another --home",
    )
