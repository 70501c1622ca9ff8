"""How a run looks in a terminal: progress while it works, the summary or the problems at its end.

Progress and problems go to standard error, results to standard output.
"""

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from flows.errors import Problem, as_text
from flows.home.record import Record
from flows.screen.progress import SLOW_NODE_SECONDS, QuietProgress, numbered


class PlainProgress(QuietProgress):
    """A line when a step begins and ends, for a log or a pipe."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._say("starting")

    def started(self, record: Record) -> None:
        """Says the run's id and source."""
        self._say(f"run {record.run_id}, source {record.source}, home {record.home}")

    def step_started(self, name: str) -> None:
        """Says which step of how many."""
        self._say(f"[{numbered(name)}] …")

    def node(self, ended: int, total: int, name: str, seconds: float | None) -> None:
        """Says a node that took long."""
        if seconds is not None and seconds >= SLOW_NODE_SECONDS:
            self._say(f"    {ended} of {total}: {name} ({seconds:.1f} s)")

    def step_ended(self, name: str, state: str, seconds: float) -> None:
        """Says how it ended."""
        self._say(f"[{numbered(name)}] {state} ({seconds:.1f} s)")

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class LiveProgress(QuietProgress):
    """A bar a step with its nodes and its time, for a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._bars = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description:<16}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            TextColumn("{task.fields[doing]}", style="dim"),
            console=Console(file=stream, force_terminal=True),
        )
        self._current: TaskID = self._bars.add_task("starting", total=None, doing="")
        self._begin = time.monotonic()
        self._bars.start()

    def started(self, record: Record) -> None:
        """Closes the first bar."""
        self._close(f"run {record.run_id}")

    def step_started(self, name: str) -> None:
        """Opens the step's bar."""
        self._current = self._bars.add_task(numbered(name), total=None, doing="")

    def node(self, ended: int, total: int, name: str, seconds: float | None) -> None:  # noqa: ARG002
        """Moves the step's bar."""
        self._bars.update(self._current, completed=ended, total=total, doing=f"{ended} of {total}: {name}")

    def step_ended(self, name: str, state: str, seconds: float) -> None:  # noqa: ARG002
        """Closes the step's bar."""
        self._close(state)

    def stop(self) -> None:
        """Leaves the bars as they are and frees the terminal."""
        self._bars.stop()

    def _close(self, text: str) -> None:
        self._bars.update(self._current, total=1, completed=1, doing=text)


@contextlib.contextmanager
def progress_on(stream: TextIO, quiet: bool) -> Iterator[QuietProgress]:
    """The progress that suits the stream: bars on a terminal, lines elsewhere, nothing when quiet."""
    if quiet:
        yield QuietProgress()
    elif stream.isatty():
        live = LiveProgress(stream)
        try:
            yield live
        finally:
            live.stop()
    else:
        yield PlainProgress(stream)


def say(text: str) -> None:
    """A line on standard error, if there is still one: its terminal may be gone."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def show_problems(title: str, problems: list[Problem], hints: list[str]) -> None:
    """The problems and hints of a run that failed, on standard error."""
    print(f"aforo: {title}", file=sys.stderr)
    for problem in problems:
        print("", *(f"  {line}" for line in as_text(problem)), sep="\n", file=sys.stderr)
    for hint in hints:
        print(f"\n  {hint}", file=sys.stderr)
