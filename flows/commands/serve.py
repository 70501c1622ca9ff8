"""The scheduled work of a home as Prefect deployments, and what runs it: `aforo serve`.

What is scheduled, and when, is in flows/prefect/deployments.py. Where no Prefect server is named
(PREFECT_API_URL), one is started on the loopback address for as long as `aforo serve` runs.
"""

import asyncio
import json
import os
import sys
from typing import Annotated, cast
from uuid import UUID

import typer

from flows import child, settings
from flows.commands.options import Home, Horizon, Mapping, Source, explained
from flows.errors import AforoError
from flows.home import lock
from flows.prefect import server

# What a flow run has to close itself in Prefect, once told to stop.
GRACE_SECONDS = 5
# Nobody waits: what may pass by itself is waited for longer than `aforo run` does.
RETRY_SECONDS = "10,60,300"


def runner() -> None:
    """Registers the deployments and runs what is due, in a process of its own: `<parameters as JSON>`."""
    parameters = json.loads(sys.argv[1])
    asked = settings.resolve(**parameters)
    os.environ.setdefault("AFORO_RETRY_SECONDS", RETRY_SECONDS)
    from prefect.exceptions import TerminationSignal
    from prefect.runner import Runner

    from flows.prefect import catch_up, deployments, flow_runs
    from flows.steps import due

    # There is one `aforo serve` a home: what ran under an earlier one is gone with it, and holds up the next.
    flow_runs.close_dead(asked.home, served=True)
    dates = due.forecast_dates(asked.home)
    # One at a time: what is due meanwhile waits.
    runner = Runner(name="aforo", limit=1)
    registered = {}
    for job in deployments.JOBS:
        made = deployments.made(job, dates, parameters, asked)
        # `add_deployment` has a form for coroutines too.
        registered[job] = cast(UUID, runner.add_deployment(made))
    catch_up.start_missed(registered, dates)
    try:
        asyncio.run(runner.start())
    except (KeyboardInterrupt, TerminationSignal):
        sys.exit(1)


def command(
    source: Source = None,
    home: Home = None,
    mapping: Mapping = None,
    horizon: Horizon = settings.DEFAULT_HORIZON,
    port: Annotated[
        int, typer.Option(help="Port of the Prefect server, where PREFECT_API_URL names none.")
    ] = 4200,
) -> None:
    """Capture each day, forecast on the calendar's dates and on new data, and the rest, until Ctrl-C."""
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
        try:
            with child.running(
                "flows.commands.serve:runner",
                [json.dumps(parameters)],
                environment=prefect.environment,
                stdout=None,
                stderr=None,
                grace=GRACE_SECONDS,
            ) as process:
                code = process.wait()
        finally:
            server.close(asked.home, prefect, "flows.prefect.flow_runs:close_served")
        raise AforoError([child.ended_early("Prefect's runner", code)])
