"""The Prefect flow: preflight -> capture -> transform -> publish, one run at a time on a home, with a record.

It adds order, retries, publishing and the record; the logic is dbt's, and `dbt build` by hand writes the same
tables.
"""

import contextlib
import logging
import shutil
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from flows import lock, messages, progress, publish, record, summary, warehouse
from flows.dbt import CAPTURE, TRANSFORM, run_dbt, run_variables, version_variables
from flows.errors import AforoError, PassingError, Problem
from flows.settings import DEFAULT_HORIZON, Settings, resolve

log = logging.getLogger(__name__)

CAPTURE_RETRY_SECONDS = [5.0, 20.0]
MIB = 2**20
# What a run needs on disk: the warehouse, its temporary files, a release and Prefect's database.
MIN_FREE_BYTES = 200 * MIB
FREE_TIMES_SOURCE = 10


class Run:
    """One run's settings and record, as its tasks share them. (Prefect looks into dataclasses: no such.)"""

    def __init__(self, settings: Settings, record_: record.Record) -> None:
        self.settings = settings
        self.record = record_
        self.variables = run_variables(settings, record_)
        self.listener = progress.listener.get()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[record.Step]:
        """A step in the record and before whoever listens."""
        self.listener.step_started(name)
        step = None
        try:
            with self.record.step(name) as step:
                yield step
        finally:
            if step:
                self.listener.step_ended(name, step.state, step.seconds)


@flow(name="aforo", validate_parameters=True)
def aforo(
    source: str | None = None,
    home: str | None = None,
    period: int | None = None,
    horizon: int = DEFAULT_HORIZON,
    as_of: str | None = None,
    offline: bool = False,
    mapping: str | None = None,
) -> dict[str, Any]:
    """Forecasts from `source` and publishes in `home`; the parameters are the flags of `aforo run`.

    Returns the manifest of what was published; raises AforoError when nothing was.
    """
    settings = resolve(source, home, period, horizon, as_of, offline, mapping)
    with lock.exclusive(settings.home, "aforo run"):
        publish.recover(settings.home)
        record.close_interrupted(settings.home, publish.published_run(settings.home))
        run = Run(settings, record.start(settings))
        run.listener.started(run.record)
        try:
            preflight(run)
            if settings.captures:
                capture(run)
            else:
                skip_capture(run)
            transform(run)
            manifest = publish_marts(run)
        except BaseException as error:
            log.exception("run %s failed", run.record.run_id)
            explained = messages.explain_exception(error, settings.home)
            if run.record.failed_step == "capture":
                run.record.hints = _offline_hint(settings)
            run.record.end("failed", explained.problems)
            raise explained from error
        run.record.end("published")
        try:
            run.record.summary = summary.summarise(settings.home, manifest)
            run.record.save()
        except Exception:
            # Published is published, whatever comes after it.
            log.exception("run %s has no summary", run.record.run_id)
        return manifest


@task(name="preflight", cache_policy=NO_CACHE)
def preflight(run: Run) -> None:
    """What can be known before reading: there is a source (or a capture, where none is read) and room."""
    settings = run.settings
    with run.step("preflight"):
        for leftover in settings.home.root.glob("aforo_warehouse.duckdb.tmp"):
            shutil.rmtree(leftover, ignore_errors=True)
        problems = _source_problems(settings) if settings.captures else _capture_problems(settings)
        problems += _disk_problems(settings)
        if problems:
            raise AforoError(problems)


def _may_pass(_: "Task[Any, Any]", __: TaskRun, state: "State[Any]") -> bool:
    # The engine hands the exception itself over as the state's data.
    return isinstance(state.data, PassingError)


@task(
    name="capture",
    cache_policy=NO_CACHE,
    retries=len(CAPTURE_RETRY_SECONDS),
    retry_delay_seconds=CAPTURE_RETRY_SECONDS,
    retry_condition_fn=_may_pass,
)
def capture(run: Run) -> None:
    """Lands, audits and snapshots the source. Tried again only for what may pass, never for wrong data."""
    with run.step("capture"):
        _dbt(run, CAPTURE)


@task(name="skip capture", cache_policy=NO_CACHE)
def skip_capture(run: Run) -> None:
    """Nothing is read from the source: the run stands on what was captured before."""
    with run.step("capture") as step:
        step.state = "skipped"


@task(name="transform", cache_policy=NO_CACHE)
def transform(run: Run) -> None:
    """Everything from raw to the marts, with all tests."""
    with run.step("transform"):
        _dbt(run, TRANSFORM)


@task(name="publish", cache_policy=NO_CACHE)
def publish_marts(run: Run) -> dict[str, Any]:
    """Publishes the marts and returns the manifest of the release."""
    with run.step("publish"):
        return publish.publish(run.settings.home, run.record, version_variables())


def _dbt(run: Run, arguments: list[str]) -> None:
    result = run_dbt(arguments, run.settings, run.variables, run.listener.node)
    if not result.ok:
        raise messages.failure(result, run.settings.home)


def _source_problems(settings: Settings) -> list[Problem]:
    path = settings.source.path
    if path is None:
        return []
    if settings.source.kind == "duckdb":
        remedy = "name the right file with --source or AFORO_SOURCE"
        return [] if path.is_file() else [Problem(f"the source file {path} does not exist", remedy)]
    remedy = "name the right folder with --source or AFORO_SOURCE (docs/contract.md says what it holds)"
    if not path.exists():
        return [Problem(f"the source folder {path} does not exist", remedy)]
    if not path.is_dir():
        return [Problem(f"the source {path} is no folder", remedy)]
    if not any(path.iterdir()):
        return [Problem(f"the source folder {path} is empty", remedy)]
    return []


def _capture_problems(settings: Settings) -> list[Problem]:
    captures = warehouse.captures(settings.home)
    if not captures:
        return [
            Problem(
                f"nothing was captured yet in {settings.home.root}",
                "run once without --offline and --as-of, so that the source is captured",
            )
        ]
    first = captures[0].at
    if settings.as_of is not None and datetime.fromisoformat(settings.as_of) < first:
        return [
            Problem(
                f"nothing was captured yet at {settings.as_of} UTC",
                f"give --as-of a moment after the first capture, of {first:%Y-%m-%dT%H:%M:%S} UTC",
            )
        ]
    return []


def _disk_problems(settings: Settings) -> list[Problem]:
    needed = MIN_FREE_BYTES
    source = settings.source.path
    if settings.captures and source:
        files = (path for path in [source, *source.rglob("*")] if path.is_file())
        needed += FREE_TIMES_SOURCE * sum(path.stat().st_size for path in files)
    free = shutil.disk_usage(settings.home.root).free
    if free >= needed:
        return []
    return [
        Problem(
            f"the disk of {settings.home.root} is nearly full: {free / MIB:,.0f} MiB free, "
            f"{needed / MIB:,.0f} MiB needed",
            "free some space there, or use another --home",
        )
    ]


def _offline_hint(settings: Settings) -> list[str]:
    of_this_source = [
        found for found in warehouse.captures(settings.home) if found.source == settings.source.name
    ]
    if not of_this_source:
        return []
    return [
        f"`aforo run --offline` forecasts from the last good capture of this source, of "
        f"{of_this_source[-1].at:%Y-%m-%d %H:%M} UTC."
    ]
