"""Who hears how a run goes: the terminal that started it, or Prefect's log where a server did."""

from contextvars import ContextVar
from typing import Protocol

from flows.home.record import Record

STEPS = ("preflight", "audit", "capture", "transform", "publish")


class Progress(Protocol):
    """Hears of a run's steps as they happen."""

    def started(self, record: Record) -> None:
        """The run has an id and a record from now on; the record changes as the run goes on."""

    def step_started(self, name: str) -> None:
        """A step of STEPS begins, or begins again."""

    def node(self, ended: int, total: int, name: str, seconds: float | None) -> None:
        """A dbt node started (seconds is None) or ended; `ended` of `total` have."""

    def step_ended(self, name: str, state: str, seconds: float) -> None:
        """A step has ended: 'done', 'failed', 'skipped', 'fallback' or 'unchanged'."""


class LogProgress:
    """Writes the steps to the log of Prefect's run."""

    def started(self, record: Record) -> None:
        """Logs the run's id."""
        self._log(f"run {record.run_id} on {record.source}")

    def step_started(self, name: str) -> None:
        """Logs the step."""
        self._log(f"{numbered(name)} started")

    def node(self, ended: int, total: int, name: str, seconds: float | None) -> None:
        """Logs a node that ended."""
        if seconds is not None:
            self._log(f"{ended}/{total} {name} ({seconds:.1f} s)")

    def step_ended(self, name: str, state: str, seconds: float) -> None:
        """Logs how the step ended."""
        self._log(f"{numbered(name)} {state} ({seconds:.1f} s)")

    def _log(self, text: str) -> None:
        from prefect.logging import get_run_logger

        get_run_logger().info(text)


def numbered(name: str) -> str:
    """'2/4 capture'."""
    return f"{STEPS.index(name) + 1}/{len(STEPS)} {name}"


listener: ContextVar[Progress] = ContextVar("listener", default=LogProgress())  # noqa: B039 (it holds no state)
