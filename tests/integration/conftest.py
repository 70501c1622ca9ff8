"""What the tests of sources share: dbt that lands them, a small institute, and a server of files."""

import functools
import json
import os
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from flows import child
from flows.dbt.runner import AUDIT
from flows.project import version_variables
from tests import sources
from tests.landing import Land, Landed, Rows

LASTING = json.dumps(version_variables())


@pytest.fixture(scope="package")
def land(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Land]:
    """Lands a source with dbt alone, in a home of its own; its tests, the audit, must pass unless `fails`."""
    home = tmp_path_factory.mktemp("home")

    def run(source: Path | str, fails: bool = False, **environment: str) -> Landed:
        chosen = {"AFORO_SOURCE": str(source), "AFORO_HOME": str(home)}
        places = ["--target-path", str(home / "target"), "--log-path", str(home)]
        call = {
            "results": str(home / "results.json"),
            "arguments": [*AUDIT, *places, "--vars", LASTING],
            "environment": {**os.environ, **chosen, **environment},
        }
        dbt.write(json.dumps(call))
        output = ""
        for line in dbt.stdout or ():
            if line.startswith('{"ended"'):
                break
            output += line
        assert (json.loads(line)["ended"] != 0) == fails, output
        warehouse = tmp_path_factory.mktemp("landed") / "warehouse.duckdb"
        (home / "aforo_warehouse.duckdb").rename(warehouse)
        return Landed(warehouse, output)

    # dbt as `aforo` calls it, which is quicker than by hand.
    with child.running("flows.dbt.warm", [LASTING], stderr=None) as dbt:
        yield run


@pytest.fixture(scope="package")
def tables() -> sources.Tables:
    """The small institute, with what is hard to write as text: accents, a dash, fractions, moments, nulls."""
    tables = sources.institute()
    sections = tables["programacion"]
    moments = pd.Timestamp("2024-01-09 08:05:30") + pd.to_timedelta(range(len(sections)), unit="min")
    tables["programacion"] = sections.assign(
        sede=sections["sede"].replace("NORTE", "BREÑA"),
        aula=pd.Series(["Aula \u2013 1" if row % 2 else None for row in range(len(sections))]),
        fecha_creacion=moments.floor("s"),
    )
    return tables


@pytest.fixture(scope="package")
def expected(land: Land, tables: sources.Tables, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """What the Parquet folder lands."""
    landed = land(sources.write(tables, tmp_path_factory.mktemp("parquet"))).tables
    assert {name: len(rows) for name, rows in landed.items() if rows} == {
        name: len(table) for name, table in tables.items()
    }
    return landed


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A folder, and the address at which it is served on loopback."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/entrega", folder / "entrega"
        server.shutdown()
