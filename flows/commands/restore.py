"""`aforo restore`: a damaged or lost warehouse, from the copy of its history; a home, from a backup."""

from typing import Annotated, Any

import typer

from flows import settings
from flows.commands.options import AsJson, Home, echo, explained
from flows.home import archive, backup, lock
from flows.home.archive import Backup
from flows.home.backup import Restored
from flows.language import t
from flows.settings import Home as HomeFolder
from flows.source import full_path

EXAMPLES = """Examples:

\b
  aforo restore                                the warehouse, from the home's own copy of its history
  aforo restore --from FILE --home NEW         a whole home, from what `aforo backup` wrote
"""


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
        return [t("Nothing to restore: the warehouse is sound.")]
    lines = [
        t(
            "The history of the source is restored up to the capture of {captured:%Y-%m-%d %H:%M:%S} UTC "
            "({rows:,} rows in {tables} tables).",
            captured=restored.captured_at,
            rows=sum(table.rows for table in restored.tables),
            tables=len(restored.tables),
        )
    ]
    if restored.damaged:
        lines.append(
            t("The damaged file was moved to {damaged}; delete it when you like.", damaged=restored.damaged)
        )
    return [*lines, t("Everything else is made by the next run: `aforo run`, or `aforo run --offline`.")]


def home_as_text(home: HomeFolder, made: Backup) -> list[str]:
    """What was restored of a backup, for a person."""
    listing = made.listing
    return [
        t(
            "The home {root} is restored from {path}, of {moment}.",
            root=home.root,
            path=made.path,
            moment=listing["made_at"],
        ),
        t(
            "It knows the source up to the capture of {captured} UTC; published: {published}.",
            captured=listing["captured_at"],
            published=listing["published"] or t("nothing"),
        ),
        t("Everything else is made by the next run: `aforo run`, or `aforo run --offline`."),
    ]


def command(
    home: Home = None,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="A backup that `aforo backup` wrote. Without it: the copy in the home.",
            metavar="FILE",
        ),
    ] = None,
    as_json_: AsJson = False,
) -> None:
    """Make a damaged or lost warehouse anew, from the copy of its history; or a whole home, from a backup."""
    where = settings.resolve_home(home)
    if from_ is None:
        with explained(where), lock.exclusive(where, "aforo restore"):
            finished = archive.finish(where)
            restored = backup.restore(where)
        lines = [t("The restore that was cut off is finished.")] if finished else as_text(restored)
        echo(as_json(restored) | {"finished": finished}, lines, as_json_)
        return
    with explained(where):
        # Before anything is written: a backup that can't be used leaves no home behind.
        made = archive.read(full_path(from_))
        with lock.exclusive(where, "aforo restore"):
            archive.finish(where)
            archive.require_place(where)
            archive.restore(where, made)
    found = {"path": str(made.path), "home": str(where.root)} | made.listing
    found["files"] = len(made.files)
    echo(found, home_as_text(where, made), as_json_)
