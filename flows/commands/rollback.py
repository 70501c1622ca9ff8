"""`aforo rollback`: readers see an earlier release again, at once."""

from typing import Annotated

import typer

from flows import settings
from flows.commands.options import AsJson, Home, echo, explained
from flows.home import lock, releases, rollback


def command(
    run: Annotated[
        str | None,
        typer.Argument(help="The run whose release readers shall see. Else the one before theirs."),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Point readers at an earlier release that is kept, at once; the next run says so and publishes anew."""
    where = settings.resolve_home(home)
    with explained(where), lock.exclusive(where, "aforo rollback"):
        releases.recover(where)
        note = rollback.roll_back(where, run)
    echo(note, [rollback.as_text(note)], as_json)
