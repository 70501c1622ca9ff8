"""The shipped demo institute: its shape, its mess, its calibration, its truth, and the program behind it."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from flows.project import contract
from seeds.simulator import figures
from seeds.simulator.__main__ import DEMO, DEMO_TRUTH, main
from seeds.simulator.config import Config
from seeds.simulator.simulation import simulate
from seeds.simulator.tables import write_institute

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
CONTRACT = {name: [column["name"] for column in table["columns"]] for name, table in contract().items()}
KEYS = {name: ", ".join(table["config"]["meta"]["clave"]) for name, table in contract().items()}
NEWEST = 202506


@pytest.fixture(scope="module")
def db() -> duckdb.DuckDBPyConnection:
    return figures.connect(DEMO, DEMO_TRUTH)


@pytest.fixture(scope="module")
def again() -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The demo made anew, with the truth of the last two origins alone."""
    tables, truth = simulate(Config(origins=1))
    assert truth is not None
    return tables, truth


def rows(db: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[object, ...]]:
    return db.execute(sql).fetchall()


def number(db: duckdb.DuckDBPyConnection, sql: str) -> float:
    return float(db.execute(sql).fetchall()[0][0])


# --- shape


@pytest.mark.parametrize("table", CONTRACT)
def test_columns_and_keys_follow_the_contract(db: duckdb.DuckDBPyConnection, table: str) -> None:
    columns = [r[0] for r in rows(db, f"describe {table}")]
    assert columns == CONTRACT[table]
    assert rows(db, f"select {KEYS[table]} from {table} group by all having count(*) > 1") == []


def test_size() -> None:
    files = [p for p in SEEDS.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    assert sum(p.stat().st_size for p in files) < 3_000_000
    assert {p.stem for p in DEMO.iterdir()} == set(CONTRACT)


def test_42_periods_five_campuses_two_programmes(db: duckdb.DuckDBPyConnection) -> None:
    counts = rows(
        db,
        "select count(distinct periodo), min(periodo), max(periodo), count(distinct sede) from programacion",
    )
    assert counts == [(42, 202201, NEWEST, 5)]
    assert rows(db, "select distinct programa from cursos order by 1") == [("Adultos",), ("Niños",)]
    assert rows(db, "select distinct duracion_meses from cursos order by 1") == [(1,), (2,)]


@pytest.mark.parametrize("table", ["sedes", "minimos_apertura", "vacantes_estandar", "calendario"])
def test_known_a_year_ahead(db: duckdb.DuckDBPyConnection, table: str) -> None:
    assert number(db, f"select count(distinct periodo) from {table} where periodo > {NEWEST}") >= 12


def test_calendar_forecasts_on_the_5th_of_the_month_before(db: duckdb.DuckDBPyConnection) -> None:
    june = rows(
        db,
        "select estacion, fecha_inicio::varchar, fecha_fin::varchar, fecha_pronostico::varchar "
        f"from calendario where periodo = {NEWEST}",
    )
    assert june == [(6, "2025-06-01", "2025-06-30", "2025-05-05")]
    assert number(db, "select max(indice) - min(indice) + 1 - count(distinct indice) from calendario") == 0


def test_sections_are_possible(db: duckdb.DuckDBPyConnection) -> None:
    impossible = """
        select * from programacion as p
        where matriculados < 0 or matriculados > vacantes or vacantes > aforo
            or curso not in (select curso from equivalencia_cursos)
            or horario not in (select horario from horarios)
            or estado = 'cerrado' and matriculados = 0
    """
    assert rows(db, impossible) == []
    wrong_day = """
        select * from programacion join horarios using (horario)
        where (frecuencia = 'Sabatino') <> (franja = '2. Sab')
    """
    assert rows(db, wrong_day) == []
    outside_hours = """
        select * from held as p join sedes as s using (periodo, sede)
        join horarios as h on h.horario = p.horario
        where h.hora_inicio < s.hora_apertura - 0.01 or h.hora_fin > s.hora_cierre + 0.01
    """
    assert rows(db, outside_hours) == []
    assert number(db, "select count(*) from held anti join sedes using (periodo, sede)") == 0


# --- mess


def test_same_grain_twice_with_different_state(db: duckdb.DuckDBPyConnection) -> None:
    twice = """
        select count(*) from (
            select 1 from programacion where aula is not null group by periodo, sede, curso, horario, aula
            having count(distinct estado) > 1)
    """
    assert number(db, twice) > 20


def test_cancelled_sections_hold_nobody(db: duckdb.DuckDBPyConnection) -> None:
    assert rows(db, "select distinct matriculados from programacion where estado = 'cancelado'") == [(0,)]


def test_newest_period_is_partly_open_and_some_old_sections_were_never_closed(
    db: duckdb.DuckDBPyConnection,
) -> None:
    newest = dict(
        db.execute(
            f"select estado, count(*) from programacion where periodo = {NEWEST} group by 1"
        ).fetchall()
    )
    assert set(newest) == {"cerrado", "cancelado", "abierto", "creado"}
    assert 0 < newest["abierto"] < newest["cerrado"] / 5
    never_closed = f"select count(*) from held where estado = 'abierto' and periodo < {NEWEST} - 1"
    assert number(db, never_closed) > 50


@pytest.mark.parametrize(("table", "code"), [("equivalencia_cursos", "curso"), ("horarios", "horario")])
def test_codes_change_over_the_years(db: duckdb.DuckDBPyConnection, table: str, code: str) -> None:
    gone = f"""
        select count(*) from (
            select {code} from programacion join {table} as e using ({code})
            where e.{code} <> e.{code}_actual group by 1 having max(periodo) < 202412)
    """
    assert number(db, gone) >= 3


def test_successors_that_lead_nowhere(db: duckdb.DuckDBPyConnection) -> None:
    unknown = """
        select curso_siguiente from cursos as c
        where not exists (from cursos as n where n.curso_actual = c.curso_siguiente)
    """
    nowhere = {r[0] for r in rows(db, unknown)}
    assert {None, "No Data"} < nowhere
    no_longer_runs = """
        select count(*) from cursos as c
        where curso_actual in (select curso_actual from cells where indice > 36)
            and curso_siguiente in (select curso_actual from cells group by 1 having max(indice) < 24)
    """
    assert number(db, no_longer_runs) >= 1


def test_campuses_open_and_merge_and_rules_change(db: duckdb.DuckDBPyConnection) -> None:
    lives = rows(db, "select sede, min(periodo), max(periodo) from held group by 1")
    assert sum(first > 202201 for _, first, _ in lives) >= 2  # type: ignore[operator]
    assert sum(last < NEWEST for _, _, last in lives) == 1  # type: ignore[operator]
    hours = "select sede from sedes group by 1 having count(distinct (hora_apertura, hora_cierre)) > 1"
    assert len(rows(db, hours)) >= 2
    minimums = "select programa from minimos_apertura group by 1 having count(distinct minimo_alumnos) > 1"
    assert len(rows(db, minimums)) == 2


def test_summer_courses_run_in_summer_and_move_to_saturdays(db: duckdb.DuckDBPyConnection) -> None:
    assert rows(db, "select distinct estacion from cells semi join (from cursos where es_estacional) "
                    "using (curso_actual) order by 1") == [(1,), (2,)]  # fmt: skip
    arrivals = """
        select avg(y) filter (where estacion = 3) / avg(y) filter (where estacion <> 3) from (
            select indice, estacion, sum(y) as y from cells
            where curso_actual in (
                select n.curso_siguiente from cursos as n where n.es_estacional and not n.es_inicial)
            group by all)
    """
    assert number(db, arrivals) > 1.5


# --- calibration, every figure within 10 % of docs' target


def test_retention_by_month(db: duckdb.DuckDBPyConnection) -> None:
    found = figures.retention(db)
    assert [found[m] for m in range(1, 13)] == pytest.approx(list(figures.RETENTION), rel=0.10)


def test_full_share(db: duckdb.DuckDBPyConnection) -> None:
    assert figures.full_share(db) == pytest.approx(figures.FULL, rel=0.10)


def test_cancellations(db: duckdb.DuckDBPyConnection) -> None:
    years = figures.cancelled_by(db, "periodo // 100")
    assert all(0.11 <= share <= 0.23 for share in years.values()), years
    months = sorted(figures.cancelled_by(db, "periodo").values())
    assert all(0.36 <= share <= 0.58 for share in months[-3:]), months[-3:]
    assert months[-4] < 0.30


def test_lifetimes_of_cells(db: duckdb.DuckDBPyConnection) -> None:
    short, whole = figures.lifetimes(db)
    assert short == pytest.approx(0.50, rel=0.10)
    assert 0 < whole < 0.10


# --- truth


def test_truth_covers_13_origins_and_three_horizons(db: duckdb.DuckDBPyConnection) -> None:
    shape = rows(db, "select count(distinct periodo_origen), min(periodo_origen), max(periodo_origen), "
                     "count(distinct h), max(periodo) from truth")  # fmt: skip
    assert shape == [(13, 202406, NEWEST, 3, 202509)]
    key = "periodo_origen, periodo, sede, curso_actual, horario_actual"
    assert rows(db, f"select {key} from truth group by all having count(*) > 1") == []


def test_realised_is_what_the_sections_hold(db: duckdb.DuckDBPyConnection) -> None:
    different = f"""
        select * from (select * from truth where h = 1 and periodo < {NEWEST}) as t
        full join (
            select periodo, sede, curso_actual, horario_actual, sum(matriculados) as y from held
            where periodo between 202407 and {NEWEST} - 1 group by all) as s
            using (periodo, sede, curso_actual, horario_actual)
        where coalesce(t.realizado, 0) <> coalesce(s.y, 0)
    """
    assert rows(db, different) == []


def test_truth_beats_the_rule_and_neither_is_too_easy(db: duckdb.DuckDBPyConnection) -> None:
    assert 0.12 <= figures.truth_wape(db) <= 0.20
    assert 0.25 <= figures.rule_wape(db) <= 0.35
    assert number(db, "select abs(sum(esperado) / sum(realizado) - 1) from truth where h = 1") < 0.03


# --- the program


@pytest.mark.slow
def test_made_again_it_is_the_same(
    again: tuple[dict[str, pd.DataFrame], pd.DataFrame], tmp_path: Path
) -> None:
    tables, truth = again
    write_institute(tables, tmp_path, small_as_csv=True)
    for shipped in sorted(DEMO.iterdir()):
        made = tmp_path / shipped.name
        if shipped.suffix == ".csv":
            assert made.read_bytes() == shipped.read_bytes(), shipped.name
        else:  # bytes differ between versions of the Parquet writer, rows do not
            pd.testing.assert_frame_equal(pd.read_parquet(made), pd.read_parquet(shipped))
    expected = pd.read_parquet(DEMO_TRUTH / "esperado.parquet")
    expected = expected[expected["periodo_origen"] >= 202505].reset_index(drop=True)
    pd.testing.assert_frame_equal(truth, expected, check_dtype=False)


@pytest.mark.slow
def test_twice_the_same_bytes_and_another_seed_another_institute(tmp_path: Path) -> None:
    small = ["--scale", "0.1", "--replicas", "2"]
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        main([*small, "--seed", seed, "--out", str(tmp_path / name)])
    a, b, c = (
        {p.name: p.read_bytes() for f in (n, f"{n}_truth") for p in (tmp_path / f).iterdir()} for n in "abc"
    )
    assert {Path(name).suffix for name in a} == {".parquet"}
    assert a == b
    assert a["programacion.parquet"] != c["programacion.parquet"]


@pytest.mark.slow
def test_scale_makes_institutes_of_any_size(db: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    demo = number(db, "select sum(matriculados) from programacion")
    main(["--scale", "2", "--replicas", "0", "--out", str(tmp_path / "large")])
    assert not (tmp_path / "large_truth").exists()
    large = figures.connect(tmp_path / "large")
    assert 1.6 < number(large, "select sum(matriculados) from programacion") / demo < 2.4
    assert number(large, "select count(distinct sede) from programacion") == 10


def test_truth_is_refused_inside_the_source_folder(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), "--truth", str(tmp_path / "truth")])
