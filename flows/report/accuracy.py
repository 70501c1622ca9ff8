"""Where past forecasts were right and wrong: the backtest, what was published, and the plan's frontier."""

from typing import Any

import duckdb

from flows.quoting import literal
from flows.report.names import Names
from flows.report.queries import Row, columns, rows, short
from flows.screen.summary import RULES

# As many as a planner reads.
MISSES = 8


def backtest(connection: duckdb.DuckDBPyConnection, names: Names) -> dict[str, Any]:
    """The errors one period ahead by period, campus, programme and kind of demand, and a simple rule's."""
    found = [
        (cut, value, round(students), _share(error), _share(bias), _share(rule), _share(covered), origins)
        for cut, value, students, error, bias, rule, covered, _, origins, _ in cuts(connection)
    ]
    periods = [
        (names.periods.indexes()[index], round(came), round(forecast))
        for index, came, forecast in rows(connection, _BY_PERIOD)
        if index in names.periods.indexes()
    ]
    shown = ("corte", "valor", "alumnos", "wape", "sesgo", "regla", "dentro", "origenes")
    return {
        "cortes": columns(shown, found),
        "periodos": columns(("p", "real", "pronostico"), periods),
        "regla": (rows(connection, _RULE) or [(None,)])[0][0],
    }


def cuts(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The errors of cells one period ahead, pooled and by campus, programme and kind of demand.

    Rows (corte, valor, students, WAPE, bias, the best simple rule's WAPE, share in the 80 and in the 95 %
    interval, origins, that rule), each cut's largest first.
    """
    return rows(connection, _CUTS)


def published(connection: duckdb.DuckDBPyConnection, names: Names) -> dict[str, Any]:
    """What was published one period ahead beside what came: by period, and the largest misses."""
    places = names.periods.place()
    periods = [
        (places[period], forecast, came, wrong, _share(inside))
        for period, forecast, came, wrong, inside in rows(connection, _PUBLISHED)
        if period in places
    ]
    misses = [
        (names.site.get(site), names.course.get(course), names.slot.get(slot), forecast, came)
        for site, course, slot, forecast, came in rows(connection, _MISSES)
    ]
    return {
        "periodos": columns(("p", "pronostico", "real", "error", "dentro"), periods),
        "fallos": columns(("sede", "curso", "horario", "pronostico", "real"), misses),
    }


def frontier(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Cancelled sections against students turned away: the plan's curve and the other plans as points."""
    found = rows(
        connection,
        """select plan, costo_cancelacion, cancelaciones, rechazados, secciones, origenes
        from marts.frontera_plan
        where horizonte = 1 and periodos = 'todos'
        order by plan, costo_cancelacion""",
    )
    return columns(("plan", "costo", "cancelaciones", "rechazados", "secciones", "origenes"), found)


def _share(value: float | None) -> float | int | None:
    """A share as percent."""
    return None if value is None else short(100 * float(value))


# The best simple rule of all cells: the one that a planner could have used instead.
_BEST = f"""
    mejor as (
        select modelo
        from marts.exactitud
        where nivel_jerarquia = 'celda' and corte = 'todo' and horizonte = 1 and wape is not null
            and modelo in ({", ".join(map(literal, RULES))})
        order by wape, modelo
        limit 1
    )
"""

_RULE = f"with {_BEST} select modelo from mejor"

_CUTS = f"""
    with {_BEST}
    select a.corte, a.valor, a.alumnos, a.wape, a.sesgo, r.wape, a.cobertura_80, a.cobertura_95, a.origenes,
        mejor.modelo
    from marts.exactitud as a
    left join mejor on true
    left join marts.exactitud as r
        on r.modelo = mejor.modelo and r.nivel_jerarquia = a.nivel_jerarquia and r.corte = a.corte
        and r.valor = a.valor and r.horizonte = a.horizonte
    where a.nivel_jerarquia = 'celda' and a.modelo = 'aforo' and a.horizonte = 1 and a.corte <> 'origen'
        and a.wape is not null
    order by a.corte, a.alumnos desc, a.valor
"""

# The backtest's origin is the last period known: what was forecast is the one after it.
_BY_PERIOD = """
    select p.indice + 1, e.alumnos, e.alumnos * (1 + e.sesgo)
    from marts.exactitud as e
    inner join marts.dim_periodos as p on e.valor = p.periodo::varchar
    where e.nivel_jerarquia = 'total' and e.corte = 'origen' and e.modelo = 'aforo' and e.horizonte = 1
        and e.sesgo is not null
    order by p.indice
"""

_PUBLISHED = """
    select
        periodo, sum(predict_alumnos)::integer, sum(alumnos)::integer, sum(error_absoluto)::integer,
        avg(dentro_80::integer) filter (where es_pronosticada)
    from marts.pronostico_y_real
    inner join marts.dim_periodos as p using (periodo)
    where pronostico_y_real.horizonte = 1 and es_ultima and es_final
    group by periodo, p.indice
    order by p.indice
"""

_MISSES = f"""
    with finales as (
        select f.*, p.indice
        from marts.pronostico_y_real as f
        inner join marts.dim_periodos as p using (periodo)
        where f.horizonte = 1 and f.es_ultima and f.es_final
    )
    select sede, curso_actual, horario_actual, predict_alumnos, alumnos
    from finales
    where indice = (select max(indice) from finales) and error_absoluto > 0
    order by error_absoluto desc, sede, curso_actual, horario_actual
    limit {MISSES}
"""
