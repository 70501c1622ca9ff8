"""The flow as a scheduled Prefect deployment: `aforo serve`.

It runs on the forecast dates that the calendar gives, and after the last of them on the 5th of every month,
so that a calendar that ends does not end the forecasts in silence. Where no Prefect server is named
(PREFECT_API_URL), one is started on the loopback address for as long as `aforo serve` runs.
"""

import contextlib
import os
import time
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from flows import child, settings
from flows.commands.options import Home, Horizon, Mapping, Source, explained
from flows.errors import AforoError, Problem
from flows.home import warehouse
from flows.project import schema_of
from flows.settings import Settings

DEPLOYMENT = "pronostico"
# Early morning in the Americas.
HOUR_UTC = 11
DAY_OF_MONTH = 5
SERVER_SECONDS = 180
LOOPBACK = "127.0.0.1"


def rules(dates: list[date], today: date) -> list[str]:
    """The schedule as rules (RFC 5545): one a forecast date to come, then the 5th of every month."""
    coming = [day for day in dates if day > today]
    # From the month after the last date on: it has had its forecast.
    first_open = (max(coming).replace(day=1) + timedelta(days=31)).replace(day=1) if coming else today
    monthly = f"{_start(first_open)}\nRRULE:FREQ=MONTHLY;BYMONTHDAY={DAY_OF_MONTH}"
    return [f"{_start(day)}\nRRULE:FREQ=DAILY;COUNT=1" for day in coming] + [monthly]


def serve(asked: Settings) -> None:
    """Registers the deployment and runs what is due until it is stopped. Needs PREFECT_API_URL."""
    from prefect.flows import EntrypointType
    from prefect.schedules import RRule

    from flows.pipeline import aforo

    dates = warehouse.forecast_dates(asked.home, schema_of("platinum"))
    aforo.serve(
        name=DEPLOYMENT,
        schedules=[RRule(rule, timezone="UTC") for rule in rules(dates, datetime.now(UTC).date())],
        parameters={
            "source": asked.source.name,
            "home": str(asked.home.root),
            "horizon": asked.horizon,
            "mapping": None if asked.mapping is None else str(asked.mapping),
        },
        limit=1,
        global_limit=1,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


@contextlib.contextmanager
def prefect_server(home: settings.Home, port: int) -> Iterator[str]:
    """The address of the Prefect server of PREFECT_API_URL, or else one that runs as long as this lasts."""
    named = os.environ.get("PREFECT_API_URL")
    if named:
        yield named
        return
    url = f"http://{LOOPBACK}:{port}/api"
    home.logs.mkdir(parents=True, exist_ok=True)
    arguments = ["server", "start", "--host", LOOPBACK, "--port", str(port)]
    with (
        home.log.open("a") as log,
        child.running("prefect.cli:app", arguments, stdout=log, stderr=log) as server,
    ):
        try:
            _wait_for(url, server, home)
            os.environ["PREFECT_API_URL"] = url
            yield url
        finally:
            os.environ.pop("PREFECT_API_URL", None)


def _wait_for(url: str, server: child.Child, home: settings.Home) -> None:
    deadline = time.monotonic() + SERVER_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=2):
            return
        time.sleep(0.5)
    raise AforoError(
        [
            Problem(
                f"Prefect's server did not start at {url}",
                f"free that port or give another --port, or name a server in PREFECT_API_URL; see {home.log}",
            )
        ]
    )


def _start(day: date) -> str:
    return f"DTSTART:{day:%Y%m%d}T{HOUR_UTC:02d}0000"


def command(
    source: Source = None,
    home: Home = None,
    mapping: Mapping = None,
    horizon: Horizon = settings.DEFAULT_HORIZON,
    port: Annotated[
        int, typer.Option(help="Port of the Prefect server, where PREFECT_API_URL names none.")
    ] = 4200,
) -> None:
    """Forecast on the dates of the calendar, as a scheduled Prefect deployment, until Ctrl-C."""
    asked = settings.resolve(source, home, horizon=horizon, mapping=mapping)
    settings.prepare_environment(asked.home, asked.source)
    with explained(asked.home), prefect_server(asked.home, port) as url:
        typer.echo(f"Prefect: {url}")
        serve(asked)
