"""History and forecast of every series that the page can draw, from the whole institute down to a cell."""

from typing import Any

import duckdb

from flows.report.names import Names
from flows.report.queries import Row, columns, rows, short

LEVELS = ("total", "sede", "programa", "sede_programa", "curso", "sede_curso", "sede_horario", "celda")
_QUANTILES = 5


def all_levels(connection: duckdb.DuckDBPyConnection, names: Names) -> dict[str, Any]:
    """The series that have a forecast: codes of their names, students since the first, forecast by horizon.

    A forecast is media, q10, q90, q025, q975, one after the other for each horizon; of a programme or course
    of several campuses the media alone, as quantiles do not add up.
    """
    history = _history(connection, names)
    horizons = len(names.periods.found) - names.periods.known
    forecasts: dict[Row, list[Any]] = {}
    for level, site, programme, course, slot, horizon, *numbers in rows(connection, _FORECASTS):
        if len(names.sites) == 1 and level in ("programa", "curso"):
            continue
        key = (level, site, programme, course, slot)
        forecast = forecasts.setdefault(key, [None] * (_QUANTILES * horizons))
        start = _QUANTILES * (horizon - 1)
        forecast[start : start + _QUANTILES] = [short(number) for number in numbers]
    found = [
        (*_codes(names, key), *history.get(key, (0, [])), forecast)
        for key, forecast in sorted(forecasts.items(), key=lambda item: _order(names, item[0]))
    ]
    shown = ("nivel", "sede", "programa", "curso", "horario", "desde", "alumnos", "pronostico")
    return columns(shown, found) | {"niveles": list(LEVELS)}


def _history(connection: duckdb.DuckDBPyConnection, names: Names) -> dict[Row, tuple[int, list[int]]]:
    """Students of each series, one number a period, from its first one on."""
    places = names.periods.indexes()
    known = names.periods.known
    found = {}
    for level, site, programme, course, slot, indexes, students in rows(connection, _HISTORY):
        by_place = {
            places[index]: count for index, count in zip(indexes, students, strict=True) if index in places
        }
        if by_place:
            first = min(by_place)
            numbers = [by_place.get(place, 0) for place in range(first, known)]
            found[(level, site, programme, course, slot)] = (first, numbers)
    return found


def _codes(names: Names, key: Row) -> Row:
    level, site, programme, course, slot = key
    return (
        LEVELS.index(level),
        names.site.get(site),
        names.programme.get(programme),
        names.course.get(course),
        names.slot.get(slot),
    )


def _order(names: Names, key: Row) -> tuple[int, ...]:
    return tuple(-1 if code is None else code for code in _codes(names, key))


# A level's key has its own columns alone.
_FORECASTS = """
    with jerarquia as (
        select
            nivel_jerarquia, sede, case when nivel_jerarquia = 'sede_programa' then programa end as programa,
            curso_actual, horario_actual, horizonte, media, q10, q90, q025, q975, programa as su_programa
        from marts.prediccion_jerarquia
    )
    select * exclude (su_programa) from jerarquia
    union all
    select 'celda', sede, null, curso_actual, horario_actual, horizonte, media, q10, q90, q025, q975
    from marts.prediccion_detalle
    union all
    select
        'programa', null, su_programa, null, null, horizonte, sum(media),
        case when count(*) = 1 then any_value(q10) end, case when count(*) = 1 then any_value(q90) end,
        case when count(*) = 1 then any_value(q025) end, case when count(*) = 1 then any_value(q975) end
    from jerarquia
    where nivel_jerarquia = 'sede_programa'
    group by su_programa, horizonte
    union all
    select
        'curso', null, null, curso_actual, null, horizonte, sum(media),
        case when count(*) = 1 then any_value(q10) end, case when count(*) = 1 then any_value(q90) end,
        case when count(*) = 1 then any_value(q025) end, case when count(*) = 1 then any_value(q975) end
    from jerarquia
    where nivel_jerarquia = 'sede_curso'
    group by curso_actual, horizonte
"""

_HISTORY = """
    with por_periodo as (
        select
            p.indice, h.sede, h.programa, h.curso_actual, h.horario_actual,
            sum(h.alumnos)::integer as alumnos,
            case grouping(h.sede, h.programa, h.curso_actual, h.horario_actual)
                when 15 then 'total' when 7 then 'sede' when 11 then 'programa' when 3 then 'sede_programa'
                when 13 then 'curso' when 5 then 'sede_curso' when 6 then 'sede_horario' else 'celda'
            end as nivel
        from marts.historia as h
        inner join marts.dim_periodos as p using (periodo)
        group by grouping sets (
            (p.indice), (p.indice, h.sede), (p.indice, h.programa), (p.indice, h.sede, h.programa),
            (p.indice, h.curso_actual), (p.indice, h.sede, h.curso_actual),
            (p.indice, h.sede, h.horario_actual), (p.indice, h.sede, h.curso_actual, h.horario_actual)
        )
    )
    select
        nivel, sede, programa, curso_actual, horario_actual,
        list(indice order by indice), list(alumnos order by indice)
    from por_periodo
    group by nivel, sede, programa, curso_actual, horario_actual
"""
