"""The few questions that the flow asks of the warehouse while no dbt has it open.

Captures are ordered by their sequence, never by their time: a clock may have run backwards. (In a home from
before there was one, that is the order in which rows were appended, `rowid`: macros/captures.sql.)
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb

from flows.errors import Problem
from flows.language import t
from flows.quoting import literal
from flows.settings import Home


@dataclass(frozen=True)
class Capture:
    """The newest good capture of a contract table: from where, when (UTC), its rows and their fingerprint."""

    table: str
    source: str
    at: datetime
    rows: int
    fingerprint: str | None


@dataclass(frozen=True)
class Reading:
    """What a table was when it was read: its rows, its periods where it has any, its fingerprint."""

    rows: int
    periods: int | None
    fingerprint: str | None


@dataclass(frozen=True)
class Input:
    """A table of the contract as a run knows it: its rows and their hash, the same for the same rows in any
    order (of the same DuckDB)."""

    table: str
    rows: int
    hash: str | None


def damaged(warehouse: Path, how: str) -> Problem:
    """That the warehouse can't be used, and the way on."""
    return Problem(
        t("the warehouse {warehouse} is damaged: {how}", warehouse=warehouse, how=how),
        t("run `aforo restore`, which makes it anew from the copy of its history; what is published stays"),
    )


def problem(home: Home) -> Problem | None:
    """What is wrong with the warehouse, as far as it shows without opening it: a run may hold it."""
    try:
        with home.warehouse.open("rb") as file:
            header = file.read(12)
    except FileNotFoundError:
        return damaged(home.warehouse, "it is gone") if home.history_copy.exists() else None
    if header[8:] == b"DUCK" or (not header and not home.history_copy.exists()):
        return None
    return damaged(home.warehouse, "it is empty" if not header else "it is not a DuckDB file")


def captures(home: Home) -> list[Capture]:
    """The newest capture of each table, whatever its source was called."""
    rows = _rows(
        home,
        f"""select tabla, origen, capturada_en, filas, huella from landing.capturas
        qualify row_number() over (partition by tabla order by {_sequence(home)} desc, rowid desc) = 1
        order by tabla""",
    )
    return [Capture(*row) for row in rows]


def inputs(home: Home, as_of: str | None = None) -> list[Input]:
    """The captures that a run stands on now, or as of a moment (UTC): those of the model raw__capturas."""
    sequence = _sequence(home)
    until = "true" if as_of is None else f"capturada_en <= cast({literal(as_of)} as timestamp)"
    rows = _rows(
        home,
        f"""select tabla, filas, huella
        from landing.capturas
        where {sequence} <= (
            select max({sequence}) from landing.capturas where {until}
        )
        qualify row_number() over (partition by tabla order by {sequence} desc, rowid desc) = 1
        order by tabla""",
    )
    return [Input(*row) for row in rows]


def sources(home: Home) -> set[str]:
    """What the sources were called that anything was ever captured from."""
    return {name for (name,) in _rows(home, "select distinct origen from landing.capturas where filas > 0")}


def latest(home: Home) -> tuple[str, datetime] | None:
    """The table and time (UTC) of the capture with the latest time, be it of a clock that was wrong."""
    found = _rows(home, "select tabla, capturada_en from landing.capturas order by capturada_en desc limit 1")
    return found[0] if found else None


def last_change(home: Home) -> datetime | None:
    """When something was last captured that was not as before (UTC); None before the first capture."""
    found = _rows(home, "select max(capturada_en) from landing.capturas where cambios > 0")
    return found[0][0] if found else None


def first_capture(home: Home) -> datetime | None:
    """When programacion was first captured (UTC)."""
    found = _rows(
        home, "select min(capturada_en) from landing.capturas where tabla = 'programacion' and filas > 0"
    )
    return found[0][0] if found else None


def readings(home: Home) -> dict[str, Reading]:
    """table -> what was read last."""
    rows = _rows(
        home,
        "select tabla, filas, periodos, huella from landing.contenidos",
    )
    return {table: Reading(*row) for table, *row in rows}


def formats(home: Home) -> dict[str, str]:
    """table -> how its files were read last: format, encoding, separator and decimal sign, mapping."""
    rows = _rows(
        home,
        """select
            tabla,
            string_agg(distinct concat_ws(', ',
                formato, codificacion, 'separator ' || separador, 'decimal ' || decimal, 'mapping ' || mapeo
            ), '; ')
        from landing.lecturas group by tabla""",
    )
    return dict(rows)


def vacuums(home: Home) -> int:
    """How many vacuums have deleted something."""
    found = _rows(home, "select count(*) from landing.vaciados")
    return int(found[0][0]) if found else 0


def last_vacuum(home: Home) -> tuple[datetime, list[datetime], list[dict[str, Any]]]:
    """The newest vacuum: its cut, the moments that it kept, its tables with their rows before and after."""
    query = "select corte, momentos, tablas from landing.vaciados order by rowid desc limit 1"
    (found,) = _rows(home, query)
    cut, moments, tables = found
    return cut, moments, tables


def transformed(home: Home) -> str | None:
    """The key of what the tables above raw stand on; None where they are not whole."""
    found = _rows(home, "select clave from landing.transformaciones order by terminada_en desc limit 1")
    return found[0][0] if found else None


def forecast_dates(home: Home, platinum: str) -> list[date]:
    """The days on which forecasts are made, of every period in the schema `platinum`."""
    rows = _rows(
        home,
        f"""select distinct fecha_pronostico from {platinum}.dim_periodos
        where fecha_pronostico is not null order by 1""",
    )
    return [day for (day,) in rows]


def _sequence(home: Home) -> str:
    found = _rows(
        home,
        """select column_name from duckdb_columns()
        where schema_name = 'landing' and table_name = 'capturas' and column_name = 'secuencia'""",
    )
    return "secuencia" if found else "rowid"


def _rows(home: Home, query: str) -> list[Any]:
    if not home.warehouse.exists():
        return []
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        try:
            return connection.execute(query).fetchall()
        except duckdb.CatalogException:
            # A table that is not there yet says the same as a warehouse that is not there yet.
            return []
