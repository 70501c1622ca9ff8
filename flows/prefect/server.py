"""Prefect's server: the one that PREFECT_API_URL names, or one of our own that ends with us.

Prefect would start one by itself, in our process group: a Ctrl-C would end it before the run could be closed
in it, and a kill would leave it running.
"""

import contextlib
import os
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flows import child
from flows.dbt import known_errors
from flows.errors import AforoError, Problem
from flows.language import t
from flows.settings import Home

LOOPBACK = "127.0.0.1"
START_SECONDS = 180
CLOSING_SECONDS = 15
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Server:
    """Its address, the environment of the processes that use it, and a wait until it answers."""

    url: str
    environment: dict[str, str]
    wait: Callable[[], None]


@contextlib.contextmanager
def running(home: Home, port: int | None = None, flags: tuple[str, ...] = ()) -> Iterator[Server]:
    """The server that PREFECT_API_URL names, else one on `port` (or a free one) for as long as this lasts.

    `flags` are those of `prefect server start`. It may not answer yet: `wait` waits for it.
    """
    named = os.environ.get("PREFECT_API_URL")
    if named:
        yield Server(named, dict(os.environ), lambda: None)
        return
    if port:
        _require_free(port)
    port = port or free_port()
    url = f"http://{LOOPBACK}:{port}/api"
    home.logs.mkdir(parents=True, exist_ok=True)
    arguments = ["server", "start", "--host", LOOPBACK, "--port", str(port), *flags]
    with (
        home.log.open("a") as log,
        child.running("prefect.cli:app", arguments, stdout=log, stderr=log) as server,
    ):
        yield Server(url, os.environ | {"PREFECT_API_URL": url}, lambda: _wait_for(url, server, home))
        # Asked to end, it writes down what it still has in hand.
        server.ask_to_end()


def close(home: Home, server: Server, target: str) -> None:
    """Closes in Prefect what had to be killed: `target` is the function that does, called with the home."""
    with (
        home.log.open("a") as log,
        child.running(
            target,
            [str(home.root)],
            environment=server.environment,
            stdout=log,
            stderr=log,
            timeout=CLOSING_SECONDS,
        ) as closing,
    ):
        closing.wait()


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def _require_free(port: int) -> None:
    """AforoError where something listens there: it would answer in the place of our server."""
    with socket.socket() as probe:
        # As the server does: a port that was closed a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            what = t(
                "Prefect's server can't use the port {port}: {strerror}", port=port, strerror=error.strerror
            )
            remedy = t("free that port or give another --port, or name a server in PREFECT_API_URL")
            raise AforoError([Problem(what, remedy)]) from None


def _wait_for(url: str, server: child.Child, home: Home) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=2):
            return
        time.sleep(_POLL_SECONDS)
    no_answer = Problem(
        t("Prefect's server did not start at {url}", url=url),
        t(
            "free that port or give another --port, or name a server in PREFECT_API_URL; see {log}",
            log=home.log,
        ),
    )
    raise AforoError([known_errors.no_room(home) or no_answer])
