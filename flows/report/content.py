"""What the report shows, as compact columns: names once, integers as codes into them.

The page's scripts (static/) read it by these names; every number is a mart's own, at most rounded.
"""

from typing import Any

import duckdb

from flows.report import accuracy, overview, plan, series
from flows.report.names import Names
from flows.report.queries import tables


def of(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The content of the report of a published file."""
    names = Names(connection)
    there = tables(connection)
    return {
        "corrida": overview.run(connection),
        "periodos": names.periods.as_columns(),
        "sedes": names.sites,
        "programas": names.programmes,
        "cursos": names.courses_as_columns(),
        "horarios": names.slots_as_columns(),
        "resumen": overview.glance(connection, names, with_plan="plan_apertura" in there),
        "calor": overview.heat(connection, names),
        "plan": plan.rows_of(connection, names) if "plan_apertura" in there else None,
        "series": series.all_levels(connection, names),
        "exactitud": accuracy.backtest(connection, names),
        "publicados": accuracy.published(connection, names),
        "frontera": accuracy.frontier(connection) if "frontera_plan" in there else {},
        "fuentes": overview.sources(connection),
    }
