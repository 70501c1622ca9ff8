"""The period at a glance, demand by campus and slot, and the state of the sources."""

from typing import Any

import duckdb

from flows.language import of_sql
from flows.report.names import Names
from flows.report.queries import columns, rows, short

SPANISH = "es"


def run(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Which run made the report, and from what."""
    found = rows(
        connection,
        """select
            any_value(run_id), strftime(any_value(datos_al), '%Y-%m-%dT%H:%M'), any_value(estado_fuente),
            any_value(tablas_respaldo), strftime(any_value(as_of), '%Y-%m-%dT%H:%M'),
            any_value(periodo_origen)
        from marts.prediccion_detalle""",
    )
    names = ("id", "datos_al", "estado_fuente", "tablas_respaldo", "as_of", "periodo_origen")
    return dict(zip(names, found[0], strict=True))


def glance(connection: duckdb.DuckDBPyConnection, names: Names, with_plan: bool) -> list[dict[str, Any]]:
    """Each period forecast: students, sections, and the last known period and the last year's beside them."""
    known = {
        index: {"p": names.periods.indexes().get(index), "alumnos": students, "secciones": sections}
        for index, students, sections in rows(connection, _KNOWN)
    }
    plans = {row[0]: row[1:] for row in rows(connection, _PLANS)} if with_plan else {}
    forecasts = {row[0]: row[1:] for row in rows(connection, _FORECASTS)}
    held: dict[int, int] = dict(rows(connection, _HELD))
    origin = names.periods.found[names.periods.known - 1][0] if names.periods.known else None
    found = []
    for place, period in enumerate(names.periods.found[names.periods.known :], names.periods.known):
        index, horizon = period[0], period[7]
        media, *quantiles = forecasts[horizon]
        found.append(
            {
                "p": place,
                "h": horizon,
                "alumnos": round(media),
                "banda": [short(quantile) for quantile in quantiles],
                "celdas": held.get(horizon, 0),
                "anterior": known.get(origin) if origin is not None else None,
                "anio": known.get(index - names.periods.cycle),
                "plan": _plan(plans.get(horizon)),
            }
        )
    return found


def heat(connection: duckdb.DuckDBPyConnection, names: Names) -> dict[str, Any]:
    """Students expected by campus and slot, for each period forecast."""
    found = (
        (horizon, names.site[site], names.slot[slot], short(students), short(low), short(high), cells)
        for horizon, site, slot, students, low, high, cells in rows(connection, _HEAT)
    )
    return columns(("h", "sede", "horario", "alumnos", "q10", "q90", "celdas"), found)


def sources(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The state of each table of the source, with the reason in Spanish."""
    found = (
        (table, state, _in_spanish(reason), *numbers)
        for table, state, reason, *numbers in rows(
            connection,
            """select
                tabla, estado, motivo_estado, filas, strftime(capturada_en, '%Y-%m-%dT%H:%M'),
                round(edad_dias, 1), en_cuarentena
            from marts.salud_fuentes order by tabla""",
        )
    )
    return columns(("tabla", "estado", "motivo", "filas", "capturada", "edad", "cuarentena"), found)


def _in_spanish(reason: str | None) -> str | None:
    if reason is None:
        return None
    said = of_sql(reason, SPANISH)
    what, colon, without = reason.partition(": ")
    if said == reason and colon:
        return f"{of_sql(what, SPANISH)}: {of_sql(without, SPANISH)}"
    return said


def _plan(row: tuple[Any, ...] | None) -> dict[str, Any] | None:
    """The plan's sums; without sections where no cell could be decided, and then what is lacking."""
    if row is None:
        return None
    names = (
        "secciones", "vacantes", "cancelaciones", "rechazados", "programadas", "faltante", "sobrante",
        "abrir", "abrir_menos", "vigilar", "unir", "no_abrir", "sin_decidir", "falta",
    )  # fmt: skip
    found = dict(zip(names, row, strict=True))
    return found | {name: short(found[name]) for name in ("cancelaciones", "rechazados")}


_KNOWN = """
    select p.indice, sum(h.alumnos)::integer, sum(h.secciones)::integer
    from marts.historia as h
    inner join marts.dim_periodos as p using (periodo)
    group by p.indice
"""

_FORECASTS = """
    select horizonte, media, q10, q90, q025, q975
    from marts.prediccion_jerarquia
    where nivel_jerarquia = 'total'
"""

_HELD = """
    select horizonte, count(*) from marts.prediccion_detalle where predict_alumnos > 0 group by horizonte
"""

_PLANS = """
    select
        horizonte, sum(secciones)::integer, sum(vacantes)::integer, sum(cancelaciones_esperadas),
        sum(rechazados_esperados), sum(secciones_programadas)::integer, sum(faltante)::integer,
        sum(sobrante)::integer, count(*) filter (where accion = 'abrir'),
        count(*) filter (where accion = 'abrir_menos'), count(*) filter (where accion = 'vigilar'),
        count(*) filter (where accion = 'unir'), count(*) filter (where accion = 'no_abrir'),
        count(*) filter (where accion is null), mode(falta_dato)
    from marts.plan_apertura
    group by horizonte
"""

_HEAT = """
    with celdas as (
        select horizonte, sede, horario_actual, sum(media) as alumnos,
            count(*) filter (where predict_alumnos > 0) as celdas
        from marts.prediccion_detalle
        group by horizonte, sede, horario_actual
    ),
    bandas as (
        select horizonte, sede, horario_actual, q10, q90
        from marts.prediccion_jerarquia
        where nivel_jerarquia = 'sede_horario'
    )
    select c.horizonte, c.sede, c.horario_actual, c.alumnos, b.q10, b.q90, c.celdas
    from celdas as c
    left join bandas as b using (horizonte, sede, horario_actual)
    order by c.horizonte, c.sede, c.horario_actual
"""
