"""The class plan's rows: what to open, to watch and to join."""

import re
from typing import Any

import duckdb

from flows.report.names import Names
from flows.report.queries import columns, rows, short

ACTIONS = ("abrir", "abrir_menos", "vigilar", "unir", "no_abrir")
SHOWN = (
    "h", "accion", "sede", "curso", "horario", "alumnos", "secciones", "prob", "programadas", "faltante",
    "sobrante", "razon",
)  # fmt: skip
# A reason begins with the students expected, which have a column of their own.
_STUDENTS = re.compile(r"^[\d.,]+ alumnos esperados\. (?=.)")


def rows_of(connection: duckdb.DuckDBPyConnection, names: Names) -> dict[str, Any]:
    """The cells that ask for an action; of the period that decides also those that somebody may come to."""
    found = (
        (
            horizon,
            ACTIONS.index(action),
            names.site[site],
            names.course[course],
            names.slot[slot],
            short(students),
            sections,
            None if chance is None else round(100 * chance),
            planned,
            lacking,
            spare,
            _STUDENTS.sub("", reason),
        )
        for (
            horizon, action, site, course, slot, students, sections, chance, planned, lacking, spare, reason,
        ) in rows(connection, _ROWS)
    )  # fmt: skip
    return columns(SHOWN, found) | {"acciones": list(ACTIONS)}


_ROWS = """
    select
        horizonte, accion, sede, curso_actual, horario_actual, alumnos_esperados, secciones, prob_minimo,
        secciones_programadas, faltante, sobrante, razon
    from marts.plan_apertura
    where
        accion in ('abrir', 'abrir_menos', 'vigilar', 'unir')
        or (accion = 'no_abrir' and (sobrante > 0 or (horizonte = 1 and alumnos_esperados >= 1)))
    order by horizonte, sede, curso_actual, horario_actual
"""
