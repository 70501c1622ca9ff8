"""Foreign SQL runs in a box: a database of its own, without files, network, extensions or functions of ours.

Foreign are a mapping's query and the views of a DuckDB file that is a source. In the box are the tables that
they may read, and nothing else: `entrega`, what is delivered, and `instituto`, a database that is the source,
read-only. The answer is a table of the box, from where the warehouse takes it.
"""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from flows.dbt.wording import without_values
from flows.quoting import identifier, literal

LIMITS: dict[str, str | bool | int | float | list[str]] = {
    "memory_limit": "1GB",
    "max_temp_directory_size": "4GB",
    "threads": 1,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_persistent_secrets": False,
    "python_enable_replacements": False,
}
# A mapping that joins the wrong way ends for its rows or its time, not for a full disk.
MOST_ROWS = 50_000_000
MOST_SECONDS = 300
# How long another thread's query may look at a box that is being filled.
LOOKED_AT_SECONDS = 60
INSTITUTE = "instituto"
ANSWER = "salida"


@dataclass(frozen=True)
class Query:
    """A select as DuckDB's own parser understands it."""

    text: str
    tree: Any

    @property
    def institute_tables(self) -> list[tuple[str, str]]:
        """(schema, table) of the source's tables that it names; schema '' where it names none."""
        found: dict[tuple[str, str], None] = {}
        for node in _nodes(self.tree):
            if node.get("type") == "BASE_TABLE":
                names = [node["catalog_name"], node["schema_name"]]
                path = [name for name in names if name]
                if path and path[0].lower() == INSTITUTE:
                    found["".join(path[1:]), node["table_name"]] = None
        return list(found)

    def wants(self, column: str) -> bool:
        """Whether it may read the column: it names it, or takes all."""
        named = {text.lower() for node in _nodes(self.tree) for text in _texts(node)}
        everything = any(
            node.get("class") == "STAR" or node.get("ref_type") == "NATURAL" for node in _nodes(self.tree)
        )
        return everything or column.lower() in named


def parse(text: str) -> Query:
    """The text as one select; ValueError, with what it is instead, where it is none."""
    query = text.strip().rstrip(";")
    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise ValueError(_reason(error)) from None
    if len(statements) != 1:
        raise ValueError(f"it has {len(statements)} statements")
    with duckdb.connect() as connection:
        row = connection.execute("select json_serialize_sql(?)", [query]).fetchone()
    tree = json.loads(row[0]) if row else {}
    # Some commands of DuckDB pass for selects in one of the two.
    if statements[0].type != duckdb.StatementType.SELECT or tree.get("error"):
        raise ValueError("only a select is allowed")
    return Query(query, tree)


def run(box: Path, institute: Path | None, selects: dict[str, str]) -> None:
    """Makes a table of the box of each select, in order; `institute` is a DuckDB file that they may read."""
    with opened(box, institute) as connection:
        for table, select in selects.items():
            limited = f"create table {table} as select * from (\n{select}\n) limit {MOST_ROWS + 1}"
            connection.execute(limited)
            [(count,)] = connection.execute(f"select count(*) from {table}").fetchall()
            if count > MOST_ROWS:
                raise ValueError(f"the query has more than {MOST_ROWS:,} rows: does it join the wrong way?")


def ask(institute: Path, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query on a DuckDB file that is a source, whose views are not trusted."""
    with opened(Path(":memory:"), institute) as connection:
        return connection.execute(query).fetchall()


@contextlib.contextmanager
def opened(box: Path, institute: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A locked connection to the box; what it runs is ended after MOST_SECONDS."""
    with duckdb.connect(str(box), config=LIMITS) as connection:
        connection.execute("set TimeZone = 'UTC'")
        if institute:
            connection.execute(f"attach {literal(str(institute))} as {INSTITUTE} (read_only)")
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        timer = threading.Timer(MOST_SECONDS, connection.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield connection
        except duckdb.InterruptException:
            raise ValueError(f"the query did not end within {MOST_SECONDS} seconds") from None
        finally:
            timer.cancel()


def fill(
    warehouse: duckdb.DuckDBPyConnection,
    box: Path,
    institute: Path | None,
    query: Query,
    delivered: str | None,
) -> None:
    """Puts into the box what the query reads: `entrega`, and of a Postgres source the tables that it names.

    These go into a file `institute` that stands for the source. Columns that the query does not name are
    null: what a mapping leaves out is nowhere kept.
    """
    if delivered:
        with _attached(warehouse, box) as name:
            _copy(warehouse, f"{name}.entrega", f"select * from {delivered}", query, ("archivo", "fila"))
    if institute is None:
        return
    with _attached(warehouse, institute) as name:
        for schema, table in query.institute_tables:
            into = f"{name}.{identifier(schema or 'main')}"
            origin = f"{identifier(schema)}.{identifier(table)}" if schema else identifier(table)
            warehouse.execute(f"create schema if not exists {into}")
            _copy(
                warehouse,
                f"{into}.{identifier(table)}",
                f"select * from {INSTITUTE}.{origin}",
                query,
            )


def _copy(
    warehouse: duckdb.DuckDBPyConnection,
    into: str,
    select: str,
    query: Query,
    always: tuple[str, ...] = (),
) -> None:
    columns = []
    for name, kind, *_ in warehouse.execute(f"describe {select}").fetchall():
        quoted = identifier(name)
        wanted = name in always or query.wants(name)
        columns.append(quoted if wanted else f"cast(null as {kind}) as {quoted}")
    warehouse.execute(f"create table {into} as select {', '.join(columns)} from ({select})")


@contextlib.contextmanager
def _attached(warehouse: duckdb.DuckDBPyConnection, file: Path) -> Iterator[str]:
    """The name of a database that becomes the file once it is filled.

    DuckDB holds a detached file while another thread's query that looked at it runs, and opens none of that
    path until then.
    """
    name = identifier(f"{file.parent.name}_{file.stem}")
    draft = file.with_name(f"filling_{file.name}")
    warehouse.execute(f"attach {literal(str(draft))} as {name}")
    try:
        yield name
        checkpoint(warehouse, name)
    finally:
        warehouse.execute(f"detach {name}")
    draft.replace(file)


def checkpoint(warehouse: duckdb.DuckDBPyConnection, name: str) -> None:
    """Writes the database to its file, as soon as no query of another thread looks at it."""
    until = time.monotonic() + LOOKED_AT_SECONDS
    while True:
        try:
            warehouse.execute(f"checkpoint {name}")
        except duckdb.TransactionException:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _reason(error: Exception) -> str:
    return without_values(str(error)).removeprefix("Parser Error: ")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for child in tree.values():
            yield from _nodes(child)
    elif isinstance(tree, list):
        for child in tree:
            yield from _nodes(child)


def _texts(node: dict[str, Any]) -> Iterator[str]:
    for value in node.values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str):
                yield text
