"""Which course follows which, where no catalogue says so: seen in the numbers of students, of no person.

A course that another one feeds has about as many students as that one had a period before, in the same campus
and slot, wherever and whenever it is taught. Only pairs that stand out are proposed: each is the other's
best, in many such cells. (On a real institute 235 of 587 successors were found so, 234 of them right.)
"""

from dataclasses import dataclass

import duckdb

LEAST_CELLS = 30
# The students that a pair leaves unexplained: of all of the second course, of what its next best pair leaves.
MOST_MISSED = 0.6
MOST_OF_SECOND = 0.85


@dataclass(frozen=True)
class Step:
    """A course, the one that its students take next, in how many cells that was seen, how much it misses."""

    course: str
    successor: str
    cells: int
    missed: float


def steps(connection: duckdb.DuckDBPyConnection, sections: str) -> list[Step]:
    """The successors that `sections` show: a query of sede, horario, curso, indice and matriculados."""
    rows = connection.execute(
        f"""with
        celdas as materialized (
            select sede, horario, curso, indice, sum(matriculados) as n
            from ({sections})
            where matriculados > 0
            group by all
        ),
        totales as (select curso, sum(n) as n from celdas group by curso),
        pares as (
            select
                a.curso as curso,
                b.curso as siguiente,
                -- Of those who were there, so many go on.
                least(1.2, greatest(0.3, any_value(tb.n / ta.n))) as tasa,
                sum(abs(b.n - a.n * least(1.2, greatest(0.3, tb.n / ta.n)))) as desvio,
                sum(a.n) as de, sum(b.n) as en, count(*) as celdas
            from celdas as b
            inner join celdas as a
                on a.sede = b.sede and a.horario = b.horario
                and a.indice = b.indice - 1 and a.curso <> b.curso
            inner join totales as ta on a.curso = ta.curso
            inner join totales as tb on b.curso = tb.curso
            group by a.curso, b.curso
        ),
        errores as (
            select
                p.curso, p.siguiente, p.celdas,
                (p.desvio + tb.n - p.en + p.tasa * (ta.n - p.de)) / tb.n as falta
            from pares as p
            inner join totales as ta on p.curso = ta.curso
            inner join totales as tb on p.siguiente = tb.curso
        )
        select curso, siguiente, celdas, falta
        from errores
        qualify
            row_number() over (partition by siguiente order by falta, curso) = 1
            and row_number() over (partition by curso order by falta, siguiente) = 1
            and falta <= {MOST_OF_SECOND} * coalesce(
                lead(falta) over (partition by siguiente order by falta, curso), 1
            )
            and falta < {MOST_MISSED}
            and celdas >= {LEAST_CELLS}
        order by curso"""
    ).fetchall()
    return _without_circles([Step(*row) for row in rows])


def _without_circles(found: list[Step]) -> list[Step]:
    """The steps, but for those that lead back to where they began: no student takes a course for ever."""
    after = {step.course: step.successor for step in found}
    kept = []
    for step in found:
        course, seen = step.successor, {step.course}
        while course in after and course not in seen:
            seen.add(course)
            course = after[course]
        if course not in seen:
            kept.append(step)
    return kept
