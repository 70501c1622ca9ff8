"""`aforo push`: the published marts into Postgres or a DuckLake; `aforo run --push`: after a run."""

from typing import Annotated

import typer

from flows import push, push_target, settings
from flows.commands.options import Home, Quiet, explained

EXAMPLES = """Examples:

\b
  aforo push postgresql://aforo@host/tableros   the password in PGPASSWORD or ~/.pgpass
  aforo push 'ducklake:postgresql://aforo@host/lake?data=/srv/lake&institute=norte'
"""


def command(
    address: Annotated[
        str,
        typer.Argument(
            help="Address of the database, whose schema marts is made or replaced, or of a lake "
            "(docs/lake.md)."
        ),
    ],
    home: Home = None,
    quiet: Quiet = False,
) -> None:
    """Copy the published marts into Postgres or a DuckLake, in one transaction: readers wait for nothing."""
    where = settings.resolve_home(home)
    with explained(where):
        pushed = push.push(where, push_target.target(address))
    if not quiet:
        typer.echo(pushed.as_text())
