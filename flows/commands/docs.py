"""The dbt docs site as one static page: every model, column and test, and the lineage from end to end."""

import contextlib
import functools
import http.server
from pathlib import Path
from typing import Annotated

import typer

from flows import settings
from flows.commands.options import Home, explained
from flows.dbt import diagnosis
from flows.dbt.runner import DOCS, PARSE, Variables, run_dbt
from flows.home import lock
from flows.project import version_variables
from flows.stopping import Stopped

LOOPBACK = "127.0.0.1"


def generate(home: settings.Home) -> Path:
    """Writes the page and returns its path; AforoError if dbt can't make it."""
    asked = settings.resolve(home=str(home.root))
    with lock.exclusive(home, "aforo docs"):
        for arguments in (PARSE, DOCS):
            result = run_dbt(arguments, asked, Variables(version_variables()))
            if not result.ok:
                raise diagnosis.failure(result, home)
        home.docs_page.parent.mkdir(parents=True, exist_ok=True)
        (home.root / "target" / "static_index.html").replace(home.docs_page)
    return home.docs_page


def server(page: Path, port: int) -> http.server.ThreadingHTTPServer:
    """A web server of the page's folder, for this machine alone; the caller runs and closes it."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(page.parent))
    return http.server.ThreadingHTTPServer((LOOPBACK, port), handler)


def command(
    home: Home = None,
    serve: Annotated[
        bool, typer.Option("--serve", help="Serve the page on this machine until Ctrl-C.")
    ] = False,
    port: Annotated[int, typer.Option(help="Port of --serve.")] = 8080,
) -> None:
    """The documentation of every table, with the lineage from the source to its uses, as one static page."""
    where = settings.resolve_home(home)
    settings.prepare_environment(where)
    with explained(where):
        page = generate(where)
        typer.echo(f"{page}")
        if serve:
            with server(page, port) as site, contextlib.suppress(Stopped):
                typer.echo(f"http://{LOOPBACK}:{port}/ (Ctrl-C ends it)")
                site.serve_forever()
