"""A command as a process of its own that ends with the one that started it, however that one ends.

`running` starts `python -m flows.child module:function <arguments>` as the leader of a session, which a
terminal's Ctrl-C does not reach, with a pipe as standard input that the parent keeps open. The pipe closes
when the parent dies, also by SIGKILL, and then the whole group goes: no dbt is left behind that holds the
warehouse, and no server.
"""

import contextlib
import importlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import IO

from flows.errors import Problem
from flows.language import t

# How long a child may take to end by itself once asked to.
GRACE_SECONDS = 2

_told_to_go = threading.Event()


class Child(subprocess.Popen[str]):
    """The process, and whether its time ran out."""

    timed_out: bool = False

    def end_group(self, number: signal.Signals) -> None:
        """Signals the child and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def go(self) -> None:
        """Ends its `wait_to_go`."""
        self.write("go")

    def write(self, line: str) -> None:
        """Writes a line to its standard input."""
        assert self.stdin is not None
        # A child that has ended says so itself.
        with contextlib.suppress(BrokenPipeError):
            self.stdin.write(f"{line}\n")
            self.stdin.flush()

    def ask_to_end(self, grace: float = GRACE_SECONDS) -> None:
        """Gives it `grace` seconds to end by itself."""
        self.end_group(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(grace)

    @contextlib.contextmanager
    def limited(self, timeout: float | None) -> Iterator[None]:
        """Kills it where this block takes longer than `timeout` seconds."""
        timer = threading.Timer(timeout or threading.TIMEOUT_MAX, self._end_late)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _end_late(self) -> None:
        self.timed_out = True
        self.end_group(signal.SIGKILL)


@contextlib.contextmanager
def running(
    target: str,
    arguments: Sequence[str],
    *,
    environment: dict[str, str] | None = None,
    stdout: int | IO[str] | None = subprocess.PIPE,
    stderr: int | IO[str] | None = subprocess.PIPE,
    timeout: float | None = None,
    grace: float = GRACE_SECONDS,
) -> Iterator[Child]:
    """Runs `target` ('module:function') as a child; whatever leaves this block, the child's group is gone.

    A module alone is a program that watches its standard input itself (flows/dbt/warm.py). The child is
    killed after `timeout` seconds; left by an exception, it is asked to end and has `grace` seconds.
    """
    child = Child(
        [sys.executable, "-m", *(["flows.child"] if ":" in target else []), target, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    try:
        with child.limited(timeout):
            yield child
    except BaseException:
        child.ask_to_end(grace)
        raise
    finally:
        child.end_group(signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe:
                # What was not read or written any more is of no use.
                with contextlib.suppress(OSError):
                    pipe.close()


def ended_early(what: str, exit_code: int, remedy: str = "run again") -> Problem:
    """What to say of a child that ended before it could say itself why."""
    if exit_code == -signal.SIGKILL:
        return Problem(
            t("{what} was killed from outside", what=what),
            t(
                "if nobody did it, the machine may have run out of memory: close other "
                "programs, or run on a machine with at least 2 GiB free"
            ),
        )
    if exit_code < 0:
        return Problem(
            t("{what} was ended by {name}", what=what, name=signal.Signals(-exit_code).name), remedy
        )
    return Problem(t("{what} ended with exit code {exit_code}", what=what, exit_code=exit_code), remedy)


def main() -> None:
    """Calls the function, as its console script would, under that watch."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    module, _, function = sys.argv.pop(1).partition(":")
    getattr(importlib.import_module(module), function)()


def wait_to_go() -> None:
    """In a child: until its parent says `go`."""
    _told_to_go.wait()


def end_with_parent() -> None:
    """In a child: waits for the end of its parent, and ends its group then."""
    while os.read(0, 1024):
        _told_to_go.set()
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    # As `flows.child`, which the function may import: this module is `__main__`, and another.
    importlib.import_module("flows.child").main()
