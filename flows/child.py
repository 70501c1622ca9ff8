"""A command as a process of its own that ends with the one that started it, however that one ends.

`running` starts `python -m flows.child module:function <arguments>` as the leader of a session, with a pipe
as standard input that the parent keeps open and never writes to. The pipe closes when the parent dies, also
by SIGKILL, and then the whole group goes: no dbt is left behind that holds the warehouse, and no server.
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

# How long a child may take to end by itself once asked to.
GRACE_SECONDS = 5


class Child(subprocess.Popen[str]):
    """The process, and whether its time ran out."""

    timed_out: bool = False

    def end_group(self, number: signal.Signals) -> None:
        """Signals the child and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def end_late(self) -> None:
        """Ends it because its time is over."""
        self.timed_out = True
        self.end_group(signal.SIGKILL)


@contextlib.contextmanager
def running(
    target: str,
    arguments: Sequence[str],
    *,
    environment: dict[str, str] | None = None,
    stdout: int | IO[str] = subprocess.PIPE,
    stderr: int | IO[str] = subprocess.PIPE,
    timeout: float | None = None,
) -> Iterator[Child]:
    """Runs `target` ('module:function') as a child; whatever leaves this block, the child's group is gone.

    It is killed after `timeout` seconds; left by an exception, it is asked to end first.
    """
    child = Child(
        [sys.executable, "-m", "flows.child", target, *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=stdout,
        stderr=stderr,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    timer = threading.Timer(timeout or threading.TIMEOUT_MAX, child.end_late)
    timer.daemon = True
    timer.start()
    try:
        yield child
    except BaseException:
        child.end_group(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_SECONDS)
        raise
    finally:
        timer.cancel()
        child.end_group(signal.SIGKILL)
        child.wait()
        for pipe in (child.stdin, child.stdout, child.stderr):
            if pipe:
                pipe.close()


def main() -> None:
    """Calls the function, as its console script would, under that watch."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    module, _, function = sys.argv.pop(1).partition(":")
    getattr(importlib.import_module(module), function)()


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
