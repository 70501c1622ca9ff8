"""One run at a time on a home."""

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from filelock import FileLock, Timeout

from flows.errors import AforoError, Problem
from flows.settings import Home


@contextlib.contextmanager
def exclusive(home: Home, purpose: str) -> Iterator[None]:
    """Holds the home for `purpose`; AforoError, which says who holds it, when another process does.

    The operating system frees the lock when its process ends, however it ends.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home.root / "aforo.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise AforoError([_busy(home)]) from None
    holder = home.root / "aforo.lock.json"
    try:
        holder.write_text(
            json.dumps(
                {
                    "pid": os.getpid(),
                    "purpose": purpose,
                    "since": datetime.now(UTC).isoformat(timespec="seconds"),
                }
            )
        )
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def holder_of(home: Home) -> dict[str, Any] | None:
    """The process that says it holds the home (pid, purpose, since), if it is alive."""
    try:
        holder = json.loads((home.root / "aforo.lock.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return holder if is_alive(holder["pid"]) else None


def is_alive(pid: int) -> bool:
    """Whether a process of that id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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
