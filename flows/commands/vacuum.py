"""`aforo vacuum`: folds old history, but for what the published forecasts were made from.

A version of a row goes that had ended at the cut and was in effect at none of the kept moments; every current
row stays. What went can't be rebuilt: flows/home/history.py says so to an `--as-of` that asks for it.

Moments count as they do in the raw layer (macros/raw_as_of.sql): a run that had begun to capture
counts whole.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import duckdb
import typer
import yaml

from flows import settings
from flows.commands.options import AsJson, Home, echo, explained
from flows.errors import AforoError, Problem
from flows.home import history, lock, releases
from flows.screen.table import table
from flows.settings import PROJECT
from flows.settings import Home as HomeFolder

EXAMPLES = """Examples:

\b
  aforo vacuum                                  what is older than two years
  aforo vacuum --keep-days 90                   what is older than ninety days
"""
_CONNECTION: dict[str, str | bool | int | float | list[str]] = {"threads": 2, "memory_limit": "512MB"}

# A published run was made from the moment that it rebuilt, else its own captures, else those before it began.
_PUBLISHED = """
    select coalesce(
        p.as_of,
        (select min(c.capturada_en) from landing.capturas as c where c.run_id = p.run_id),
        strptime(split_part(p.run_id, '-', 1), '%Y%m%dT%H%M%SZ') + interval 1 second
    ) as momento
    from (select distinct run_id, as_of from read_parquet($files, union_by_name = true)) as p
"""


@dataclass(frozen=True)
class Folded:
    """A table of the history, with its rows before and after."""

    table: str
    before: int
    after: int


@dataclass(frozen=True)
class Report:
    """What a vacuum did: the capture that it folded up to (None: none is that old), and what it kept."""

    keep_days: int
    cut: datetime | None
    moments: list[datetime]
    tables: list[Folded]

    @property
    def deleted(self) -> int:
        """Rows that went."""
        return sum(folded.before - folded.after for folded in self.tables)

    def as_json(self) -> dict[str, Any]:
        """The same for `--json`; moments are UTC."""
        return {
            "keep_days": self.keep_days,
            "cut": self.cut.isoformat() if self.cut else None,
            "kept_moments": [moment.isoformat() for moment in self.moments],
            "tables": {
                folded.table: {"before": folded.before, "after": folded.after} for folded in self.tables
            },
        }

    def as_text(self) -> list[str]:
        """The same for a person."""
        if not self.deleted:
            return [f"Nothing to fold: no unused history is older than {self.keep_days} days."]
        rows = [[folded.table, folded.before, folded.after] for folded in self.tables]
        return [
            f"History up to {self.cut:%Y-%m-%d %H:%M:%S} UTC is folded: {self.deleted:,} rows are gone.",
            "Kept are every current row and what the published forecasts were made from "
            f"({len(self.moments)} moments).",
            *table([["table", "rows before", "after"], *rows]),
        ]


def default_keep_days() -> int:
    """var dias_historia of dbt_project.yml."""
    return int(yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]["dias_historia"])


def run(home: HomeFolder, keep_days: int) -> Report:
    """Folds the history of the home's warehouse, all or nothing; nothing that is published is touched."""
    if not home.warehouse.exists():
        raise AforoError([Problem(f"nothing was captured yet in {home.root}", "run `aforo run` once")])
    with lock.exclusive(home, "aforo vacuum"):
        # A run that was killed while it published counts as published, or not, from here on.
        releases.recover(home)
        with duckdb.connect(str(home.warehouse), config=_CONNECTION) as connection:
            moments = _published_moments(connection, home)
            now = datetime.now(UTC).replace(tzinfo=None)
            cut = history.state_at(connection, now - timedelta(days=keep_days))
            if cut is None:
                return Report(keep_days, None, moments, [])
            connection.execute("begin")
            tables = [_fold(connection, name, cut, moments) for name in _history_tables(connection)]
            report = Report(keep_days, cut, moments, tables)
            if report.deleted:
                _log(connection, report, now)
            connection.execute("commit")
            connection.execute("checkpoint")
    return report


def _published_moments(connection: duckdb.DuckDBPyConnection, home: HomeFolder) -> list[datetime]:
    if not any(home.history.glob("*.parquet")):
        return []
    query = history.STATES.format(moments=_PUBLISHED) + " order by 1"
    try:
        rows = connection.execute(query, {"files": str(home.history / "*.parquet")}).fetchall()
    except duckdb.Error as error:
        raise AforoError(
            [
                Problem(
                    f"what the forecasts of {home.history} were made from can't be read, so that nothing was "
                    f"folded: {str(error).splitlines()[0]}",
                    "bring the file back from a copy, or move it away if its forecast need not be rebuilt",
                )
            ]
        ) from error
    return [moment for (moment,) in rows]


def _history_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'snapshots' order by table_name"
    ).fetchall()
    return [name for (name,) in rows]


def _fold(connection: duckdb.DuckDBPyConnection, name: str, cut: datetime, moments: list[datetime]) -> Folded:
    before = _count(connection, name)
    connection.execute(
        f"""delete from snapshots."{name}"
        where dbt_valid_to <= $cut
        and not exists (
            select 1 from (select unnest(cast($moments as timestamp[])) as momento) as m
            where dbt_valid_from <= m.momento and dbt_valid_to > m.momento
        )""",
        {"cut": cut, "moments": moments},
    )
    return Folded(name, before, _count(connection, name))


def _count(connection: duckdb.DuckDBPyConnection, name: str) -> int:
    found = connection.execute(f'select count(*) from snapshots."{name}"').fetchone()
    return found[0] if found else 0


def _log(connection: duckdb.DuckDBPyConnection, report: Report, now: datetime) -> None:
    connection.execute(
        "insert into landing.vaciados by name select cast($now as timestamp) as vaciado_en,"
        " cast($cut as timestamp) as corte, cast($moments as timestamp[]) as momentos,"
        " $before as filas_antes, $after as filas_despues",
        {
            "now": now,
            "cut": report.cut,
            "moments": report.moments,
            "before": sum(folded.before for folded in report.tables),
            "after": sum(folded.after for folded in report.tables),
        },
    )


def command(
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
    with explained(where):
        report = run(where, default_keep_days() if keep_days is None else keep_days)
    echo(report.as_json(), report.as_text(), as_json)
