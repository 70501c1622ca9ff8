"""A home that an older release made becomes one of this release; its history stays.

Two things are done, in one transaction, after a backup of the home as it is (flows/home/archive.py):

1. the steps of flows/home/migrations that the home has not seen, in order: NNNN_<what>.sql is step NNNN. A
   step is never changed once it was released. landing.migraciones says which were done.
2. the snapshots get the contract's columns: one that the contract has gained is added, empty; one of another
   type is converted, if every value stays what it is; one that the contract has lost is moved to
   landing.columnas_retiradas, from where it comes back if the contract has it again. What was renamed needs a
   step: nobody can tell a new name from a new column.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows.errors import AforoError, Problem
from flows.home import archive, backup, marker, tables
from flows.language import t
from flows.project import contract
from flows.quoting import identifier
from flows.settings import Home

STEPS = Path(__file__).parent / "migrations"
# What a home is of that was made before there were steps.
FIRST_FORMAT = 1


@dataclass(frozen=True)
class Step:
    """A step: it makes a home of the format before into one of format `number`."""

    number: int
    name: str
    sql: str


@dataclass(frozen=True)
class Column:
    """A column of a snapshot: its type in the contract (`kind`) and here (`held`), None where it has none."""

    table: str
    name: str
    kind: str | None
    held: str | None

    @property
    def relation(self) -> str:
        """Its table in SQL."""
        return f"snapshots.{identifier(self.table)}"


@dataclass(frozen=True)
class Upgraded:
    """The format that a home had, the one it has, and the backup of it from before."""

    before: int
    after: int
    backup: Path

    @property
    def hint(self) -> str:
        """The same for a person."""
        return t(
            "the home was upgraded to format {after}; as it was before, it is in {backup}",
            after=self.after,
            backup=self.backup,
        )


def steps() -> list[Step]:
    """Every step, in order."""
    files = sorted(STEPS.glob("*.sql"))
    return [
        Step(int(file.stem.partition("_")[0]), file.stem.partition("_")[2], file.read_text(encoding="utf-8"))
        for file in files
    ]


def format_of(connection: duckdb.DuckDBPyConnection) -> int:
    """The format of the warehouse that is open; an empty one is of this release."""
    there = connection.execute(
        """select table_name from duckdb_tables()
        where database_name = current_database() and schema_name = 'landing'"""
    ).fetchall()
    if ("migraciones",) in there:
        found = connection.execute("select max(version) from landing.migraciones").fetchone()
        return found[0] if found and found[0] else FIRST_FORMAT
    return FIRST_FORMAT if ("capturas",) in there else marker.FORMAT


def upgrade(home: Home) -> Upgraded | None:
    """Upgrades a home of before; None where there is nothing to do. The caller holds the home.

    AforoError for a home of a newer release, for values that the contract's type can't hold, and where no
    backup could be made; the home is as it was then.
    """
    upgraded = _upgrade_warehouse(home) if home.warehouse.exists() else None
    # Last: where nothing could be done, the older release goes on.
    if marker.format_of(home) != marker.FORMAT:
        marker.write(home)
    return upgraded


def _upgrade_warehouse(home: Home) -> Upgraded | None:
    with duckdb.connect(str(home.warehouse), read_only=True, config=tables.CONNECTION) as connection:
        before = format_of(connection)
        if before > marker.FORMAT:
            raise AforoError([marker.newer(home, before)])
        if before == marker.FORMAT and not differences(connection):
            return None
    backup.keep(home)
    kept = archive.write(home, home.history_copy.parent, f"before_format_{marker.FORMAT}").path
    with duckdb.connect(str(home.warehouse), config=tables.CONNECTION) as connection:
        connection.execute("begin")
        _take_steps(connection, before)
        _conform(connection)
        connection.execute("commit")
        connection.execute("checkpoint")
    backup.keep(home)
    return Upgraded(before, marker.FORMAT, kept)


def _take_steps(connection: duckdb.DuckDBPyConnection, before: int) -> None:
    connection.execute("create schema if not exists landing")
    connection.execute(
        """create table if not exists landing.migraciones (
            version integer not null, nombre varchar not null, aplicada_en timestamp not null
        )"""
    )
    for step in steps():
        if step.number > before:
            connection.execute(step.sql)
            connection.execute(
                "insert into landing.migraciones values (?, ?, current_timestamp at time zone 'UTC')",
                [step.number, step.name],
            )


def _conform(connection: duckdb.DuckDBPyConnection) -> None:
    """Gives the snapshots the contract's columns; AforoError where values would be lost."""
    columns = differences(connection)
    problems = [problem for column in columns for problem in _losses(connection, column)]
    if problems:
        raise AforoError(problems)
    connection.execute(
        """create table if not exists landing.columnas_retiradas (
            tabla varchar not null, columna varchar not null,
            dbt_scd_id varchar not null, valor varchar not null
        )"""
    )
    for column in columns:
        if column.kind is None:
            _retire(connection, column)
        elif column.held is None:
            _add(connection, column)
        else:
            change = f"alter column {identifier(column.name)} type {column.kind}"
            connection.execute(f"alter table {column.relation} {change}")


def _retire(connection: duckdb.DuckDBPyConnection, column: Column) -> None:
    name = identifier(column.name)
    connection.execute(
        f"""insert into landing.columnas_retiradas
        select ?, ?, dbt_scd_id, {name}::varchar from {column.relation} where {name} is not null""",
        [column.table, column.name],
    )
    connection.execute(f"alter table {column.relation} drop column {name}")


def _add(connection: duckdb.DuckDBPyConnection, column: Column) -> None:
    name = identifier(column.name)
    place = [column.table, column.name]
    connection.execute(f"alter table {column.relation} add column {name} {column.kind}")
    connection.execute(
        f"""update {column.relation} as s set {name} = try_cast(r.valor as {column.kind})
        from landing.columnas_retiradas as r
        where r.tabla = ? and r.columna = ? and r.dbt_scd_id = s.dbt_scd_id""",
        place,
    )
    connection.execute("delete from landing.columnas_retiradas where tabla = ? and columna = ?", place)


def differences(connection: duckdb.DuckDBPyConnection) -> list[Column]:
    """The columns that the open warehouse's snapshots lack, have in another type, or no longer need."""
    held: dict[str, dict[str, str]] = {}
    for table, column, kind in connection.execute(
        """select table_name, column_name, data_type from duckdb_columns()
        where database_name = current_database() and schema_name = 'snapshots'"""
    ).fetchall():
        held.setdefault(table, {})[column] = kind
    found = []
    for table, said in contract().items():
        stated = {column["name"]: column["data_type"].upper() for column in said["columns"]}
        here = held.get(table)
        if here:
            names = [*stated, *(name for name in here if name not in stated and not name.startswith("dbt_"))]
            found += [Column(table, name, stated.get(name), here.get(name)) for name in names]
    return [column for column in found if column.kind != column.held]


def _losses(connection: duckdb.DuckDBPyConnection, column: Column) -> list[Problem]:
    """That values of a column would not stay what they are in the contract's type."""
    if column.held is None or column.kind is None:
        return []
    name = identifier(column.name)
    found = connection.execute(
        f"""select count(*) from {column.relation}
        where {name} is distinct from try_cast(try_cast({name} as {column.kind}) as {column.held})"""
    ).fetchone()
    lost = found[0] if found else 0
    if not lost:
        return []
    return [
        Problem(
            t(
                "the history of the source has {count} values of type {held} that would be lost as {kind}",
                count=lost,
                held=column.held,
                kind=column.kind,
            ),
            t(
                "this release has no step in flows/home/migrations that converts them: report it, and go on "
                "with the release before"
            ),
            table=column.table,
            column=column.name,
        )
    ]
