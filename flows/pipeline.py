"""The Prefect flow: preflight -> audit -> capture -> transform -> publish, one run at a time on a home.

It adds order, retries, fallbacks, publishing and a record of the run; the logic is dbt's, and `dbt build` by
hand writes the same tables.
"""

import contextlib
import logging
import shutil
import signal
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from prefect import flow, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from flows import alerts, experiments, machine, stopping
from flows.dbt import diagnosis
from flows.dbt.runner import AUDIT, RESTAMP, TRANSFORM, Dbt, DbtResult, Variables, capture_of
from flows.errors import AforoError, TransientError, as_text
from flows.home import backup, lock, promotions, record, releases, rollback, upgrade, warehouse
from flows.prefect import flow_runs, layers, limits
from flows.project import contract_tables, version_variables
from flows.screen import progress, summary
from flows.settings import DEFAULT_HORIZON, Settings, resolve, retry_seconds, source_timeout
from flows.steps import audit, gate, publish, reuse
from flows.steps import preflight as checks

log = logging.getLogger(__name__)


class Run:
    """One run's settings and record, as its tasks share them. (Prefect looks into dataclasses: no such.)"""

    def __init__(self, settings: Settings, record_: record.Record, dbt: Dbt) -> None:
        self.settings = settings
        self.record = record_
        self.dbt = dbt
        self.variables = run_variables(settings, record_)
        self.listener = progress.Both(progress.LogProgress(), progress.listener.get())
        self.audit = audit.Audit()

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


@flow(
    name="aforo", flow_run_name=flow_runs.name, validate_parameters=True, timeout_seconds=limits.RUN_SECONDS
)
def aforo(
    source: str | None = None,
    home: str | None = None,
    period: int | None = None,
    horizon: int = DEFAULT_HORIZON,
    as_of: str | None = None,
    offline: bool = False,
    accepted: tuple[str, ...] = (),
    mapping: str | None = None,
    accepted_gate: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Forecasts from `source` and publishes in `home`; the parameters are the flags of `aforo run`.

    Returns the manifest of what was published; raises AforoError when nothing was.
    """
    settings = resolve(source, home, period, horizon, as_of, offline, accepted, mapping, accepted_gate)
    with session(settings, "aforo run") as run:
        preflight(run)
        with run.dbt:
            if settings.reads_source:
                read_source(run)
                capture(run)
            else:
                skip_capture(run)
            transform(run)
        manifest = publish_marts(run)
        run.record.end("published")
        tell(run, manifest)
    return manifest


@contextlib.contextmanager
def session(settings: Settings, purpose: str) -> Iterator[Run]:
    """A run that has the home for itself, with its record, which says 'failed' whatever ends the block early.

    A run that nobody sits before waits for the one that has the home. AforoError for any exception.
    """
    with limits.unattended(settings.home), lock.exclusive(settings.home, purpose):
        releases.recover(settings.home)
        record.close_interrupted(settings.home, releases.published_run(settings.home))
        close_dead(settings)
        run = Run(settings, record.start(settings, flow_runs.deployment()), Dbt())
        under = rollback.in_force(settings.home)
        if under:
            run.record.hints.append(rollback.as_text(under))
        with stopping.spared(lambda: releases.published_run(settings.home) == run.record.run_id) as asked:
            run.listener.started(run.record)
            try:
                yield run
            except BaseException as error:
                if run.record.status != "running":
                    raise
                log.exception("run %s failed", run.record.run_id)
                if asked.to_stop and isinstance(error, Exception):
                    # What a library makes of it, such as DuckDB's 'Query interrupted'.
                    error = stopping.Stopped(signal.SIGTERM)
                explained = limits.explain(error) or diagnosis.explain_exception(error, settings.home)
                run.record.end("failed", explained.problems)
                # Prefect closes a run that was stopped as crashed, one that found something wrong as failed.
                if isinstance(error, Exception):
                    raise explained from error
                raise error


def tell(run: Run, manifest: dict[str, Any]) -> None:
    """The summary, in the record and in Prefect, and the alerts; whatever fails, published is published."""
    try:
        run.record.summary = summary.summarise(run.settings.home, manifest)
        run.record.save()
        flow_runs.show(manifest, run.record.summary, run.settings)
    except Exception:
        log.exception("run %s has no summary", run.record.run_id)
    alerts.deliver_if_possible(run.settings.home)


def close_dead(settings: Settings) -> None:
    """Closes in Prefect what was killed on this home; no reason to fail, if that can't be done now."""
    try:
        flow_runs.close_dead(settings.home, served=False, own=runtime.flow_run.id)
    except Exception:
        log.exception("runs that were killed are not closed in Prefect")


@task(name="preflight", cache_policy=NO_CACHE)
def preflight(run: Run) -> None:
    """What can be known before reading: room on the disk, and a capture where the source is not read."""
    settings = run.settings
    with run.step("preflight"):
        for leftover in settings.home.root.glob("aforo_warehouse.duckdb.tmp"):
            shutil.rmtree(leftover, ignore_errors=True)
        problems = checks.disk_problems(settings)
        if problems:
            raise AforoError(problems)
        backup.require_history(settings.home)
        upgraded = upgrade.upgrade(settings.home)
        if upgraded:
            run.record.hints.append(upgraded.hint)
        problems = checks.clock_problems(settings.home)
        of_captures = checks.demo_problems if settings.reads_source else checks.capture_problems
        problems += of_captures(settings)
        if problems:
            raise AforoError(problems)


def _is_transient(_: "Task[Any, Any]", __: TaskRun, state: "State[Any]") -> bool:
    # The engine hands the exception itself over as the state's data.
    return isinstance(state.data, TransientError)


def read_source(run: Run) -> None:
    """Audits the source, with retries; afterwards it is known which tables fall back."""
    waits = retry_seconds()
    reading = read_and_audit.with_options(retries=len(waits), retry_delay_seconds=waits)
    try:
        reading(run)
    except TransientError:
        # It was there at each attempt: what was found of the tables stands, if anything was.
        if not run.audit.failed:
            raise
    if run.audit.failed:
        step = run.record.steps[-1]
        step.state = "failed"
        run.record.fallbacks = audit.fall_back(run.audit, run.settings)
        run.variables.of_run["respaldos"] = run.record.fallbacks
        step.state = "fallback"
        run.record.save()
        run.listener.step_ended(step.name, step.state, step.seconds)


@task(name="audit", cache_policy=NO_CACHE, retry_condition_fn=_is_transient)
def read_and_audit(run: Run) -> None:
    """Lands and audits the source; TransientError for what another attempt may get past."""
    with run.step("audit"):
        run.audit = audit.Audit()
        problems = checks.source_problems(run.settings)
        if problems:
            run.audit = audit.unreachable(problems[0], list(contract_tables()))
        else:
            result = run.dbt.run(AUDIT, run.settings, run.variables, run.listener.node, source_timeout())
            layers.show(result, run.settings.home)
            run.audit = audit.read(result, run.settings.home, list(contract_tables()))
            _note_warnings(run, result)
        if audit.is_worth_another_attempt(run.audit, run.settings):
            raise TransientError(run.audit.problems)


@task(name="capture", cache_policy=NO_CACHE)
def capture(run: Run, alone: bool = False) -> None:
    """Snapshots the tables that passed and are not as captured before; `alone`: no transform follows."""
    with run.step("capture") as step:
        home = run.settings.home
        captured = {found.table: found for found in warehouse.captures(home)}
        read = warehouse.readings(home)
        passed = [table for table in contract_tables() if table not in run.audit.failed]
        same = [t for t in passed if t in captured and captured[t].fingerprint == read[t].fingerprint]
        changed = [table for table in passed if table not in same]
        run.variables.of_run["sin_cambios"] = same
        if alone and passed and not changed:
            # dbt logs what is as before when it is called: for any table, which logs itself.
            run.variables.of_run["sin_cambios"] = passed[1:]
            invoke(run, capture_of(passed[:1]))
            step.state = "unchanged"
        elif changed:
            # What is as before is logged once: now, or where nothing is new with the transform.
            invoke(run, capture_of(changed))
            backup.keep(home)
            run.variables.of_run["sin_cambios"] = []
        else:
            step.state = "unchanged" if passed else "skipped"
        run.record.inputs = [asdict(found) for found in warehouse.inputs(home)]


@task(name="skip capture", cache_policy=NO_CACHE)
def skip_capture(run: Run) -> None:
    """Nothing is read from the source: the run stands on what was captured before."""
    for name in ("audit", "capture"):
        with run.step(name) as step:
            step.state = "skipped"


@task(name="transform", cache_policy=NO_CACHE)
def transform(run: Run) -> None:
    """Everything from raw to the marts, with all tests; only the stamps where the rest is as it is."""
    with run.step("transform") as step:
        inputs = warehouse.inputs(run.settings.home, run.settings.as_of)
        run.record.inputs = [asdict(found) for found in inputs]
        # The mart of the runs reads it, this one's too.
        run.record.save()
        # A past state is rebuilt whole: it is asked for rarely, and its data is not the newest captured.
        clave = None if run.settings.as_of else reuse.key(run.settings.home, run.variables.that_decide)
        run.variables.of_run["clave"] = clave
        run.variables.of_run["ajustes"] = reuse.settings_key(run.variables.lasting)
        run.variables.of_run["publicado"] = gate.published(run.settings.home)
        if clave is not None and warehouse.transformed(run.settings.home) == clave:
            invoke(run, RESTAMP)
            step.state = "unchanged"
        else:
            # Not earlier: what is new is captured, whether or not it can be forecast.
            require_engine()
            invoke(run, TRANSFORM)


@task(name="publish", cache_policy=NO_CACHE)
def publish_marts(run: Run) -> dict[str, Any]:
    """Publishes the marts, if the gate lets them pass, and returns the manifest of the release."""
    with run.step("publish"):
        stands_on = run.variables.of_run["clave"]
        try:
            verdict = gate.judge(run.settings.home, run.settings.accepted_gate, stands_on)
        except gate.RefusedError as refused:
            run.record.gate = {"refused": refused.checks}
            raise
        run.record.gate = asdict(verdict)
        run.record.hints += gate.hints(verdict)
        promoted = promotions.hint(run.settings.home)
        if promoted:
            run.record.hints.append(promoted)
        manifest = publish.publish(run.settings.home, run.record, version_variables())
        run.record.periods = manifest["periods"]
        return manifest


def require_engine() -> None:
    """AforoError where the cluster that AFORO_ENGINE names can't fit the models."""
    problems = machine.engine_problems()
    if problems:
        raise AforoError(problems)


def invoke(run: Run, arguments: list[str]) -> None:
    """Calls dbt for the run; AforoError where it fails."""
    result = run.dbt.run(arguments, run.settings, run.variables, run.listener.node)
    layers.show(result, run.settings.home)
    if not result.ok:
        raise diagnosis.failure(result, run.settings.home)
    _note_warnings(run, result)


def _note_warnings(run: Run, result: DbtResult) -> None:
    for problem in diagnosis.warnings(result, run.settings.home):
        hint = " ".join(line.strip() for line in as_text(problem))
        if hint not in run.record.hints:
            run.record.hints.append(hint)


def run_variables(settings: Settings, record_: record.Record) -> Variables:
    """What serves (version.yml), or the challenger, and what this run was asked."""
    asked = {"periodo": settings.period, "horizonte": settings.horizon, "as_of": settings.as_of}
    of_run = {
        **asked,
        "run_id": record_.run_id,
        "aceptadas": list(settings.accepted),
        "git_commit": record_.git_commit,
    }
    lasting = experiments.variables(settings.experiment) if settings.experiment else version_variables()
    return Variables(lasting, of_run)
