"""The dbt docs site as one static page: every model, column and test, and the lineage from end to end."""

import functools
import http.server
from pathlib import Path

from flows import lock, messages
from flows.dbt import DOCS, PARSE, Variables, run_dbt, version_variables
from flows.settings import Home, resolve

LOOPBACK = "127.0.0.1"


def generate(home: Home) -> Path:
    """Writes the page and returns its path; AforoError if dbt can't make it."""
    settings = resolve(home=str(home.root))
    with lock.exclusive(home, "aforo docs"):
        for arguments in (PARSE, DOCS):
            result = run_dbt(arguments, settings, Variables(version_variables()))
            if not result.ok:
                raise messages.failure(result, home)
        home.docs_page.parent.mkdir(parents=True, exist_ok=True)
        (home.root / "target" / "static_index.html").replace(home.docs_page)
    return home.docs_page


def server(page: Path, port: int) -> http.server.ThreadingHTTPServer:
    """A web server of the page's folder, for this machine alone; the caller runs and closes it."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(page.parent))
    return http.server.ThreadingHTTPServer((LOOPBACK, port), handler)
