"""One run at a time on a home."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.errors import AforoError, Problem
from flows.home import marker
from flows.language import t
from flows.settings import Home

_POLL_SECONDS = 0.5
_patience: ContextVar[float] = ContextVar("patience", default=0.0)


@contextlib.contextmanager
def exclusive(home: Home, purpose: str) -> Iterator[None]:
    """Holds the home for `purpose`; AforoError, which says who holds it, when another process does: at once,
    or where nobody sits before it after a time (`patient`).

    The lock is on the folder itself: a file could be deleted, and then a second process would lock a new one.
    The operating system frees it when its process ends, however it ends.
    """
    marker.enter(home)
    with _locked(home, home.root, lambda: _busy(home), _patience.get()):
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
def patient(home: Home, run: str, seconds: float) -> Iterator[None]:
    """Within it `exclusive` waits up to `seconds` for the home; others see that the flow run is alive."""
    marker.enter(home)
    sign = _sign(home, run)
    sign.parent.mkdir(parents=True, exist_ok=True)
    sign.touch()
    before = _patience.set(seconds)
    try:
        with _locked(home, sign, lambda: _busy(home)):
            yield
    finally:
        _patience.reset(before)
        sign.unlink(missing_ok=True)


def is_waiting(home: Home, run: str) -> bool:
    """Whether a flow run is in `patient`, in a process that is alive."""
    try:
        with _sign(home, run).open() as sign:
            return not _is_taken(sign.fileno())
    except FileNotFoundError:
        return False


def _sign(home: Home, run: str) -> Path:
    return home.prefect / "waiting" / run


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
def _locked(home: Home, folder: Path, busy: Callable[[], Problem], wait: float = 0) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        deadline = time.monotonic() + wait
        try:
            while not _is_taken(descriptor):
                if time.monotonic() >= deadline:
                    raise AforoError([busy()])
                time.sleep(_POLL_SECONDS)
        except OSError as error:
            what = t("the home {root} can't be locked: {strerror}", root=home.root, strerror=error.strerror)
            raise AforoError([Problem(what, t("use a --home on a disk of this machine"))]) from None
        yield
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int) -> bool:
    """Takes the lock, unless another process has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


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
