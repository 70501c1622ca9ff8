"""`aforo run`: the flow from the command line, its progress, and its summary or its problems."""

import json
import logging
from dataclasses import asdict
from typing import Annotated, Any

import typer

from flows import settings
from flows.commands.options import Accept, AsJson, Home, Horizon, Mapping, Source
from flows.errors import AforoError, Problem
from flows.home import marker

EXAMPLES = """Examples:

\b
  aforo run                                     the demo institute
  aforo run --source exports/ --home forecasts/ your own
  aforo run --period 202506 --horizon 1         as it would have been made for 202506
  aforo run --offline                           from the last good capture
  aforo run --accept sedes                      its losses since the last capture are right
  aforo run --as-of 2025-06-05                  from what was captured up to then
"""


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
    mapping: Mapping = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no summary.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read the source, forecast, test and publish. Exit code 0 only when published."""
    try:
        asked = settings.resolve(source, home, period, horizon, as_of, offline, tuple(accept or ()), mapping)
        marker.enter(asked.home)
    except AforoError as refused:
        if as_json:
            problems = [problem.as_json() for problem in refused.problems]
            print(json.dumps({"status": "failed", "problems": problems}, indent=2, ensure_ascii=False))
            raise typer.Exit(1) from refused
        raise
    settings.prepare_environment(asked.home, asked.source)
    from flows.screen import summary, terminal

    with (
        terminal.libraries_to(asked.home.log) as (_, err),
        terminal.progress_on(err, quiet or as_json) as progress,
    ):
        error = _run_flow(asked, progress)
    record = progress.record
    if record and record.status == "published":
        # What happens to Prefect after the publication is in the log; it takes nothing back.
        error = None
    elif record and record.problems:
        error = AforoError([Problem(**problem) for problem in record.problems])
    if as_json:
        report = asdict(record) if record else {"status": "failed"}
        problems = [problem.as_json() for problem in error.problems] if error else []
        print(json.dumps(report | {"problems": problems}, indent=2, ensure_ascii=False))
    if error:
        if not as_json:
            terminal.show_problems(
                _failure_title(asked.home, record), error.problems, record.hints if record else []
            )
        raise typer.Exit(1)
    if record and record.summary and not (quiet or as_json):
        notes = (f"  Note: {hint}" for hint in record.hints)
        print("", *summary.as_text(record.summary), *notes, sep="\n")


def _run_flow(asked: settings.Settings, listener: Any) -> AforoError | None:
    logging.basicConfig(
        filename=asked.home.log, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    # A log that can't be written, on a disk that is full, is no reason for a traceback.
    logging.raiseExceptions = False
    logging.getLogger("httpx").setLevel(logging.WARNING)
    from flows.dbt import diagnosis
    from flows.pipeline import aforo
    from flows.screen import progress

    token = progress.listener.set(listener)
    try:
        aforo(
            source=asked.source.name,
            home=str(asked.home.root),
            period=asked.period,
            horizon=asked.horizon,
            as_of=asked.as_of,
            offline=asked.offline,
            accepted=asked.accepted,
            mapping=str(asked.mapping) if asked.mapping else None,
        )
    except BaseException as error:
        return diagnosis.explain_exception(error, asked.home)
    finally:
        progress.listener.reset(token)
    return None


def _failure_title(home: settings.Home, record: Any) -> str:
    from flows.home.releases import published_manifest

    step = f"the run failed at the step {record.failed_step}" if record and record.failed_step else "no run"
    manifest = published_manifest(home)
    if manifest is None:
        return f"{step}. Nothing was published."
    return f"{step}. Nothing was published; the forecast of {manifest['published_at']} still stands."
