"""The history of publications as SQL may read it: what can be read of it, and what not, and why."""

from pathlib import Path
from typing import Any

import duckdb

from flows.home.releases import is_run_id
from flows.quoting import identifier, literal, pattern

Columns = dict[str, str]


def look(history: Path, required: Columns, optional: Columns) -> dict[str, Any]:
    """The publications in a folder: `files` that give the columns in their types, and the `refused` ones.

    A file is read whole: where a page of it is damaged, only what reads that page fails, and that would be
    the run. required, optional: the columns and their types; an older release may be without the latter.
    """
    files, refused = [], []
    with duckdb.connect(config={"threads": 1}) as connection:
        for file in sorted(path for path in history.glob("*.parquet") if is_run_id(path.stem)):
            try:
                columns = _read(connection, file, required, optional)
            except (duckdb.Error, ValueError) as error:
                refused.append({"file": str(file), "reason": _reason(error)})
            else:
                files.append({"file": pattern(file), "columns": columns})
    return {"files": files, "refused": refused}


def _read(
    connection: duckdb.DuckDBPyConnection, file: Path, required: Columns, optional: Columns
) -> list[str]:
    relation = f"read_parquet({literal(pattern(file))})"
    there = {name for name, *_ in connection.execute(f"describe from {relation}").fetchall()}
    missing = [name for name in required if name not in there]
    if missing:
        raise ValueError(f"it has no column {', '.join(missing)}")
    columns = {name: kind for name, kind in (required | optional).items() if name in there}
    casts = ", ".join(f"cast({identifier(name)} as {kind})" for name, kind in columns.items())
    connection.execute(f"select sum(hash({casts})) from {relation}").fetchall()
    return list(columns)


def _reason(error: Exception) -> str:
    """Why a file can't be read, without what it holds."""
    if isinstance(error, ValueError):
        return str(error)
    if isinstance(error, duckdb.ConversionException):
        return "a column of it is of another type"
    return "it is damaged"
