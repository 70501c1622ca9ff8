"""The record of a run: AFORO_HOME/runs/<run_id>.json, written when it starts, at each step and at its end."""

import contextlib
import json
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.errors import AforoError, Problem, as_text
from flows.home import lineage, lock, releases, state
from flows.project import version_variables
from flows.settings import PROJECT, Home, Settings


@dataclass
class Step:
    """One step of a run: its seconds and state.

    The states: 'running', 'done', 'failed', 'skipped', 'unchanged' (nothing was new), 'fallback' (done, with
    an earlier capture of some tables).
    """

    name: str
    state: str = "running"
    seconds: float = 0.0


@dataclass
class Record:
    """What a run was asked, did and found. `status`: 'running', 'published', 'captured' (no forecast was
    asked for), 'compared' (an experiment was run beside what is published), 'failed' or 'interrupted'."""

    run_id: str
    source: str
    home: str
    period: int | None
    horizon: int
    as_of: str | None
    offline: bool
    git_commit: str
    pid: int
    started_at: str
    status: str = "running"
    ended_at: str | None = None
    steps: list[Step] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    # The tables that an earlier capture stands in for, and why.
    fallbacks: dict[str, str] = field(default_factory=dict)
    # What the gate refused, what of it a person accepted, and where a simple rule is better
    # (flows/steps/gate.py); empty where the run did not come to it.
    gate: dict[str, Any] = field(default_factory=dict)
    # Who started it: a deployment of Prefect, else an account of the operating system.
    deployment: str | None = None
    user: str | None = None
    # What it stands on (flows/home/lineage.py), and the periods that it published. Empty in older records.
    inputs: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    code: str | None = None
    package_set: str | None = None
    periods: list[int] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    summary: dict[str, Any] | None = None
    # The challenger that was run, and what came of its comparison (marts.comparacion_experimentos).
    experiment: str | None = None
    comparison: list[dict[str, Any]] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """The record's file."""
        return Home(Path(self.home)).runs / f"{self.run_id}.json"

    @property
    def failed_step(self) -> str | None:
        """The step that failed, if one did."""
        return next((step.name for step in self.steps if step.state == "failed"), None)

    def save(self) -> None:
        """Writes the record in one step, so that a reader never sees half of it."""
        state.save(self.path, asdict(self))

    def save_if_possible(self) -> None:
        """`save`, but a disk that is full does not hide the problem that is being recorded."""
        try:
            self.save()
        except OSError:
            with contextlib.suppress(OSError):
                self.path.with_suffix(".json.tmp").unlink(missing_ok=True)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Times a step; a step that is tried again replaces its earlier attempt."""
        self.steps = [step for step in self.steps if step.name != name]
        step = Step(name)
        self.steps.append(step)
        begin = time.monotonic()
        try:
            self.save()
            yield step
            step.state = "done" if step.state == "running" else step.state
        except BaseException:
            step.state = "failed"
            raise
        finally:
            step.seconds = round(time.monotonic() - begin, 1)
            self.save_if_possible()

    def end(self, status: str, problems: list[Problem] | None = None) -> None:
        """Closes the record as 'published' or 'failed'; what readers see is published, whatever came next."""
        self.status = "published" if self._is_published() else status
        self.ended_at = utc_now()
        self.problems = [problem.as_json() for problem in problems or []]
        self.save_if_possible()

    def _is_published(self) -> bool:
        with contextlib.suppress(OSError):
            return releases.published_run(Home(Path(self.home))) == self.run_id
        return False


def start(settings: Settings, deployment: str | None = None) -> Record:
    """A new record for a run that starts now, saved. deployment: the one of Prefect that started it."""
    moment = datetime.now(UTC)
    packages = lineage.packages()
    record = Record(
        run_id=f"{moment:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        source=settings.source.name,
        home=str(settings.home.root),
        period=settings.period,
        horizon=settings.horizon,
        as_of=settings.as_of,
        offline=settings.offline,
        git_commit=git_commit(),
        pid=os.getpid(),
        started_at=moment.isoformat(timespec="seconds"),
        experiment=settings.experiment,
        deployment=deployment,
        user=None if deployment else lineage.user(),
        versions=version_variables(),
        layers=lineage.layers(),
        code=lineage.code(),
        package_set=lineage.short_hash(packages),
    )
    record.save()
    lineage.keep_packages(settings.home, packages)
    return record


def load(path: Path) -> Record:
    """A record from its file; a run whose process is gone is 'interrupted'. ValueError for what is none.

    Its home is the one that it is read from: a home may be copied or moved.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        known = {name: found[name] for name in (field.name for field in fields(Record)) if name in found}
        known["home"] = str(path.parent.parent)
        known["steps"] = [Step(**step) for step in known["steps"]]
        record = Record(**known)
        gone = record.status == "running" and not lock.is_alive(record.pid)
        # Problems and hints are shown as they are read: they must be what they should be.
        whole = record.run_id == path.stem and _are_problems(record.problems)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"{path} is no record of a run") from error
    if not whole:
        raise ValueError(f"{path} is no record of a run")
    if gone:
        record.status = "interrupted"
    return record


def _are_problems(found: list[dict[str, Any]]) -> bool:
    return all(isinstance(as_text(Problem(**problem)), list) for problem in found)


def read_all(home: Home) -> tuple[list[Record], list[Path]]:
    """The records of the home, the oldest first; and the files in their folder that are none."""
    records, others = [], []
    for path in sorted(home.runs.glob("*.json")):
        try:
            records.append(load(path))
        except ValueError:
            others.append(path)
    return records, others


def close_interrupted(home: Home, published: str | None) -> None:
    """Closes the records of runs that were killed: as published if they had come that far."""
    for record in read_all(home)[0]:
        # Also one whose process id another process has now: the caller holds the home.
        if record.status in ("running", "interrupted") and record.ended_at is None:
            record.end("published" if record.run_id == published else "interrupted")
    for draft in home.runs.glob("*.json.tmp"):
        if releases.is_run_id(draft.name.removesuffix(".json.tmp")):
            draft.unlink()


def close_interrupted_if_free(home: Home) -> None:
    """`close_interrupted`, unless another run holds the home: then that one has done it."""
    with contextlib.suppress(AforoError), lock.exclusive(home, "aforo run"):
        close_interrupted(home, releases.published_run(home))


def utc_now() -> str:
    """Now, as the records write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def git_commit() -> str:
    """The project's commit, '-dirty' behind it where files were changed; empty outside a repository."""
    command = ["git", "-C", str(PROJECT), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
