"""How a run looks in a terminal: progress while it works, the summary or the problems at its end.

Progress and problems go to standard error, results to standard output.
"""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, TextIO

from typer.exceptions import TyperException

from flows.errors import Problem, as_text
from flows.home.record import Record
from flows.screen.progress import SLOW_NODE_SECONDS, STEPS, QuietProgress, numbered, steps_of


class PlainProgress(QuietProgress):
    """A line when a step begins and ends, for a log or a pipe."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._steps: tuple[str, ...] = STEPS
        self._say("starting")

    def started(self, record: Record) -> None:
        """Says the run's id and source."""
        self._steps = steps_of(record)
        self._say(f"run {record.run_id}, source {record.source}, home {record.home}")

    def step_started(self, name: str) -> None:
        """Says which step of how many."""
        self._say(f"[{numbered(name, self._steps)}] …")

    def node(self, ended: int, total: int, name: str, seconds: float | None) -> None:
        """Says a node that took long."""
        if seconds is not None and seconds >= SLOW_NODE_SECONDS:
            self._say(f"    {ended} of {total}: {name} ({seconds:.1f} s)")

    def step_ended(self, name: str, state: str, seconds: float) -> None:
        """Says how it ended."""
        self._say(f"[{numbered(name, self._steps)}] {state} ({seconds:.1f} s)")

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


@contextlib.contextmanager
def progress_on(stream: TextIO, quiet: bool) -> Iterator[QuietProgress]:
    """The progress that suits the stream: bars on a terminal, lines elsewhere, nothing when quiet."""
    if quiet:
        yield QuietProgress()
    elif stream.isatty():
        from flows.screen.live import LiveProgress

        live = LiveProgress(stream)
        try:
            yield live
        finally:
            live.stop()
    else:
        yield PlainProgress(stream)


def show_wrong_use(error: TyperException) -> None:
    """What is wrong with a command's words, in plain ones, and where the right ones are."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "aforo"
    say(f"aforo: {_plain(error)}\n  -> see {command} --help")


def _plain(error: TyperException) -> str:
    # Of a value, pydantic knows more than it says: the value itself.
    about: list[Any] = getattr(error.__cause__, "errors", list)()
    if not about:
        return error.format_message().rstrip(".")
    kind, value, limits = about[0]["type"], about[0]["input"], about[0].get("ctx", {})
    reasons = {
        "int_parsing": f"'{value}' is not a whole number",
        "greater_than_equal": f"{value} is less than {limits.get('ge')}",
        "less_than_equal": f"{value} is more than {limits.get('le')}",
    }
    flag = "/".join(getattr(getattr(error, "param", None), "opts", []))
    return f"{flag}: {reasons.get(kind, about[0]['msg'])}"


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
