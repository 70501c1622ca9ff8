"""Rows of a query by the names of their columns."""

from typing import Any

import duckdb


def by_name(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The rows of a query, a dict each. Without parameters: DuckDB would load pandas for them."""
    found = connection.execute(query)
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
