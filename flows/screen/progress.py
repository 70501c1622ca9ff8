"""Who hears how a run goes: Prefect's log, and the terminal that started it."""

import json
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TextIO

from flows.errors import Problem
from flows.home.record import Record, Step

# A node that took this long gets a line of its own.
SLOW_NODE_SECONDS = 5
STEPS = ("preflight", "audit", "capture", "transform", "publish")
# Of an experiment beside what is published.
EXPERIMENT_STEPS = ("preflight", "transform", "compare")


class Progress(Protocol):
    """Hears of a run's steps as they happen."""

    def started(self, record: Record) -> None:
        """The run has an id and a record from now on; the record changes as the run goes on."""

    def step_started(self, name: str) -> None:
        """A step begins, or begins again."""

    def node(self, ended: int, total: int, name: str, seconds: float | None) -> None:
        """A dbt node started (seconds is None) or ended; `ended` of `total` have."""

    def step_ended(self, name: str, state: str, seconds: float) -> None:
        """A step has ended: 'done', 'failed', 'skipped', 'fallback' or 'unchanged'."""


class QuietProgress:
    """Says nothing."""

    def started(self, record: Record) -> None:
        """Nothing to say."""

    def step_started(self, name: str) -> None:
        """Nothing to say."""

    def node(self, ended: int, total: int, name: str, seconds: float | None) -> None:
        """Nothing to say."""

    def step_ended(self, name: str, state: str, seconds: float) -> None:
        """Nothing to say."""


class Both:
    """Tells two."""

    def __init__(self, first: Progress, second: Progress) -> None:
        self._both = first, second

    def started(self, record: Record) -> None:
        """Tells both."""
        for each in self._both:
            each.started(record)

    def step_started(self, name: str) -> None:
        """Tells both."""
        for each in self._both:
            each.step_started(name)

    def node(self, ended: int, total: int, name: str, seconds: float | None) -> None:
        """Tells both."""
        for each in self._both:
            each.node(ended, total, name, seconds)

    def step_ended(self, name: str, state: str, seconds: float) -> None:
        """Tells both."""
        for each in self._both:
            each.step_ended(name, state, seconds)


class LogProgress:
    """Writes the steps to the log of Prefect's run."""

    def __init__(self) -> None:
        self._steps: tuple[str, ...] = STEPS

    def started(self, record: Record) -> None:
        """Logs the run's id."""
        self._steps = steps_of(record)
        self._log(f"run {record.run_id}")

    def step_started(self, name: str) -> None:
        """Logs the step."""
        self._log(f"{numbered(name, self._steps)} started")

    def node(self, ended: int, total: int, name: str, seconds: float | None) -> None:
        """Logs a node that took long."""
        if seconds is not None and seconds >= SLOW_NODE_SECONDS:
            self._log(f"{ended} of {total}: {name} ({seconds:.1f} s)")

    def step_ended(self, name: str, state: str, seconds: float) -> None:
        """Logs how the step ended."""
        self._log(f"{numbered(name, self._steps)} {state} ({seconds:.1f} s)")

    def _log(self, text: str) -> None:
        from prefect.logging import get_run_logger

        get_run_logger().info(text)


def steps_of(record: Record) -> tuple[str, ...]:
    """The names of the run's steps, in order."""
    return EXPERIMENT_STEPS if record.experiment else STEPS


def numbered(name: str, steps: tuple[str, ...]) -> str:
    """'3/5 capture'."""
    return f"{steps.index(name) + 1}/{len(steps)} {name}"


class SentProgress:
    """Writes what happens for another process, which tells it on with `receive`: a line of JSON each."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._record: Record | None = None

    def started(self, record: Record) -> None:
        """Sends the record."""
        self._record = record
        self._send("started", asdict(record))

    def step_started(self, name: str) -> None:
        """Sends the step."""
        self._send("step_started", name)

    def node(self, ended: int, total: int, name: str, seconds: float | None) -> None:
        """Sends the node."""
        self._send("node", ended, total, name, seconds)

    def step_ended(self, name: str, state: str, seconds: float) -> None:
        """Sends how the step ended."""
        self._send("step_ended", name, state, seconds)

    def ended(self, problems: list[Problem]) -> None:
        """Sends what has become of the record, and the problems; the last that is sent."""
        record = asdict(self._record) if self._record else None
        self._send("ended", record, [problem.as_json() for problem in problems])

    def _send(self, event: str, *values: Any) -> None:
        print(json.dumps([event, *values]), file=self._stream, flush=True)


@dataclass
class Heard:
    """What was heard of a run: its record as it was last sent, its step, its problems once it has ended."""

    record: Record | None = None
    step: str | None = None
    problems: list[Problem] | None = None


def receive(lines: Iterable[str], heard: Heard, progress: Progress) -> None:
    """Tells on what SentProgress wrote, until the last line."""
    for line in lines:
        try:
            event, *values = json.loads(line)
        except ValueError:
            # Killed in the middle of a line: what it ended with says why.
            break
        if event == "started":
            heard.record = _record(values[0])
            progress.started(heard.record)
        elif event == "ended":
            heard.record = _record(values[0]) if values[0] else None
            heard.problems = [Problem(**problem) for problem in values[1]]
        else:
            heard.step = values[0] if event == "step_started" else heard.step
            getattr(progress, event)(*values)


def _record(fields: dict[str, Any]) -> Record:
    return Record(**fields | {"steps": [Step(**step) for step in fields["steps"]]})


listener: ContextVar[Progress] = ContextVar("listener", default=QuietProgress())  # noqa: B039 (it holds no state)
