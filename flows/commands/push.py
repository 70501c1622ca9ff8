"""`aforo push`: the published marts into Postgres; `aforo run --push` does the same after a run."""

from typing import Annotated

import typer

from flows import push, settings
from flows.commands.options import Home, Quiet, explained

EXAMPLES = """Examples:

\b
  aforo push postgresql://aforo@host/tableros   the password in PGPASSWORD or ~/.pgpass
"""


def command(
    address: Annotated[
        str, typer.Argument(help="Address of the database; its schema marts is made or replaced.")
    ],
    home: Home = None,
    quiet: Quiet = False,
) -> None:
    """Copy the published marts into a Postgres database, in one transaction: its readers wait for nothing."""
    where = settings.resolve_home(home)
    with explained(where):
        pushed = push.push(where, push.target(address))
    if not quiet:
        typer.echo(pushed.as_text())
