"""The command line: aforo run | init-source | check-source | backtest | status | vacuum | docs | serve.

Imports that take long (Prefect, DuckDB) are inside the commands, so that `--help` answers at once.
"""

import contextlib
import json
import logging
import sys
import traceback
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from flows import settings
from flows.errors import AforoError, Problem

app = typer.Typer(
    help="Forecasts how many students will come to every class of a language institute.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Source = Annotated[
    str | None,
    typer.Option(
        help="A folder, a DuckDB file, a Postgres URL or an https/s3 folder with the institute's tables "
        "(docs/contract.md). Else AFORO_SOURCE, else the demo institute.",
        metavar="SOURCE",
    ),
]
Mapping = Annotated[
    str | None,
    typer.Option(
        help="Folder with a <table>.sql for each table that the source names otherwise. "
        "Else AFORO_MAPPING, else mapping/ in the source's folder.",
        metavar="DIR",
    ),
]
Home = Annotated[
    str | None,
    typer.Option(
        help="Folder of the warehouse and the published files. Else AFORO_HOME, else data/.", metavar="DIR"
    ),
]
Horizon = Annotated[int, typer.Option(help="How many periods to forecast, 1 to 12.")]
Accept = Annotated[
    list[str] | None,
    typer.Option(
        help="Take this table even if it has lost more than is usual since its last capture.",
        metavar="TABLE",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, nothing else.")]

RUN_EXAMPLES = """Examples:

\b
  aforo run                                     the demo institute
  aforo run --source exports/ --home forecasts/ your own
  aforo run --period 202506 --horizon 1         as it would have been made for 202506
  aforo run --offline                           from the last good capture
  aforo run --accept sedes                      its losses since the last capture are right
  aforo run --as-of 2025-06-05                  from what was captured up to then
"""

VACUUM_EXAMPLES = """Examples:

\b
  aforo vacuum                                  what is older than two years
  aforo vacuum --keep-days 90                   what is older than ninety days
"""


@app.command(epilog=RUN_EXAMPLES)
def run(
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
    except AforoError as refused:
        if as_json:
            problems = [problem.as_json() for problem in refused.problems]
            print(json.dumps({"status": "failed", "problems": problems}, indent=2, ensure_ascii=False))
            raise typer.Exit(1) from refused
        raise
    settings.prepare_environment(asked.home, asked.source)
    from flows import summary, terminal

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


@app.command("check-source")
def check_source(
    source: Source = None,
    home: Home = None,
    mapping: Mapping = None,
    accept: Accept = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    as_json: AsJson = False,
) -> None:
    """Audit the source without writing anything: a line a table, and what is wrong. Exit 0 if sound."""
    asked = settings.resolve(source, home, accepted=tuple(accept or ()), mapping=mapping)
    settings.prepare_environment(asked.home)
    from flows import check_source as checking
    from flows import terminal

    with _explained(asked.home), terminal.progress_on(sys.stderr, quiet or as_json) as progress:
        checked = checking.check(asked, progress)
    if as_json:
        typer.echo(json.dumps([table.as_json() for table in checked], indent=2, ensure_ascii=False))
    else:
        typer.echo("\n".join(checking.as_text(checked)))
    if any(table.problems for table in checked):
        raise typer.Exit(1)


def _run_flow(asked: settings.Settings, listener: Any) -> AforoError | None:
    logging.basicConfig(
        filename=asked.home.log, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    # A log that can't be written, on a disk that is full, is no reason for a traceback.
    logging.raiseExceptions = False
    logging.getLogger("httpx").setLevel(logging.WARNING)
    from flows import messages, progress
    from flows.pipeline import aforo

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
        return messages.explain_exception(error, asked.home)
    finally:
        progress.listener.reset(token)
    return None


@app.command(name="init-source")
def init_source(
    source: Source = None,
    to: Annotated[
        str | None,
        typer.Option(
            help="Folder of the drafts. Else AFORO_MAPPING, else mapping/ here.",
            metavar="DIR",
        ),
    ] = None,
) -> None:
    """Say what is recognised in a source, and draft the mapping of its tables to the contract."""
    asked = settings.resolve(source)
    settings.prepare_environment(asked.home, asked.source)
    from flows import init_source as drafts

    folder = Path(to).expanduser().resolve() if to else asked.mapping or Path("mapping").resolve()
    with _explained(asked.home):
        found = drafts.look(asked)
        matches = drafts.match(found)
        written = drafts.write(matches, folder)
        typer.echo("\n".join(drafts.as_text(asked, found, matches, written)))


@app.command()
def backtest(
    home: Home = None,
    origins: Annotated[int, typer.Option(min=1, max=60, help="How many past periods to forecast from.")] = 12,
    period: Annotated[
        int | None, typer.Option(help="Judge only periods before this one. Else all that are known.")
    ] = None,
    horizon: Horizon = settings.DEFAULT_HORIZON,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forecast from past periods of the last capture and say how wrong it was. Nothing is published."""
    asked = settings.resolve(home=home, period=period, horizon=horizon)
    settings.prepare_environment(asked.home)
    from flows import backtest as judged
    from flows import terminal

    with _explained(asked.home), terminal.progress_on(sys.stderr, quiet or as_json) as progress:
        errors = judged.run(asked, origins, progress)
    typer.echo(json.dumps(errors, indent=2) if as_json else "\n".join(judged.as_text(errors)))


@app.command()
def status(home: Home = None, as_json: AsJson = False) -> None:
    """The last run, the published forecast and the health of its source."""
    where = settings.resolve_home(home)
    from flows import status as state

    with _explained(where):
        found = state.read(where)
    typer.echo(
        json.dumps(found, indent=2, ensure_ascii=False) if as_json else "\n".join(state.as_text(found))
    )


@app.command(epilog=VACUUM_EXAMPLES)
def vacuum(
    home: Home = None,
    keep_days: Annotated[
        int | None,
        typer.Option(
            min=0, help="How many days of history stay whole. Else the var dias_historia of dbt_project.yml."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Delete the history of the source's tables that is old and that no published forecast was made from."""
    where = settings.resolve_home(home)
    from flows import vacuum as folding

    with _explained(where):
        days = folding.default_keep_days() if keep_days is None else keep_days
        report = folding.run(where, days)
    typer.echo(
        json.dumps(report.as_json(), indent=2, ensure_ascii=False) if as_json else "\n".join(report.as_text())
    )


@app.command()
def docs(
    home: Home = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the page on this machine until Ctrl-C.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of --serve.")] = 8080,
) -> None:
    """The documentation of every table, with the lineage from the source to its uses, as one static page."""
    where = settings.resolve_home(home)
    settings.prepare_environment(where)
    from flows import docs as site

    with _explained(where):
        page = site.generate(where)
        typer.echo(f"{page}")
        if serve:
            with site.server(page, port) as server, contextlib.suppress(KeyboardInterrupt):
                typer.echo(f"http://{site.LOOPBACK}:{port}/ (Ctrl-C ends it)")
                server.serve_forever()


@app.command()
def serve(
    source: Source = None,
    home: Home = None,
    mapping: Mapping = None,
    horizon: Horizon = settings.DEFAULT_HORIZON,
    port: Annotated[
        int, typer.Option(help="Port of the Prefect server, where PREFECT_API_URL names none.")
    ] = 4200,
) -> None:
    """Forecast on the dates of the calendar, as a scheduled Prefect deployment, until Ctrl-C."""
    asked = settings.resolve(source, home, horizon=horizon, mapping=mapping)
    settings.prepare_environment(asked.home, asked.source)
    from flows import serve as deployment

    with _explained(asked.home), deployment.prefect_server(asked.home, port) as url:
        typer.echo(f"Prefect: {url}")
        deployment.serve(asked)


@contextlib.contextmanager
def _explained(home: settings.Home) -> Iterator[None]:
    """Any exception becomes an AforoError; the traceback goes to the log."""
    from flows import messages

    try:
        yield
    except typer.Exit:
        raise
    except Exception as error:
        with contextlib.suppress(OSError):
            home.logs.mkdir(parents=True, exist_ok=True)
            with home.log.open("a") as log:
                traceback.print_exc(file=log)
        raise messages.explain_exception(error, home) from error


def _failure_title(home: settings.Home, record: Any) -> str:
    from flows.publish import published_manifest

    step = f"the run failed at the step {record.failed_step}" if record and record.failed_step else "no run"
    manifest = published_manifest(home)
    if manifest is None:
        return f"{step}. Nothing was published."
    return f"{step}. Nothing was published; the forecast of {manifest['published_at']} still stands."


def main() -> None:
    """The console script: problems are shown as text, never as a traceback."""
    try:
        app()
    except AforoError as error:
        from flows import terminal

        terminal.show_problems("can't do that.", error.problems, [])
        sys.exit(1)


if __name__ == "__main__":
    main()
