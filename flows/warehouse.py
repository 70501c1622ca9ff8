"""The few questions that the flow asks of the warehouse while no dbt has it open."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb

from flows.settings import Home


@dataclass(frozen=True)
class Capture:
    """A capture of the source's programacion: from where, and when (UTC)."""

    source: str
    at: datetime


def captures(home: Home) -> list[Capture]:
    """Every capture that is in the warehouse, the oldest first; none where there is no warehouse yet."""
    rows = _rows(
        home,
        """select origen, capturada_en from landing.capturas
        where tabla = 'programacion' and filas > 0 order by capturada_en""",
    )
    return [Capture(source, at) for source, at in rows]


def forecast_dates(home: Home, platinum: str) -> list[date]:
    """The days on which forecasts are made, of every period in the schema `platinum`."""
    rows = _rows(
        home,
        f"""select distinct fecha_pronostico from {platinum}.dim_periodos
        where fecha_pronostico is not null order by 1""",
    )
    return [day for (day,) in rows]


def _rows(home: Home, query: str) -> list[Any]:
    if not home.warehouse.exists():
        return []
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        try:
            return connection.execute(query).fetchall()
        except duckdb.CatalogException:
            # A table that is not there yet says the same as a warehouse that is not there yet.
            return []
