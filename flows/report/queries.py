"""Small helpers for queries whose rows go into the page."""

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb

Row = tuple[Any, ...]


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    """All rows of a query. Without parameters: DuckDB would load pandas for them, which takes a second."""
    return connection.execute(query).fetchall()


def tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The marts that were published and hold something."""
    found = rows(
        connection,
        "select table_name from duckdb_tables() where schema_name = 'marts' and estimated_size > 0",
    )
    return {name for (name,) in found}


def columns(names: Sequence[str], found: Iterable[Row]) -> dict[str, list[Any]]:
    """Rows as columns by name; empty columns where there are no rows."""
    lists: list[list[Any]] = [list(values) for values in zip(*found, strict=True)] or [[] for _ in names]
    return dict(zip(names, lists, strict=True))


def short(value: float | None) -> float | int | None:
    """A number as it is shown: one decimal below 100, else whole."""
    if value is None:
        return None
    number = float(value)
    rounded = round(number, 1) if abs(number) < 100 else round(number)
    return int(rounded) if rounded == int(rounded) else rounded
