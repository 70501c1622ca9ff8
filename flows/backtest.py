"""The backtest by itself: the production path from past origins, judged; nothing is published."""

import time
from typing import Any

import duckdb

from flows import lock, messages, warehouse
from flows.dbt import TRANSFORM, Variables, run_dbt, version_variables
from flows.errors import AforoError, Problem
from flows.progress import Progress
from flows.settings import Settings
from flows.summary import table

COLUMNS = ["horizonte", "modelo", "origenes", "wape", "sesgo"]


def run(settings: Settings, origins: int, listener: Progress) -> list[dict[str, Any]]:
    """Forecast from the newest `origins` past periods of the last capture and judge each by what came.

    Returns the cells' pooled errors, a dict a horizon and model (COLUMNS), the best first. The marts of the
    warehouse are rebuilt; the published file is not touched. AforoError where nothing was captured yet.
    """
    if warehouse.first_capture(settings.home) is None:
        where = settings.home.root
        raise AforoError([Problem(f"nothing was captured yet in {where}", "run `aforo run` once")])
    variables = Variables(
        {
            **version_variables(),
            "periodo": settings.period,
            "horizonte": settings.horizon,
            "origenes_backtest": origins,
        }
    )
    with lock.exclusive(settings.home, "aforo backtest"):
        listener.step_started("transform")
        started = time.monotonic()
        result = run_dbt(TRANSFORM, settings, variables, listener.node)
        state = "done" if result.ok else "failed"
        listener.step_ended("transform", state, time.monotonic() - started)
        if not result.ok:
            raise messages.failure(result, settings.home)
        return _errors(settings)


def _errors(settings: Settings) -> list[dict[str, Any]]:
    with duckdb.connect(str(settings.home.warehouse), read_only=True) as connection:
        rows = connection.execute(
            f"""select {", ".join(COLUMNS)} from marts.exactitud
            where nivel = 'celda' and corte = 'todo' order by horizonte, wape"""
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
