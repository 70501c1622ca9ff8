"""`aforo path`: the folder of the published release, resolved, for readers of more than one file."""

from pathlib import Path
from typing import Annotated

import typer

from flows import settings
from flows.commands.options import Home, explained
from flows.errors import AforoError, Problem
from flows.home import releases
from flows.language import t

EXAMPLES = """Examples:

\b
  aforo path                                    the release's folder
  duckdb -readonly "$(aforo path --file)"       its DuckDB file
  ls "$(aforo path --parquet)"                  its Parquet files, all of one run
"""


def published(home: settings.Home) -> Path:
    """The folder of the published release; AforoError where nothing is published."""
    folder = releases.published_folder(home)
    if folder is None:
        raise AforoError(
            [Problem(t("nothing is published in {root}", root=home.root), t("run `aforo run` once"))]
        )
    return folder


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
        folder = published(where)
    typer.echo(folder / "aforo_marts.duckdb" if file else folder / "parquet" if parquet else folder)
