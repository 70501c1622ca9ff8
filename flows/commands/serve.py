"""The flow as a scheduled Prefect deployment: `aforo serve`.

It runs on the forecast dates that the calendar gives, and after the last of them on the 5th of every month,
so that a calendar that ends does not end the forecasts in silence. Where no Prefect server is named
(PREFECT_API_URL), one is started on the loopback address for as long as `aforo serve` runs.
"""

import json
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

from flows import child, settings
from flows.commands.options import Home, Horizon, Mapping, Source, explained
from flows.errors import AforoError
from flows.home import lock, warehouse
from flows.prefect import server
from flows.project import schema_of

DEPLOYMENT = "pronostico"
# Early morning in the Americas.
HOUR_UTC = 11
DAY_OF_MONTH = 5
# What a flow run has to close itself in Prefect, once told to stop.
GRACE_SECONDS = 5


def rules(dates: list[date], today: date) -> list[str]:
    """The schedule as rules (RFC 5545): one a forecast date to come, then the 5th of every month."""
    coming = [day for day in dates if day > today]
    # From the month after the last date on: it has had its forecast.
    first_open = (max(coming).replace(day=1) + timedelta(days=31)).replace(day=1) if coming else today
    monthly = f"{_start(first_open)}\nRRULE:FREQ=MONTHLY;BYMONTHDAY={DAY_OF_MONTH}"
    return [f"{_start(day)}\nRRULE:FREQ=DAILY;COUNT=1" for day in coming] + [monthly]


def runner() -> None:
    """Registers the deployment and runs what is due, in a process of its own: `<parameters as JSON>`."""
    parameters = json.loads(sys.argv[1])
    asked = settings.resolve(**parameters)
    from prefect.flows import EntrypointType
    from prefect.schedules import RRule

    from flows.pipeline import aforo
    from flows.prefect import flow_runs

    # There is one `aforo serve` a home: what ran under an earlier one is gone with it, and holds up the next.
    flow_runs.close_dead(asked.home, served=True)
    dates = warehouse.forecast_dates(asked.home, schema_of("platinum"))
    aforo.serve(
        name=DEPLOYMENT,
        schedules=[RRule(rule, timezone="UTC") for rule in rules(dates, datetime.now(UTC).date())],
        parameters=parameters,
        tags=flow_runs.tags(asked),
        limit=1,
        global_limit=1,
        entrypoint_type=EntrypointType.MODULE_PATH,
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
    parameters = {
        "source": asked.source.name,
        "home": str(asked.home.root),
        "horizon": asked.horizon,
        "mapping": None if asked.mapping is None else str(asked.mapping),
    }
    with explained(asked.home), lock.serving(asked.home), server.running(asked.home, port) as prefect:
        prefect.wait()
        typer.echo(f"Prefect: {prefect.url}")
        with child.running(
            "flows.commands.serve:runner",
            [json.dumps(parameters)],
            environment=prefect.environment,
            stdout=None,
            stderr=None,
            grace=GRACE_SECONDS,
        ) as process:
            code = process.wait()
        raise AforoError([child.ended_early("Prefect's runner", code)])
