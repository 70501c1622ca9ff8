"""Texts, names and paths as SQL writes them: what a source calls its own is data in it, never SQL."""

import re
from collections.abc import Iterable
from pathlib import Path


def literal(text: str) -> str:
    """The text as a literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """The name of a column, table, schema or database."""
    return '"' + name.replace('"', '""') + '"'


def comments(table: str, note: str | None, columns: Iterable[tuple[str, str | None]]) -> list[str]:
    """The statements that say what a table, quoted, and its columns (name, comment) mean."""
    said = [
        (f"table {table}", note),
        *((f"column {table}.{identifier(name)}", text) for name, text in columns),
    ]
    return [f"comment on {what} is {literal(text)}" for what, text in said if text]


def pattern(path: Path | str) -> str:
    """The path as a pattern that matches it alone: what reads files takes brackets, * and ? for one."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))
