"""`aforo reproduce`: a published forecast made again, and whether it is the same."""

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from flows import settings
from flows.commands.options import AsJson, Home, Quiet, document, echo, explained
from flows.errors import AforoError
from flows.language import marked, t
from flows.screen import terminal
from flows.screen.table import table

EXAMPLES = """Examples:

\b
  aforo reproduce                          the forecast that readers see
  aforo reproduce 20250605T110004Z-4c5eca  an earlier one
  aforo reproduce --json                   as one JSON document
"""
KINDS = {
    "input": marked("the table {name} has other rows"),
    "version": marked("another version is named: {name}"),
    "code": marked("the code of {name} is another"),
    "package": marked("another package: {name}"),
    "commit": marked("another commit"),
}


def as_text(report: Any) -> list[str]:
    """What was found, for a person: whether it is equal, what has changed since, which rows differ most."""
    run_id, moment = report.run_id, report.moment
    rows = f"{report.marts['prediccion_detalle'].rows:,}"
    if report.equal:
        title = t("What has changed since then, without effect on it:")
        lines = [
            t(
                "Run {run_id}, made again as of {moment} UTC: equal, all {rows} rows.",
                run_id=run_id,
                moment=moment,
                rows=rows,
            )
        ]
    else:
        lines = [
            t(
                "Run {run_id}, made again as of {moment} UTC: {differing} of {rows} rows differ.",
                run_id=run_id,
                moment=moment,
                differing=f"{max(mart.differing for mart in report.marts.values()):,}",
                rows=rows,
            )
        ]
        title = t("What has changed since then:")
        if not report.differences:
            title = t("Nothing that its record tells of has changed since then.")
    if report.differences or not report.equal:
        lines += ["", title]
    for other in report.differences:
        lines.append(f"  {t(KINDS[other.kind], name=other.name)}: {other.then or '-'} -> {other.now or '-'}")
    if report.unknown:
        lines.append(t("Its record does not say: {names}.", names=", ".join(report.unknown)))
    for mart, found in report.marts.items():
        if found.columns_alone:
            alone = ", ".join(found.columns_alone)
            lines += [
                "",
                t("Not compared, as only one of both has it, of {mart}: {columns}", mart=mart, columns=alone),
            ]
        if found.columns:
            columns = ", ".join(f"{name} ({count:,})" for name, count in found.columns.items())
            lines += [
                "",
                t(
                    "Columns of {mart} that differ, and in how many rows: {columns}",
                    mart=mart,
                    columns=columns,
                ),
            ]
    if report.worst:
        header = [t("period"), t("campus"), t("course"), t("slot"), t("then"), t("now")]
        shown = [["-" if value is None else value for value in row.values()] for row in report.worst]
        lines += ["", t("The rows that differ most, in students expected:"), *table([header, *shown])]
    return lines


def command(
    run: Annotated[
        str | None,
        typer.Argument(help="The run whose forecast is made again. Else the one that readers see."),
    ] = None,
    home: Home = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Make a published forecast again and compare it row by row: which data, version or code is another.

    Nothing in the home changes. Exit 0: equal; 1: different; 2: it can't be made again, and why.
    """
    try:
        where = settings.resolve_home(home)
        settings.prepare_environment(where)
        with explained(where), terminal.progress_on(sys.stderr, quiet or as_json) as progress:
            from flows import reproduction

            report = reproduction.reproduce(where, run, progress)
    except AforoError as error:
        if as_json:
            problems = [problem.as_json() for problem in error.problems]
            print(document({"status": "impossible", "problems": problems}))
        else:
            terminal.show_problems(t("the forecast can't be made again."), error.problems, [])
        raise typer.Exit(2) from error
    status = {"status": "equal" if report.equal else "different"}
    echo(status | asdict(report), as_text(report), as_json)
    raise typer.Exit(0 if report.equal else 1)
