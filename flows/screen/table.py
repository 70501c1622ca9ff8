"""Tables of text."""

from typing import Any


def table(rows: list[list[Any]]) -> list[str]:
    """Rows of values as aligned, indented lines."""
    cells = [[str(value) for value in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))] if cells else []
    return [
        "    " + "  ".join(v.ljust(w) for v, w in zip(row, widths, strict=True)).rstrip() for row in cells
    ]
