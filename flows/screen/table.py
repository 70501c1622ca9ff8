"""Tables of text."""

import io
import shutil
import sys
from typing import Any

# In a file or a pipe nothing is folded: what reads it may look for a whole line.
_UNBOUND = 10_000
_INDENT = "    "


def table(rows: list[list[Any]]) -> list[str]:
    """Rows of values as aligned, indented lines; a terminal that is too narrow folds long values."""
    from rich.console import Console
    from rich.table import Table

    if not rows:
        return []
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in rows[0]:
        grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*(_text(value) for value in row))
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _UNBOUND
    file = io.StringIO()
    Console(file=file, width=width - len(_INDENT), color_system=None).print(grid)
    return [f"{_INDENT}{line}".rstrip() for line in file.getvalue().splitlines()]


def _text(value: Any) -> Any:
    # As Text: a name in brackets is no markup.
    from rich.text import Text

    return Text(str(value))
