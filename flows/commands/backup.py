"""`aforo backup`: one file, elsewhere, with all of a home that can't be made again."""

from pathlib import Path
from typing import Annotated, Any

import typer

from flows import settings
from flows.commands.options import AsJson, Home, echo, explained
from flows.errors import AforoError, Problem
from flows.home import archive, backup, lock, state
from flows.home.archive import MIB, Backup
from flows.language import t
from flows.settings import Home as HomeFolder
from flows.source import full_path

EXAMPLES = """Examples:

\b
  aforo backup --to /mnt/backups               one dated file there
  aforo restore --from FILE --home NEW         a home from it, on any machine
"""


def run(home: HomeFolder, folder: Path) -> tuple[Backup, list[str]]:
    """Writes the backup and notes it in the home; what a person should know of it beside."""
    if folder.resolve().is_relative_to(home.root.resolve()):
        what = t("{folder} is in the home {root}: it would be lost with it", folder=folder, root=home.root)
        raise AforoError([Problem(what, t("name a folder elsewhere with --to, best on another disk"))])
    notes = _renew(home)
    made = archive.write(home, folder)
    if folder.stat().st_dev == home.root.stat().st_dev:
        notes.append(t("the backup is on the same disk as the home: take it to another one"))
    state.save(home.last_backup, {"made_at": made.listing["made_at"], "path": str(made.path)})
    return made, notes


def as_json(made: Backup, notes: list[str]) -> dict[str, Any]:
    """The same for `--json`."""
    listing = {name: value for name, value in made.listing.items() if name != "files"}
    return {"path": str(made.path), **listing, "files": len(made.files), "notes": notes}


def as_text(made: Backup, notes: list[str]) -> list[str]:
    """The same for a person."""
    return [
        t(
            "Backup: {path} ({files} files, {size} MiB), read again and whole.",
            path=made.path,
            files=len(made.files),
            size=f"{made.path.stat().st_size / MIB:,.1f}",
        ),
        t(
            "It knows the source up to the capture of {captured} UTC; published: {published}.",
            captured=made.listing["captured_at"],
            published=made.listing["published"] or t("nothing"),
        ),
        *(t("Note: {note}", note=note) for note in notes),
        t("To use it: aforo restore --from {path} --home FOLDER", path=made.path),
    ]


def _renew(home: HomeFolder) -> list[str]:
    """Brings the copy of the history up to date; why it may not be, where that can't be done now."""
    if not home.warehouse.exists():
        return []
    try:
        with lock.exclusive(home, "aforo backup"):
            problem = backup.keep_if_possible(home)
    except AforoError as error:
        # A run at work renews the copy itself, after each capture and publication.
        problem = error.problems[0]
    return [t("the history is as it was copied last: {what}", what=problem.what)] if problem else []


def command(
    home: Home = None,
    to: Annotated[
        str | None,
        typer.Option(
            help="Folder that the backup is written into. Else AFORO_BACKUPS, else <home>-backups.",
            metavar="FOLDER",
        ),
    ] = None,
    as_json_: AsJson = False,
) -> None:
    """Copy all of a home that can't be made again into one file elsewhere, while others read or run."""
    where = settings.resolve_home(home)
    named = settings.given("to", to, "AFORO_BACKUPS")
    folder = full_path(named) if named else where.root.with_name(f"{where.root.name}-backups")
    with explained(where):
        made, notes = run(where, folder)
    echo(as_json(made, notes), as_text(made, notes), as_json_)
