"""How `make bench-zoo` judges: the simple rules, the errors, the ratios, and what falls short."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from benchmarks.bench_zoo import labelled
from benchmarks.zoo_scores import History, Scores, score, table
from benchmarks.zoo_summary import summary
from flows.project import schema_of

PLATINUM, FEATURES, PREDICTIONS = (schema_of(layer) for layer in ("platinum", "features", "predictions"))
# Seven periods of an institute with two seasons: A in every one, B in the second season, not in period 4.
HELD = [("A", i, 10 * i) for i in range(1, 8)] + [("B", 2, 30), ("B", 6, 60)]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that knew periods 1 to 7, forecast 6 and 7 from period 5, 7 and 8 from 6, and 8 and 9 from 7."""
    path = tmp_path_factory.mktemp("zoo") / "warehouse.duckdb"
    with duckdb.connect(str(path)) as db:
        for schema in (PLATINUM, FEATURES, PREDICTIONS):
            db.execute(f"create schema {schema}")
        db.execute(f"create table {PLATINUM}.corrida as select 1 as primer_indice, 7 as indice_corte")
        db.execute(
            f"create table {PLATINUM}.dim_periodos as "
            "select 2000 + i as periodo, i as indice, 2 as estaciones_por_ciclo from range(1, 12) as t (i)"
        )
        db.execute(
            f"create table {PLATINUM}.dim_cursos as select 'X' as curso_actual, null as curso_siguiente"
        )
        celdas = pd.DataFrame(HELD, columns=["horario_actual", "indice", "alumnos"])
        celdas = celdas.assign(sede="S", curso_actual="X")
        db.execute(f"create table {PLATINUM}.celdas as select * from celdas")
        db.execute(
            f"create table {FEATURES}.origenes as "
            "select i as indice_origen, i >= 5 as es_evaluado from range(1, 8) as t (i)"
        )
        pronosticos = pd.DataFrame(
            [
                (origin, h, level, node, value)
                for origin in (4, 5, 6, 7)
                for h in (1, 2)
                for level, node in (("celda", "S/X/A"), ("sede", "S"), ("total", "total"))
                for value in [10.0 * (origin + h) + 2.4]
            ],
            columns=["indice_origen", "h", "nivel_jerarquia", "unique_id", "punto"],
        )
        db.register("pronosticos", pronosticos)
        db.execute(
            f"create table {PREDICTIONS}.pronosticos as select *, punto as media, punto - 3 as q10, "
            "punto + 3 as q90, punto - 1 as q025, punto + 100 as q975 from pronosticos"
        )
        db.execute(
            f"create table {PREDICTIONS}.evaluaciones as select 5 as indice_origen, 1 as h, "
            "'flujo' as modelo, 'S/X/A' as unique_id, 1.0 as yhat, true as es_pronosticada"
        )
    return path


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What came in period 8, seen from period 7: 78 in A and 5 in B, where 80 and 4 were to be expected."""
    path = tmp_path_factory.mktemp("truth") / "esperado.parquet"
    frame = pd.DataFrame({"horario_actual": ["A", "B"], "esperado": [80.0, 4.0], "realizado": [78, 5]})
    frame.assign(periodo_origen=2007, periodo=2008, h=1, sede="S", curso_actual="X").to_parquet(path)
    return path


def first_row(rows: pd.DataFrame) -> dict[str, float]:
    """The cells one step ahead."""
    assert rows.iloc[0]["level"] == "cells"
    return {
        str(column): float(value) for column, value in rows.drop(columns=["level", "rule"]).iloc[0].items()
    }


@pytest.mark.parametrize(
    ("rule", "origin", "h", "expected"),
    [
        ("last", 5, 1, {"A": 50}),
        ("last", 6, 2, {"A": 60, "B": 60}),
        ("same_season", 5, 1, {"A": 40}),  # period 4, when B was not held
        ("same_season", 5, 3, {"A": 40}),  # period 8: 6 is not known yet, so period 4
        ("same_season", 7, 1, {"A": 60, "B": 60}),
        ("mean_of_three", 7, 1, {"A": 40, "B": 30}),  # periods 6, 4 and 2: a season without B counts as none
        ("mean_of_three", 4, 1, {"A": 20}),  # periods 3 and 1: as many as there are
    ],
)
def test_simple_rules(warehouse: Path, rule: str, origin: int, h: int, expected: dict[str, float]) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        forecast = History(connection).rule(rule, origin, h)
    assert forecast is not None
    assert dict(zip(forecast.index.str[-1], forecast, strict=True)) == expected


def test_a_season_that_is_not_known_yet_has_no_rule(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        history = History(connection)
    assert history.rule("same_season", 1, 1) is None
    assert history.rule("mean_of_three", 1, 1) is None


def test_errors_over_the_union_of_forecast_and_real(warehouse: Path, truth: Path) -> None:
    errors = score(warehouse, truth, 0).errors
    ours = errors[errors["method"] == "aforo"].set_index(["level", "h", "origin"])
    # 6 from 5: A is rounded to 62 where 60 came; B's 60 were not forecast at all
    assert ours.loc[("cells", 1, 5), "absolute"] == 62
    assert ours.loc[("cells", 1, 5), "signed"] == -58
    assert ours.loc[("total", 1, 5), "absolute"] == pytest.approx(57.6)
    # 8 from 7 is judged by the truth alone, 9 by nothing, 4 was not evaluated
    assert ours.loc[("cells", 1, 7), "absolute"] == 4 + 5
    assert sorted(ours.xs("cells").index.tolist()) == [(1, 5), (1, 6), (1, 7), (2, 5)]
    assert set(errors.loc[errors["method"] == "truth", "origin"]) == {7}
    assert "flow" not in set(errors["method"])


def test_the_table_compares_over_the_same_origins(warehouse: Path, truth: Path) -> None:
    scores = score(warehouse, truth, 0)
    row = first_row(table(scores))
    assert row["origins"] == 3
    assert row["wape"] == pytest.approx((62 + 2 + 9) / (120 + 70 + 83))
    assert row["truth"] == pytest.approx(9 / 3)
    assert row["best_rule"] == max(row["last"], row["same_season"], row["mean_of_three"])
    assert row["inside_80"] == 2 / 3
    settled = first_row(table(scores, min_cycles=3.5))
    assert settled["origins"] == 1


def test_no_error_on_both_sides_is_a_tie_and_never_infinite() -> None:
    rows = [
        {"origin": 5, "h": 1, "level": "cells", "method": m, "absolute": e, "signed": e, "students": 100.0}
        for m, e in (("aforo", 1e-9), ("mean", 0.0), ("last", 0.0), ("same_season", 5.0))
    ]
    errors = pd.DataFrame(rows).assign(cycles=4.0)
    covered = pd.DataFrame(
        [{"h": 1, "level": "cells", "cycles": 4.0, "n": 1, "inside_80": 1, "inside_95": 1}]
    )
    row = first_row(table(Scores(errors, covered)))
    assert row["last"] == 1.0
    assert row["same_season"] == pytest.approx(0.01)


def test_the_summary_names_the_worst_all_that_fall_short_and_who_was_refused() -> None:
    def judged(cells: float, bias: float) -> pd.DataFrame:
        row = {"h": 1, "best_rule": cells, "wape": 0.2, "bias": bias, "truth": np.nan}
        inside = {"inside_80": 0.8, "inside_95": 0.95}
        return pd.DataFrame([row | inside | {"level": level} for level in ("cells", "campuses", "total")])

    frames = [
        *labelled("good", "", judged(0.9, 0.01), judged(0.9, 0.01)),
        *labelled("bad", "", judged(1.2, -0.05), judged(1.2, -0.05)),
        *labelled("none", "refused (1): no rows", pd.DataFrame(), pd.DataFrame()),
    ]
    text = summary(pd.concat(frames, ignore_index=True))
    line = next(li for li in text.splitlines() if li.startswith("cells against the best simple rule"))
    assert "met   1 of   2" in line
    assert line.endswith("worst bad cells h=1 1.200")
    short = text.split("=== falls short ===")[1]
    assert "bias of the total, h = 1: bad total h=1 -0.050" in short
    assert "good" not in short
    assert "refused: none" in short


def test_a_period_without_a_class_is_judged(warehouse: Path, tmp_path: Path) -> None:
    """As in a year's hole: nobody came in period 6, and the last value of period 7 is nobody."""
    closed = tmp_path / "warehouse.duckdb"
    closed.write_bytes(warehouse.read_bytes())
    with duckdb.connect(str(closed)) as db:
        db.execute(f"delete from {PLATINUM}.celdas where indice = 6")
    errors = score(closed, None, 0).errors.query("level == 'total' and h == 1")
    ours, last = (errors[errors["method"] == method].set_index("origin") for method in ("aforo", "last"))
    assert ours.loc[5, "absolute"] == pytest.approx(62.4)
    assert float(last["absolute"][6]) == float(last["students"][6])
