"""`aforo run`: the flow from the command line, its progress, and its summary or its problems.

The flow is a process of its own, as Prefect's server is: this one is there for the person alone, starts at
once, and can end both in time whatever they are doing.
"""

import contextlib
import json
import logging
import os
import signal
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from flows import child, experiments, institutes, push, push_target, settings
from flows.commands.options import Accept, AsJson, Home, Horizon, Mapping, Source, document, explained
from flows.dbt import diagnosis, known_errors
from flows.errors import AforoError, Problem
from flows.home import marker, releases
from flows.home.record import Record, close_interrupted_if_free
from flows.language import t
from flows.prefect import server
from flows.screen import comparison, progress, summary, terminal
from flows.source import parse
from flows.stopping import Stopped, heard

EXAMPLES = """Examples:

\b
  aforo run                                     the demo institute
  aforo run --source exports/ --home forecasts/ your own
  aforo run --period 202506 --horizon 1         as it would have been made for 202506
  aforo run --offline                           from the last good capture
  aforo run --accept sedes                      its losses since the last capture are right
  aforo run --accept-gate retroceso             what the gate refused is right
  aforo run --as-of 2025-06-05                  from what was captured up to then
  aforo run --push postgresql://aforo@host/bi   and the marts into that database
  aforo run --experiment sin_aprendiz           beside what is published, and compared with it
  aforo run --institutes institutes.yml         each institute of a list, in its own home
"""

# Nothing is scheduled in a server that is there for one run.
SERVER_FLAGS = ("--no-ui", "--no-scheduler", "--no-late-runs")
# What the flow has to close itself and its record, once told to stop; then it is ended, and closed from
# outside. Half a second on a quiet machine.
GRACE_SECONDS = 8


def command(
    source: Source = None,
    home: Home = None,
    period: Annotated[
        int | None,
        typer.Option(help="First period to forecast. Else the one after the newest with closed sections."),
    ] = None,
    horizon: Horizon = settings.DEFAULT_HORIZON,
    as_of: Annotated[
        str | None,
        typer.Option(
            help="Rebuild from what was captured up to this moment (UTC). Nothing is read from the source."
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Forecast from the last good capture.")] = False,
    accept: Accept = None,
    accept_gate: Annotated[
        list[str] | None,
        typer.Option(
            help="Publish even if this check of the gate refuses it, all over or at a place (docs/gate.md).",
            metavar="CHECK[:PLACE]",
        ),
    ] = None,
    mapping: Mapping = None,
    push_to: Annotated[
        str | None,
        typer.Option(
            "--push",
            help="Address of a Postgres database (docs/bi.md) or a lake (docs/lake.md) that the published "
            "marts are copied into.",
            metavar="URL",
        ),
    ] = None,
    experiment: Annotated[
        str | None,
        typer.Option(
            help="Run experiments/NAME.yml on the data of what is published, beside it, and compare "
            "(docs/challenger.md). Publishes nothing; goes with --home, --quiet and --json alone.",
            metavar="NAME",
        ),
    ] = None,
    many: Annotated[
        Path | None,
        typer.Option(
            "--institutes",
            help="A list of institutes, each with a source and a home: runs them all (docs/operations.md).",
            metavar="FILE",
        ),
    ] = None,
    at_once: Annotated[
        int, typer.Option(min=1, help="With --institutes: how many run side by side.", metavar="N")
    ] = 1,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read the source, forecast, test and publish. Exit code 0 only when published (and pushed)."""
    if many is not None:
        named = (source, home, period, as_of, accept, accept_gate, mapping, push_to, offline or None)
        _run_list(many, at_once, quiet, as_json, any(each is not None for each in named))
    try:
        database = push_target.target(push_to) if push_to is not None else None
        asked = settings.resolve(
            source,
            home,
            period,
            horizon,
            as_of,
            offline,
            tuple(accept or ()),
            mapping,
            tuple(accept_gate or ()),
            experiment,
        )
        if experiment is not None:
            asked = _as_challenger(asked, source, database)
        marker.enter(asked.home)
    except AforoError as refused:
        if as_json:
            problems = [problem.as_json() for problem in refused.problems]
            print(document({"status": "failed", "problems": problems}))
            raise typer.Exit(1) from refused
        raise
    settings.prepare_environment(asked.home, asked.source)
    run = progress.Heard()
    stopped = None
    with terminal.progress_on(sys.stderr, quiet or as_json) as listener:
        try:
            with explained(asked.home):
                _run(asked, run, listener)
        except AforoError as error:
            run.problems = error.problems
        except Stopped as signalled:
            stopped = signalled
            run.problems = [
                Problem(
                    t("the run was {stopped}", stopped=t(str(stopped))), t("start it again when it suits")
                )
            ]
    # What happens to Prefect after the publication is in the log; it takes nothing back.
    published = _is_done(asked.home, run)
    if published:
        run.problems = []
    pushed = None
    if published and database and run.record and not stopped:
        try:
            pushed = _push(asked.home, run.record, database)
        except AforoError as error:
            run.problems = error.problems
        except Stopped as signalled:
            stopped = signalled
    if as_json:
        print(document(_report(run, published)))
    elif stopped:
        terminal.say(f"aforo: {_stopped_title(asked.home, run, stopped, published)}")
    elif run.problems:
        title = _failure_title(asked.home, run)
        terminal.show_problems(title, run.problems, run.record.hints if run.record else [])
    elif run.record and run.record.experiment and not quiet:
        print("", *comparison.as_text(run.record.experiment, run.record.comparison), sep="\n")
    elif run.record and run.record.summary and not quiet:
        notes = ("  " + t("Note: {note}", note=hint) for hint in run.record.hints)
        print("", *summary.as_text(run.record.summary), *notes, *([pushed] if pushed else []), sep="\n")
    raise typer.Exit(stopped.exit_code if stopped else 0 if published and not run.problems else 1)


def _as_challenger(asked: settings.Settings, source: str | None, database: object) -> settings.Settings:
    """The settings of a challenger's run, which is of what is published; AforoError where more is asked."""
    assert asked.experiment is not None
    usual = settings.Settings(asked.source, asked.home)
    of_its_own = replace(asked, experiment=None, mapping=None, horizon=usual.horizon) != usual
    if of_its_own or source is not None or database is not None or asked.horizon != usual.horizon:
        raise AforoError(
            [
                Problem(
                    t("--experiment runs on what is published: source, periods and the rest are its own"),
                    t("give it --home, --quiet and --json alone"),
                )
            ]
        )
    experiments.challenger(asked.experiment)
    with explained(asked.home):
        releases.require_published(asked.home)
    manifest = releases.published_manifest(asked.home) or {}
    return replace(asked, source=parse(str(manifest.get("source", asked.source))))


def _run_list(file: Path, at_once: int, quiet: bool, as_json: bool, others: bool) -> NoReturn:
    """Runs each institute of the list and ends: with 0 only where all are published (and pushed)."""
    if others:
        what = t("with --institutes the list says what each run is asked for")
        raise AforoError([Problem(what, t("write it there, or leave out --institutes"))])
    ended = institutes.run(institutes.read(file), at_once, quiet or as_json)
    if as_json:
        print(document([asdict(each) for each in ended]))
    elif not quiet or not all(each.is_good for each in ended):
        print(*institutes.as_lines(ended), sep="\n")
    raise typer.Exit(0 if all(each.is_good for each in ended) else 1)


def _push(home: settings.Home, record: Record, database: push_target.Target) -> str:
    """Pushes what was published, as a step of the record; says so."""
    try:
        with record.step("push"), explained(home):
            return f"  {push.push(home, database).as_text()}"
    except AforoError as error:
        record.problems = [problem.as_json() for problem in error.problems]
        raise
    finally:
        record.save_if_possible()


def _run(asked: settings.Settings, run: progress.Heard, listener: progress.Progress) -> None:
    parameters: dict[str, Any] = {
        "source": asked.source.name,
        "home": str(asked.home.root),
    }
    of_run = {
        "period": asked.period,
        "horizon": asked.horizon,
        "as_of": asked.as_of,
        "offline": asked.offline,
        "accepted": asked.accepted,
        "accepted_gate": asked.accepted_gate,
        "mapping": str(asked.mapping) if asked.mapping else None,
    }
    parameters |= {"experiment": asked.experiment} if asked.experiment else of_run
    asked.home.logs.mkdir(parents=True, exist_ok=True)
    process = None
    with asked.home.log.open("a") as log, server.running(asked.home, flags=SERVER_FLAGS) as prefect:
        try:
            with child.running(
                "flows.commands.run:flow_process",
                [json.dumps(parameters)],
                environment=prefect.environment,
                stderr=log,
                grace=GRACE_SECONDS,
            ) as process:
                prefect.wait()
                process.go()
                progress.receive(process.stdout or (), run, listener)
                process.wait()
        finally:
            # None where a signal came before it was started.
            if process and process.returncode == -signal.SIGKILL:
                close_interrupted_if_free(asked.home)
                server.close(asked.home, prefect, "flows.prefect.flow_runs:main")
    if run.problems is None:
        log_is_at = f"the details are in {asked.home.log}"
        ended = child.ended_early("the run", process.returncode, log_is_at)
        raise AforoError([known_errors.no_room(asked.home) or ended])


def flow_process() -> None:
    """The flow, in its process: `<parameters as JSON>`. Standard output is for what the parent tells on."""
    parameters = json.loads(sys.argv[1])
    home = settings.Home(Path(parameters["home"]))
    sender = progress.SentProgress(os.fdopen(os.dup(1), "w"))
    os.dup2(2, 1)
    logging.basicConfig(
        filename=home.log, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    # A log that can't be written, on a disk that is full, is no reason for a traceback.
    logging.raiseExceptions = False
    logging.getLogger("httpx").setLevel(logging.WARNING)
    from prefect import tags

    from flows import challenger, pipeline
    from flows.prefect import flow_runs

    progress.listener.set(sender)
    child.wait_to_go()
    problems: list[Problem] = []
    try:
        with heard(), tags(*flow_runs.tags(settings.resolve(**parameters))):
            flow = challenger.experiment if "experiment" in parameters else pipeline.aforo
            flow(**parameters)
    except BaseException as error:
        problems = diagnosis.explain_exception(error, home).problems
        if isinstance(error, Stopped):
            flow_runs.close_dead_if_free(home)
    sender.ended(problems)


def _is_done(home: settings.Home, run: progress.Heard) -> bool:
    """Whether the run has come to its end: published, or an experiment that is compared."""
    if run.record and run.record.experiment:
        return run.record.status == "compared"
    with contextlib.suppress(OSError):
        return run.record is not None and releases.published_run(home) == run.record.run_id
    return False


def _report(run: progress.Heard, published: bool) -> dict[str, Any]:
    record = asdict(run.record) if run.record else {}
    problems = [problem.as_json() for problem in run.problems or []]
    done = "compared" if record.get("experiment") else "published"
    return record | {"status": done if published else "failed", "problems": problems}


def _stopped_title(home: settings.Home, run: progress.Heard, stopped: Stopped, published: bool) -> str:
    if published and not (run.record and run.record.experiment):
        return t("{stopped} after the forecast was published: it stands.", stopped=t(str(stopped)))
    where = (
        t("{stopped} at the step {step}.", stopped=t(str(stopped)), step=run.step)
        if run.step
        else f"{t(str(stopped))}."
    )
    return f"{where} {_still_stands(home)}"


def _failure_title(home: settings.Home, run: progress.Heard) -> str:
    step = run.record.failed_step if run.record else None
    if step == "push":
        return t("the forecast is published; its copy in the database is as it was before.")
    what = t("the run failed at the step {step}.", step=step) if step else t("no run.")
    return f"{what} {_still_stands(home)}"


def _still_stands(home: settings.Home) -> str:
    manifest = releases.published_manifest(home)
    if manifest is None:
        return t("Nothing was published.")
    return t("Nothing was published; the forecast of {moment} still stands.", moment=manifest["published_at"])
