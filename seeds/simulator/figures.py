"""The calibration figures of a written institute: `python -m seeds.simulator.figures [FOLDER] [TRUTH]`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb

SEEDS = Path(__file__).resolve().parents[1]
RETENTION = (1.24, 0.92, 0.89, 0.92, 0.93, 0.96, 0.93, 0.98, 0.96, 0.90, 0.95, 0.88)
FULL = 0.53

# Students per cell and period under today's codes; held = closed, or open with students.
VIEWS = """
create view held as
select p.*, e.curso_actual, h.horario_actual, k.indice, k.estacion
from programacion as p
join equivalencia_cursos as e using (curso)
join horarios as h using (horario)
join calendario as k using (periodo)
where p.estado in ('cerrado', 'abierto') and p.matriculados > 0;

create view cells as
select indice, estacion, sede, curso_actual, horario_actual, sum(matriculados) as y
from held group by all;

-- where the successor is a summer course and the summer is over, its own successor
create view steps as
select
    c.curso_actual, c.duracion_meses, c.es_inicial, c.es_estacional, n.curso_actual as next_course,
    case when n.es_estacional then n.curso_siguiente else n.curso_actual end as after_summer
from cursos as c left join cursos as n on n.curso_actual = c.curso_siguiente;

create view courses as
select indice, estacion, curso_actual, sum(y) as y from cells group by all;

create view rule as
select indice, sede, curso_actual, horario_actual, sum(yhat) as yhat from (
    select f.indice + s.duracion_meses as indice, f.sede,
        case when k.estacion <= 2 then s.next_course else s.after_summer end as curso_actual,
        f.horario_actual, f.y as yhat
    from cells as f join steps as s using (curso_actual)
    join calendario as k on k.indice = f.indice + s.duracion_meses
    where s.next_course is not null
    union all
    select f.indice + o.ago, f.sede, f.curso_actual, f.horario_actual, f.y / 3.0
    from cells as f join steps as s using (curso_actual) cross join (values (1), (2), (3)) as o (ago)
    where s.es_inicial and not s.es_estacional
) group by all;
"""

RETENTION_SQL = """
with pairs as (
    select s.indice, s.estacion, s.curso_actual, s.y, sum(p.y) as before
    from courses as s
    join steps as t on t.next_course = s.curso_actual
    join courses as p on p.curso_actual = t.curso_actual and p.indice = s.indice - t.duracion_meses
    group by all
),
periods as (select indice, estacion, sum(y) / sum(before) as ratio from pairs group by all)
select estacion, median(ratio) from periods
where indice > (select min(indice) + 1 from courses) group by all order by all
"""
FULL_SQL = "select avg((matriculados >= vacantes)::int) from held"
CANCELLED_SQL = "select {by}, avg((estado = 'cancelado')::int) from programacion group by all order by all"
LIVES_SQL = """
with lives as (select sede, curso_actual, horario_actual, count(*) as n from cells group by all)
select avg((n < 8)::int), avg((n = (select count(distinct indice) from cells))::int) from lives
"""
TRUTH_SQL = """
select sum(abs(esperado - realizado)) / sum(realizado) from truth where h = 1
"""
# the same periods, cells and realised students as the truth at h = 1
RULE_SQL = """
with forecast as (
    select k.periodo, r.* exclude (indice) from rule as r join calendario as k using (indice)
    where k.periodo in (select periodo from truth where h = 1)
),
real as (select * from truth where h = 1)
select sum(abs(coalesce(f.yhat, 0) - coalesce(t.realizado, 0))) / sum(t.realizado)
from forecast as f full join real as t using (periodo, sede, curso_actual, horario_actual)
"""


def connect(folder: Path, truth: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A database with the raw tables of a folder as views, `truth`, and the views that figures need."""
    connection = duckdb.connect()
    for path in sorted(folder.iterdir()):
        connection.execute(f"create view {path.stem} as from '{path}'")
    connection.execute(VIEWS)
    if truth is not None:
        connection.execute(f"create view truth as from '{truth / 'esperado.parquet'}'")
    return connection


def retention(connection: duckdb.DuckDBPyConnection) -> dict[int, float]:
    """Successors' students over their predecessors' (one period ago, or two), pooled over all campuses.

    One ratio a period; of a month, the median over the years.
    """
    return dict(connection.execute(RETENTION_SQL).fetchall())


def full_share(connection: duckdb.DuckDBPyConnection) -> float:
    """Share of held sections with as many students as seats."""
    return _one(connection, FULL_SQL)[0]


def cancelled_by(connection: duckdb.DuckDBPyConnection, what: str) -> dict[int, float]:
    """Share of planned sections that were cancelled, by an expression over `programacion`."""
    return dict(connection.execute(CANCELLED_SQL.format(by=what)).fetchall())


def lifetimes(connection: duckdb.DuckDBPyConnection) -> tuple[float, float]:
    """Share of cells held in fewer than eight periods, and in every period."""
    short, whole = _one(connection, LIVES_SQL)
    return short, whole


def truth_wape(connection: duckdb.DuckDBPyConnection) -> float:
    """WAPE of the true expected value, one step ahead, all origins."""
    return _one(connection, TRUTH_SQL)[0]


def rule_wape(connection: duckdb.DuckDBPyConnection) -> float:
    """WAPE of the simple rule: predecessor's students; for entry courses the mean of three periods."""
    return _one(connection, RULE_SQL)[0]


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    row = connection.execute(sql).fetchone()
    assert row is not None
    return row


def main() -> None:
    """Print every figure beside its target, as a Markdown table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else SEEDS / "demo_institute"
    truth = Path(sys.argv[2]) if len(sys.argv) > 2 else SEEDS / "demo_truth"
    db = connect(folder, truth)
    short, whole = lifetimes(db)
    rows: list[tuple[str, float | str, float]] = [
        (f"retention, month {m}", RETENTION[m - 1], v) for m, v in retention(db).items()
    ]
    rows += [("full held sections", FULL, full_share(db))]
    rows += [(f"cancelled, {y}", ".11-.23", v) for y, v in cancelled_by(db, "periodo // 100").items()]
    bulk = {p: v for p, v in cancelled_by(db, "periodo").items() if v >= 0.3}
    rows += [(f"cancelled in bulk, {p}", ".36-.58", v) for p, v in bulk.items()]
    rows += [
        ("cells held in fewer than 8 periods", 0.50, short),
        ("cells held in all periods", "< .10", whole),
    ]
    rows += [("WAPE of the true expectation, h = 1", ".12-.20", truth_wape(db))]
    rows += [("WAPE of the simple rule, h = 1", ".25-.35", rule_wape(db))]
    print("| figure | target | demo |\n| --- | --- | --- |")
    print("\n".join(f"| {name} | {target} | {value:.3f} |" for name, target, value in rows))


if __name__ == "__main__":
    main()
