"""`aforo check-source`: everything that the audit knows of a source, before anything is captured of it.

The source is landed and audited in a home of its own that is thrown away; what the real home captured last is
copied into it, so that losses are seen too.
"""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from flows import audit, messages, warehouse
from flows.dbt import AUDIT, Variables, run_dbt, version_variables
from flows.errors import Problem
from flows.pipeline import source_problems
from flows.progress import Progress
from flows.settings import TABLES, Home, Settings, source_timeout
from flows.summary import table


@dataclass(frozen=True)
class Checked:
    """What was found of a table: its state ('sound', 'absent', 'refused') and the rest."""

    table: str
    state: str
    rows: int | None
    periods: int | None
    read_as: str
    problems: list[Problem]

    def as_json(self) -> dict[str, Any]:
        """The same, for `--json`."""
        return {
            "table": self.table,
            "state": self.state,
            "rows": self.rows,
            "periods": self.periods,
            "read_as": self.read_as,
            "problems": [problem.as_json() for problem in self.problems],
        }


def check(settings: Settings, listener: Progress) -> list[Checked]:
    """Audits the source of `settings`, a `Checked` a table; AforoError where dbt itself fails."""
    with tempfile.TemporaryDirectory(prefix="aforo-check-") as folder:
        scratch = Home(Path(folder))
        problems = source_problems(settings)
        if problems:
            found = audit.unreachable(problems[0], list(TABLES))
        else:
            _copy_captures(settings.home, scratch)
            asked = replace(settings, home=scratch)
            variables = Variables(version_variables(), {"aceptadas": list(settings.accepted)})
            result = run_dbt(AUDIT, asked, variables, listener.node, source_timeout())
            found = audit.read(result, scratch, list(TABLES))
        readings, formats = warehouse.readings(scratch), warehouse.formats(scratch)
    return [_checked(name, found, readings.get(name), formats) for name in TABLES]


def as_text(checked: list[Checked]) -> list[str]:
    """A line a table, then what is wrong, with what to do."""
    rows = [[c.table, c.state, _number(c.rows), _number(c.periods), c.read_as] for c in checked]
    lines = table([["table", "state", "rows", "periods", "read as"], *rows])
    for problem in dict.fromkeys(problem for c in checked for problem in c.problems):
        lines += ["", *(f"  {line}" for line in messages.as_text(problem))]
    return lines


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _checked(
    name: str, found: audit.Audit, reading: warehouse.Reading | None, formats: dict[str, str]
) -> Checked:
    rows, periods = (reading.rows, reading.periods) if reading else (None, None)
    problems = found.failed.get(name, [])
    state = "refused" if problems else "sound" if rows else "absent"
    return Checked(name, state, rows, periods, formats.get(name) or "", problems)


def _copy_captures(home: Home, scratch: Home) -> None:
    if not home.warehouse.exists():
        return
    with duckdb.connect(str(scratch.warehouse)) as connection:
        file = str(home.warehouse).replace("'", "''")
        connection.execute(f"attach '{file}' as real (read_only)")
        tables = connection.execute(
            """select schema_name, table_name from duckdb_tables()
            where database_name = 'real' and (schema_name = 'snapshots' or table_name = 'capturas')"""
        ).fetchall()
        for schema, table in tables:
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create table {schema}.{table} as from real.{schema}.{table}")
