"""`aforo restore`: a warehouse that is damaged or gone, from the copy of its history."""

from typing import Any

from flows import settings
from flows.commands.options import AsJson, Home, echo, explained
from flows.home import backup, lock
from flows.home.backup import Restored


def as_json(restored: Restored) -> dict[str, Any]:
    """What was restored, for `--json`."""
    return {
        "tables": {f"{table.schema}.{table.name}": table.rows for table in restored.tables},
        "captured_at": restored.captured_at.isoformat() if restored.captured_at else None,
        "damaged": str(restored.damaged) if restored.damaged else None,
    }


def as_text(restored: Restored) -> list[str]:
    """The same for a person."""
    if not restored.tables:
        return ["Nothing to restore: the warehouse is sound."]
    rows = sum(table.rows for table in restored.tables)
    lines = [
        f"The history of the source is restored up to the capture of {restored.captured_at:%Y-%m-%d %H:%M:%S}"
        f" UTC ({rows:,} rows in {len(restored.tables)} tables)."
    ]
    if restored.damaged:
        lines.append(f"The damaged file was moved to {restored.damaged}; delete it when you like.")
    return [*lines, "Everything else is made by the next run: `aforo run`, or `aforo run --offline`."]


def command(home: Home = None, as_json_: AsJson = False) -> None:
    """Make a damaged or lost warehouse anew, from the copy that is kept of the source's history."""
    where = settings.resolve_home(home)
    with explained(where), lock.exclusive(where, "aforo restore"):
        restored = backup.restore(where)
    echo(as_json(restored), as_text(restored), as_json_)
