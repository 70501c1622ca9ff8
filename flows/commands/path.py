"""`aforo path`: the folder of the published release, resolved, for readers of more than one file."""

from typing import Annotated

import typer

from flows import settings
from flows.commands.options import Home, explained
from flows.home import releases

EXAMPLES = """Examples:

\b
  aforo path                                    the release's folder
  duckdb -readonly "$(aforo path --file)"       its DuckDB file
  ls "$(aforo path --parquet)"                  its Parquet files, all of one run
"""


def command(
    home: Home = None,
    file: Annotated[bool, typer.Option("--file", help="The DuckDB file in it.")] = False,
    parquet: Annotated[
        bool, typer.Option("--parquet", help="The folder of the Parquet files in it.")
    ] = False,
) -> None:
    """Print the folder of the published release: what is read below it is of one run, whatever comes next."""
    where = settings.resolve_home(home)
    if file and parquet:
        raise typer.BadParameter("give --file or --parquet, not both")
    with explained(where):
        folder = releases.require_published(where)
    typer.echo(folder / settings.MARTS_FILE if file else folder / "parquet" if parquet else folder)
