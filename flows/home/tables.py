"""Tables copied from one DuckDB file into another, and proof that the copy is what was read."""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from flows.quoting import identifier, literal

CONNECTION: dict[str, str | bool | int | float | list[str]] = {"threads": 2, "memory_limit": "512MB"}


@dataclass(frozen=True)
class Table:
    """A table: its rows and their fingerprint."""

    schema: str
    name: str
    rows: int
    fingerprint: int | None

    @property
    def relation(self) -> str:
        """Its name in SQL, quoted."""
        return f"{identifier(self.schema)}.{identifier(self.name)}"


def contents(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int | None]:
    """The number of rows and the sum of their hashes: unlike an xor, it sees a row that is there twice."""
    found = connection.execute(f"select count(*), sum(hash(t)::hugeint) from {relation} as t").fetchone()
    return found if found else (0, None)


def read(connection: duckdb.DuckDBPyConnection, database: str, condition: str) -> list[Table]:
    """The tables of a database that `condition` (on duckdb_tables()) picks."""
    rows = connection.execute(
        f"""select schema_name, table_name from duckdb_tables()
        where database_name = {literal(database)} and ({condition}) order by all"""
    ).fetchall()
    return [
        Table(
            schema,
            table,
            *contents(connection, f"{identifier(database)}.{identifier(schema)}.{identifier(table)}"),
        )
        for schema, table in rows
    ]


def copy(connection: duckdb.DuckDBPyConnection, database: str, tables: Iterable[Table]) -> None:
    """Makes the tables of an attached database in the connection's own: constraints, comments and rows."""
    for table in tables:
        connection.execute(f"create schema if not exists {identifier(table.schema)}")
        for statement in _ddl(connection, database, table):
            connection.execute(statement)
        connection.execute(f"insert into {table.relation} from {identifier(database)}.{table.relation}")


def copy_macros(connection: duckdb.DuckDBPyConnection, database: str, schema: str) -> None:
    """Makes the table macros of an attached database's schema in the connection's own."""
    macros = connection.execute(
        """select function_name, parameters, macro_definition from duckdb_functions()
        where database_name = ? and schema_name = ? and function_type = 'table_macro' order by all""",
        [database, schema],
    ).fetchall()
    for name, parameters, definition in macros:
        arguments = ", ".join(identifier(parameter) for parameter in parameters)
        connection.execute(
            f"create macro {identifier(schema)}.{identifier(name)}({arguments}) as table {definition}"
        )


def _ddl(connection: duckdb.DuckDBPyConnection, database: str, table: Table) -> list[str]:
    place = [database, table.schema, table.name]
    where = "where database_name = ? and schema_name = ? and table_name = ?"
    tables = connection.execute(f"select sql, comment from duckdb_tables() {where}", place).fetchall()
    columns = connection.execute(
        f"select column_name, comment from duckdb_columns() {where} and comment is not null", place
    ).fetchall()
    # DuckDB's own statement has the constraints, but no comments.
    statements = [sql for sql, _ in tables]
    statements += [f"comment on table {table.relation} is {literal(note)}" for _, note in tables if note]
    statements += [
        f"comment on column {table.relation}.{identifier(column)} is {literal(note)}"
        for column, note in columns
    ]
    return statements
