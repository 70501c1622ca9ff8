"""What the tests that run the pipeline share: a real Prefect server and a small institute."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import postgres as servers
from tests import sources
from tests.harness import Institute

SERVER_SECONDS = 180
# Where the tests run in the background of a script, Ctrl-C is ignored, also by what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
# Whatever the machine speaks: tests read English.
os.environ["AFORO_LANG"] = "en"


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment that names a real Prefect server, whose scheduler looks every two seconds."""
    home = tmp_path_factory.mktemp("prefect")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)],
            env={**os.environ, **environment},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_for(f"{environment['PREFECT_API_URL']}/health", server, home / "server.log")
        yield environment
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


@pytest.fixture(scope="session")
def institute(tmp_path_factory: pytest.TempPathFactory, prefect: dict[str, str]) -> Institute:
    """The small institute. Tests share its home: what has run there before depends on their order."""
    folder = tmp_path_factory.mktemp("institute")
    return Institute(sources.write(sources.institute(), folder / "source"), folder / "home", prefect)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, prefect: dict[str, str]) -> Institute:
    """The small institute after one good run, one period ahead. Not to be run on: `good` is a copy of it."""
    folder = tmp_path_factory.mktemp("built")
    built = Institute(
        sources.write(sources.institute(), folder / "source"), folder / "home", prefect, ("--horizon", "1")
    )
    outcome = built.aforo("run")
    assert outcome.exit_code == 0, outcome.err
    return built


@pytest.fixture(scope="module")
def good(built: Institute, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Institute]:
    """The small institute after a good run, in a home of the module's own; the source is mended last."""
    yield built.copy(tmp_path_factory.mktemp("home"))
    sources.write(sources.institute(), built.source)


@pytest.fixture(scope="session")
def postgres() -> Iterator[servers.Postgres]:
    """A real Postgres server, empty: `load` fills it. Who stops it starts it again."""
    # Not below pytest's folder: as root, the server runs as another user, whom pytest keeps out of it.
    with tempfile.TemporaryDirectory(prefix="aforo-postgres-") as folder:
        server = servers.create(Path(folder, "data"))
        yield server
        server.stop()


def _wait_for(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + SERVER_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.5)
    raise AssertionError(f"no Prefect server: {log.read_text()[-2000:]}")
