"""The names of the report: periods, campuses, programmes, courses and slots, each with its place as code."""

from dataclasses import dataclass
from typing import Any

import duckdb

from flows.report.queries import columns, rows

# What a chart of the past can show without becoming noise: four years of months.
HISTORY = 48


@dataclass(frozen=True)
class Periods:
    """The periods shown, in order: the last known ones and those forecast."""

    found: list[tuple[Any, ...]]

    def place(self) -> dict[int, int]:
        """Each period's place in the list."""
        return {row[1]: place for place, row in enumerate(self.found)}

    def indexes(self) -> dict[int, int]:
        """The place of each index of the calendar."""
        return {row[0]: place for place, row in enumerate(self.found)}

    @property
    def known(self) -> int:
        """How many of them are no forecast."""
        return sum(row[7] is None for row in self.found)

    @property
    def cycle(self) -> int:
        """Periods of a year."""
        return int(self.found[-1][8])

    def as_columns(self) -> dict[str, Any]:
        """For the page."""
        names = ("indice", "periodo", "nombre", "estacion", "inicio", "fin", "estado", "h", "ciclo")
        return columns(names, self.found)


class Names:
    """What the codes of the content stand for."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Reads them from the dimensions of a published file."""
        self.periods = Periods(rows(connection, _PERIODS))
        self.sites = [name for (name,) in rows(connection, _SITES)]
        self.slots = rows(connection, _SLOTS)
        courses = rows(connection, _COURSES)
        self.programmes = sorted({course[2] for course in courses})
        self.courses = courses
        self.site = {name: place for place, name in enumerate(self.sites)}
        self.slot = {slot[0]: place for place, slot in enumerate(self.slots)}
        self.course = {course[0]: place for place, course in enumerate(courses)}
        self.programme = {name: place for place, name in enumerate(self.programmes)}

    def courses_as_columns(self) -> dict[str, Any]:
        """Courses; one whose name is its code has none."""
        return columns(
            ("codigo", "nombre", "programa"),
            (
                (code, name if name != code else None, self.programme[programme])
                for code, name, programme in self.courses
            ),
        )

    def slots_as_columns(self) -> dict[str, Any]:
        """Time slots, in the order of their hours."""
        return columns(("nombre", "turno", "franja"), self.slots)


_PERIODS = f"""
    with mostrados as (
        select * from marts.dim_periodos where horizonte is not null or estado in ('cerrado', 'abierto')
    ),
    corte as (select min(indice) filter (where horizonte is not null) - 1 as indice from mostrados)
    select
        p.indice, p.periodo, p.nombre, p.estacion, strftime(p.fecha_inicio, '%Y-%m-%d'),
        strftime(p.fecha_fin, '%Y-%m-%d'), p.estado, p.horizonte, p.estaciones_por_ciclo
    from mostrados as p
    cross join corte as c
    where p.indice > c.indice - {HISTORY} and (p.horizonte is not null or p.indice <= c.indice)
    order by p.indice
"""

# Only what a forecast or a shown period names; a name that no dimension has is one all the same.
_SITES = """
    select sede from marts.prediccion_detalle union select sede from marts.historia order by sede
"""

_SLOTS = """
    with usados as (
        select horario_actual from marts.prediccion_detalle union select horario_actual from marts.historia
    )
    select u.horario_actual, h.turno, h.franja
    from usados as u
    left join marts.dim_horarios as h using (horario_actual)
    order by min(h.orden) over (partition by h.turno) nulls last, h.orden nulls last, u.horario_actual
"""

_COURSES = """
    with usados as (
        select curso_actual, programa from marts.prediccion_detalle
        union
        select curso_actual, programa from marts.historia
    )
    select u.curso_actual, any_value(c.nombre), any_value(u.programa)
    from usados as u
    left join marts.dim_cursos as c using (curso_actual)
    group by u.curso_actual
    order by u.curso_actual
"""
