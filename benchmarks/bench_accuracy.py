"""The accuracy tables: the product beside every rule and model, all computed in the same run.

`make bench-accuracy` forecasts the demo institute and, where it is there, ../shared/data/institute from
the last twelve origins (`--origins N`), once without and once with the learner, and prints from the
warehouse: the error of the published point, of the rules and of the base forecasts, beside AutoETS with
MinT (`reference_auto_ets.py`); the coverage of the intervals; the distribution beside the five quantiles;
sections by the classical rule; candidates; the chance of being held; on the demo, the error
of the true expected value.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks.reference_auto_ets import forecast
from flows.project import schema_of

ROOT = Path(__file__).parents[1]
INSTITUTE = ROOT.parent / "shared" / "data" / "institute"
DEMO = ROOT / "seeds" / "demo_institute"
TRUTH = ROOT / "seeds" / "demo_truth" / "esperado.parquet"
SUMMER = 202412
RAW, PLATINUM, FEATURES = schema_of("raw"), schema_of("platinum"), schema_of("features")
TARGET, PREDICTIONS = schema_of("target"), schema_of("predictions")

# Every cell that a model forecast or that was held, with the number that is published (aforo) or the model's
# own; entry is what the catalogue calls es_inicial. The published numbers are set apart first: a join on
# conditions of one side alone takes minutes.
CELLS = f"""
create temp table cells as
with published as (
    select indice_origen, h, unique_id, 'aforo' as modelo, round(punto) as punto
    from {PREDICTIONS}.pronosticos where nivel_jerarquia = 'celda'
)

select
    e.indice_origen, e.h, e.modelo, d.periodo, e.unique_id, e.y,
    coalesce(p.punto, e.yhat) as yhat,
    coalesce(c.es_inicial, false) as entry,
    m.minimo_alumnos, m.vacantes_estandar
from {PREDICTIONS}.evaluaciones as e
inner join {PLATINUM}.dim_periodos as d on e.indice_origen + e.h = d.indice
left join published as p using (indice_origen, h, unique_id, modelo)
left join {RAW}.cursos as c on e.curso_actual = c.curso_actual
left join {PLATINUM}.dim_parametros as m on d.indice = m.indice and e.curso_actual = m.curso_actual
"""

# AutoETS on every cell with MinT, beside the same real cells: one that either lacks counts in full.
REFERENCE = f"""
insert into cells
with judged as (select distinct indice_origen, h, periodo from cells where modelo = 'aforo'),

held as (select * from cells where modelo = 'aforo' and y > 0),

forecast as (
    select r.* from reference as r inner join judged using (indice_origen, h)
    where r.nivel_jerarquia = 'celda'
),

courses as (
    select distinct sede || '/' || curso_actual || '/' || horario_actual as unique_id, curso_actual
    from {PLATINUM}.celdas
)

select
    indice_origen, h, 'auto_ets_mint', j.periodo, unique_id, coalesce(held.y, 0),
    coalesce(f.yhat, 0), coalesce(c.es_inicial, false), null, null
from held
full outer join forecast as f using (indice_origen, h, unique_id)
inner join judged as j using (indice_origen, h)
inner join courses as k using (unique_id)
left join {RAW}.cursos as c on k.curso_actual = c.curso_actual
"""

ERRORS = """
select
    h as horizon, modelo as model,
    round(sum(abs(yhat - y)) / sum(y), 4) as "all",
    round(sum(abs(yhat - y)) filter (where entry) / sum(y) filter (where entry), 3) as entry,
    round(sum(abs(yhat - y)) filter (where not entry) / sum(y) filter (where not entry), 4) as continuing,
    round(sum(yhat - y) / sum(y), 4) as bias,
    round(sum(abs(yhat - y)) filter (where summer) / sum(y) filter (where summer), 4) as summer_all,
    round(sum(abs(yhat - y)) filter (where summer and entry) / sum(y) filter (where summer and entry), 3)
        as summer_entry,
    round(
        sum(abs(yhat - y)) filter (where summer and not entry) / sum(y) filter (where summer and not entry), 4
    ) as summer_continuing,
    round(sum(yhat - y) filter (where summer) / sum(y) filter (where summer), 4) as summer_bias
from (select *, periodo >= $summer as summer from cells)
group by all order by horizon, "all"
"""

SECTIONS = """
with counted as (
    select
        entry,
        yhat::int // vacantes_estandar + (yhat::int % vacantes_estandar >= minimo_alumnos)::int as planned,
        y::int // vacantes_estandar + (y::int % vacantes_estandar >= minimo_alumnos)::int as needed
    from cells where modelo = 'aforo' and h = 1 and vacantes_estandar > 0 and minimo_alumnos is not null
)
select
    case when entry then 'entry' else 'continuing' end as kind,
    count(*) as cells,
    round(avg((planned = needed)::int), 4) as exact_of_all,
    round(avg((planned = needed)::int) filter (where planned > 0 or needed > 0), 4)
        as exact_of_planned_or_needed,
    sum(greatest(needed - planned, 0))::int as faltante,
    sum(greatest(planned - needed, 0))::int as sobrante
from counted group by all order by all
"""

CANDIDATES = f"""
select h as horizon,
    round(count(*) filter (where es_candidata and alumnos > 0) / count(*) filter (where alumnos > 0), 4)
        as recall,
    round(count(*) filter (where es_candidata) / count(*) filter (where alumnos > 0), 3) as per_real_cell
from {TARGET}.objetivo
where indice_origen in (select indice_origen from {FEATURES}.origenes where es_evaluado)
group by all order by all
"""

COVERAGE = """
select * from marts.exactitud
where modelo = 'aforo' and nivel_jerarquia in ('celda', 'sede_curso', 'sede') and horizonte = 1
    and corte in ('todo', 'tipo_demanda')
order by all
"""

# The chance of being held beside what happened: the Brier score, and that of the share held alone.
CHANCE = f"""
with beside as (
    select h, probabilidad_dictado as chance, (alumnos > 0)::int as held
    from {PREDICTIONS}.probabilidades
    inner join {TARGET}.objetivo using (indice_origen, h, unique_id)
    where es_candidata
)
select h as horizon, count(*) as cells,
    round(avg((chance - held) ** 2), 4) as brier,
    round(var_pop(held), 4) as brier_of_the_share,
    round(avg(held) filter (where chance < 0.2), 3) as held_below_20,
    round(avg(held) filter (where chance >= 0.2 and chance < 0.5), 3) as held_20_to_50,
    round(avg(held) filter (where chance >= 0.5 and chance < 0.8), 3) as held_50_to_80,
    round(avg(held) filter (where chance >= 0.8), 3) as held_above_80
from beside group by all order by all
"""

# The distribution beside the five quantiles of the intervals; the share of truths in each tenth of it, in %.
DISTRIBUTION = """
select e.horizonte as horizon, crps, crps_cinco, brier_umbral, brier_umbral_cinco, p.pit
from marts.exactitud as e
inner join (
    select horizonte, string_agg(cast(round(100 * parte, 1) as varchar), ' ' order by decil) as pit
    from marts.calibracion_pit where corte = 'todo' group by horizonte
) as p using (horizonte)
where modelo = 'aforo' and nivel_jerarquia = 'celda' and corte = 'todo'
order by horizon
"""

# Over the same cells and origins: the simulation's own expectation, made from the state at the origin.
TRUTH_BESIDE = f"""
with truth as (
    select o.indice as indice_origen, t.h, t.esperado,
        t.sede || '/' || t.curso_actual || '/' || t.horario_actual as unique_id
    from read_parquet($truth) as t
    inner join {PLATINUM}.dim_periodos as o on t.periodo_origen = o.periodo
),

ours as (select indice_origen, h, unique_id, y, yhat from cells where modelo = 'aforo'),

beside as (
    select indice_origen, h, unique_id, coalesce(y, 0) as y, coalesce(yhat, 0) as yhat,
        coalesce(esperado, 0) as esperado
    from ours full outer join truth using (indice_origen, h, unique_id)
    where (indice_origen, h) in (select (indice_origen, h) from ours)
)

select h as horizon,
    round(sum(abs(yhat - y)) / sum(y), 4) as ours,
    round(sum(abs(esperado - y)) / sum(y), 4) as truth,
    round(sum(abs(yhat - y)) / sum(abs(esperado - y)), 3) as ratio
from beside group by all order by all
"""


def build(source: Path, home: Path, variables: dict[str, object]) -> float:
    """`dbt build` of the source with the backtest; returns its seconds. Raises CalledProcessError."""
    started = time.monotonic()
    dbt = Path(sys.executable).with_name("dbt")
    command: list[str | Path] = [dbt, "--quiet", "--log-path", home / "logs", "build"]
    only = ["--exclude-resource-type", "unit_test", "--vars", json.dumps(variables)]
    places = {"AFORO_SOURCE": str(source), "AFORO_HOME": str(home), "DBT_TARGET_PATH": str(home / "target")}
    subprocess.run([*command, *only], cwd=ROOT, env={**os.environ, **places}, check=True)
    return time.monotonic() - started


def show(connection: duckdb.DuckDBPyConnection, title: str, query: str, **values: object) -> None:
    """Print a query's rows under a title."""
    frame = connection.execute(query, values or None).df()
    print(f"\n{title}\n{frame.to_string(index=False)}")


def add_reference(connection: duckdb.DuckDBPyConnection) -> None:
    """Forecast the judged origins by StatsForecast alone and put its rows into `cells`."""
    judged = connection.sql("select distinct indice_origen, h from cells where modelo = 'aforo'").df()
    origins = sorted(int(origin) for origin in judged["indice_origen"].unique())
    reference = forecast(connection, origins, int(judged["h"].max()))
    connection.register("reference", reference)
    connection.execute(REFERENCE)


def report(name: str, source: Path, variables: dict[str, object], with_reference: bool) -> None:
    """Build the source in a home of its own and print its tables."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = build(source, Path(folder), variables)
        print(f"\n=== {name}: {variables}, dbt build {seconds:.0f} s ===")
        with duckdb.connect(f"{folder}/aforo_warehouse.duckdb") as connection:
            connection.execute(CELLS)
            if with_reference:
                add_reference(connection)
            show(connection, "WAPE over the union of forecast and real cells", ERRORS, summer=SUMMER)
            show(connection, "Sections by the classical rule, h = 1", SECTIONS)
            show(connection, "Candidates", CANDIDATES)
            show(connection, "The chance that a candidate is held", CHANCE)
            show(connection, "Coverage of the intervals, h = 1", COVERAGE)
            show(connection, "The distribution of cells", DISTRIBUTION)
            if source == DEMO:
                show(connection, "Beside the true expected value", TRUTH_BESIDE, truth=str(TRUTH))


def main() -> None:
    """Command line: --origins N."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--origins", type=int, default=12)
    origins = parser.parse_args().origins
    for learner in ("none", "lightgbm"):
        # The reference knows nothing of the learner: once is enough.
        with_reference = learner == "lightgbm"
        variables: dict[str, object] = {"origenes_backtest": origins, "learner": learner}
        report("demo", DEMO, variables, with_reference)
        if INSTITUTE.exists():
            report("institute", INSTITUTE, variables, with_reference)
        else:
            print("institute: ../shared/data/institute is absent: not measured")


if __name__ == "__main__":
    main()
