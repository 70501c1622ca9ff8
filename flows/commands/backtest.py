"""The backtest by itself: the production path from past origins, judged; nothing is published."""

import sys
import time
from typing import Annotated, Any

import duckdb
import typer

from flows import settings
from flows.commands.options import AsJson, Home, Horizon, Quiet, echo, explained
from flows.dbt import diagnosis
from flows.dbt.runner import TRANSFORM, Variables, run_dbt
from flows.errors import AforoError, Problem
from flows.home import lock, upgrade, warehouse
from flows.language import t
from flows.project import version_variables
from flows.screen import terminal
from flows.screen.progress import Progress
from flows.screen.table import table
from flows.settings import Settings

ORIGINS = 12
COLUMNS = ["horizonte", "modelo", "origenes", "wape", "sesgo"]


def run(asked: Settings, origins: int, listener: Progress) -> list[dict[str, Any]]:
    """Forecast from the newest `origins` past periods of the last capture and judge each by what came.

    Returns the cells' pooled errors, a dict a horizon and model (COLUMNS), the best first. The marts of the
    warehouse are rebuilt; the published file is not touched. AforoError where nothing was captured yet.
    """
    if warehouse.first_capture(asked.home) is None:
        where = asked.home.root
        raise AforoError(
            [Problem(t("nothing was captured yet in {where}", where=where), t("run `aforo run` once"))]
        )
    variables = Variables(
        version_variables(),
        {"periodo": asked.period, "horizonte": asked.horizon, "origenes_backtest": origins},
    )
    with lock.exclusive(asked.home, "aforo backtest"):
        upgrade.upgrade(asked.home)
        listener.step_started("transform")
        started = time.monotonic()
        result = run_dbt(TRANSFORM, asked, variables, listener.node)
        state = "done" if result.ok else "failed"
        listener.step_ended("transform", state, time.monotonic() - started)
        if not result.ok:
            raise diagnosis.failure(result, asked.home)
        return _errors(asked)


def _errors(asked: Settings) -> list[dict[str, Any]]:
    with duckdb.connect(str(asked.home.warehouse), read_only=True) as connection:
        rows = connection.execute(
            f"""select {", ".join(COLUMNS)} from marts.exactitud
            where nivel_jerarquia = 'celda' and corte = 'todo' order by horizonte, wape"""
        ).fetchall()
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def as_text(errors: list[dict[str, Any]]) -> list[str]:
    """The errors as aligned lines."""
    shown = [
        [e["horizonte"], e["modelo"], e["origenes"], f"{e['wape']:.3f}", f"{e['sesgo']:+.3f}"]
        for e in errors
        if e["wape"] is not None
    ]
    return table([["horizon", "model", "origins", "WAPE", "bias"], *shown])


def command(
    home: Home = None,
    origins: Annotated[
        int, typer.Option(min=1, max=60, help="How many past periods to forecast from.")
    ] = ORIGINS,
    period: Annotated[
        int | None, typer.Option(help="Judge only periods before this one. Else all that are known.")
    ] = None,
    horizon: Horizon = settings.DEFAULT_HORIZON,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Forecast from past periods of the last capture and say how wrong it was. Nothing is published."""
    asked = settings.resolve(home=home, period=period, horizon=horizon)
    settings.prepare_environment(asked.home)
    with explained(asked.home), terminal.progress_on(sys.stderr, quiet or as_json) as progress:
        errors = run(asked, origins, progress)
    echo(errors, as_text(errors), as_json)
