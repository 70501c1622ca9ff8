"""A run's progress on a terminal: a bar a step."""

from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from flows.home.record import Record
from flows.screen.progress import STEPS, QuietProgress, numbered, steps_of


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
        self._steps: tuple[str, ...] = STEPS
        self._current: TaskID = self._bars.add_task("starting", total=None, doing="")
        self._bars.start()

    def started(self, record: Record) -> None:
        """Closes the first bar."""
        self._steps = steps_of(record)
        self._close(f"run {record.run_id}")

    def step_started(self, name: str) -> None:
        """Opens the step's bar."""
        self._current = self._bars.add_task(numbered(name, self._steps), total=None, doing="")

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
