"""`aforo check-source`: everything that the audit knows of a source, before anything is captured of it.

The source is landed and audited in a home of its own that is thrown away; what the real home captured last is
copied into it, so that losses are seen too.
"""

import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import typer

from flows import settings
from flows.commands.options import Accept, AsJson, Home, Mapping, Quiet, Source, echo, explained
from flows.dbt import diagnosis
from flows.dbt.runner import AUDIT, Variables, run_dbt
from flows.errors import AforoError, Problem
from flows.errors import as_text as problem_text
from flows.home import warehouse
from flows.language import marked, t
from flows.project import contract_tables, version_variables
from flows.quoting import literal
from flows.screen import terminal
from flows.screen.progress import Progress
from flows.screen.table import table
from flows.settings import Settings, source_timeout
from flows.steps import audit
from flows.steps.preflight import source_problems

SCRATCH = "aforo-check-"


@dataclass(frozen=True)
class Checked:
    """What was found of a table: its state ('sound', 'absent', 'refused') and the rest."""

    table: str
    state: str
    rows: int | None
    periods: int | None
    read_as: str
    problems: list[Problem]
    warnings: list[Problem]

    def as_json(self) -> dict[str, Any]:
        """The same, for `--json`."""
        return {
            "table": self.table,
            "state": self.state,
            "rows": self.rows,
            "periods": self.periods,
            "read_as": self.read_as,
            "problems": [problem.as_json() for problem in self.problems],
            "warnings": [problem.as_json() for problem in self.warnings],
        }


def check(asked: Settings, listener: Progress) -> list[Checked]:
    """Audits the source of `asked`, a `Checked` a table; AforoError where dbt itself fails."""
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as folder:
        scratch = settings.Home(Path(folder))
        problems = source_problems(asked)
        warned: list[Problem] = []
        if problems:
            found = audit.unreachable(problems[0], list(contract_tables()))
        else:
            _copy_captures(asked.home, scratch)
            scratched = replace(asked, home=scratch)
            variables = Variables(version_variables(), {"aceptadas": list(asked.accepted)})
            # No log: it would go with the scratch home.
            arguments = [*AUDIT, "--log-level-file", "none"]
            result = run_dbt(arguments, scratched, variables, listener.node, source_timeout())
            try:
                found = audit.read(result, scratch, list(contract_tables()))
            except AforoError as error:
                raise AforoError([_without_log(problem) for problem in error.problems]) from None
            warned = diagnosis.warnings(result, scratch)
        readings, formats = warehouse.readings(scratch), warehouse.formats(scratch)
    tables = [_checked(name, found, readings.get(name), formats) for name in contract_tables()]
    return [replace(c, warnings=[problem for problem in warned if problem.table == c.table]) for c in tables]


def as_text(checked: list[Checked]) -> list[str]:
    """A line a table, then what is wrong, with what to do."""
    rows = [[c.table, t(c.state), _number(c.rows), _number(c.periods), c.read_as] for c in checked]
    lines = table([[t("table"), t("state"), t("rows"), t("periods"), t("read as")], *rows])
    for problem in dict.fromkeys(problem for c in checked for problem in c.problems):
        lines += ["", *(f"  {line}" for line in problem_text(problem))]
    for problem in (problem for c in checked for problem in c.warnings):
        first, *rest = problem_text(problem)
        lines += ["", f"  {t('Note: {note}', note=first)}", *(f"  {line}" for line in rest)]
    return lines


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _checked(
    name: str, found: audit.Audit, reading: warehouse.Reading | None, formats: dict[str, str]
) -> Checked:
    rows, periods = (reading.rows, reading.periods) if reading else (None, None)
    problems = [_without_log(problem) for problem in found.failed.get(name, [])]
    state = marked("refused") if problems else marked("sound") if rows else marked("absent")
    return Checked(name, state, rows, periods, formats.get(name) or "", problems, [])


def _without_log(problem: Problem) -> Problem:
    # The log of the scratch home goes with it.
    return (
        replace(problem, remedy=t("`aforo run` writes a log with the details"))
        if SCRATCH in problem.remedy
        else problem
    )


def _copy_captures(home: settings.Home, scratch: settings.Home) -> None:
    if not home.warehouse.exists():
        return
    with duckdb.connect(str(scratch.warehouse)) as connection:
        connection.execute(f"attach {literal(str(home.warehouse))} as real (read_only)")
        tables = connection.execute(
            """select schema_name, table_name from duckdb_tables()
            where database_name = 'real' and (schema_name = 'snapshots' or table_name = 'capturas')"""
        ).fetchall()
        for schema, table in tables:
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create table {schema}.{table} as from real.{schema}.{table}")


def command(
    source: Source = None,
    home: Home = None,
    mapping: Mapping = None,
    accept: Accept = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Audit the source without writing anything: a line a table, and what is wrong. Exit 0 if sound."""
    asked = settings.resolve(source, home, accepted=tuple(accept or ()), mapping=mapping)
    settings.prepare_environment(asked.home)
    with explained(asked.home), terminal.progress_on(sys.stderr, quiet or as_json) as progress:
        checked = check(asked, progress)
    echo([table.as_json() for table in checked], as_text(checked), as_json)
    if any(table.problems for table in checked):
        raise typer.Exit(1)
