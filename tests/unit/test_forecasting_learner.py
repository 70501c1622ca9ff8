"""The pooled learner forecasts from what each origin knew, always the same, or not at all."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from python_models.forecasting import learner
from python_models.forecasting.cache import Cache
from python_models.forecasting.learner import CATEGORIES, COUNT, KEY, VIEWS, View, forecast_learner

ROOT = Path(__file__).parents[2]
CELLS = 60
LAST = 24
STARTS = [view.start for view in VIEWS if view.start]
ORIGINS = list(range(13, LAST + 1))
# Columns of the feature mart that the learner divides by each other, beside its categories and keys.
NUMBERS = [
    "flujo",
    "alumnos_0",
    "alumnos_1",
    "alumnos_2",
    "previos_0",
    "previos_1",
    "previos_2",
    "alumnos_2_pasos",
    "secciones_previas",
    "vacantes_previas",
    "flujo_sede_curso",
    "previos_estacionales",
    "alumnos_estacion",
    "previos_estacion",
    "ingresos_estacion_sede_curso",
]


@pytest.fixture(autouse=True)
def few_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here does not need good forecasts."""
    monkeypatch.setattr(learner, "VIEWS", [dataclasses.replace(view, trees=15) for view in VIEWS])


def feature_mart() -> pd.DataFrame:
    """Every cell at every origin from 1 to LAST, three steps ahead; some values missing."""
    rng = np.random.default_rng(3)
    index = pd.MultiIndex.from_product([range(1, LAST + 1), range(1, 4), range(CELLS)])
    rows = index.to_frame(index=False, name=["indice_origen", "h", "celda"])
    celda = rows.pop("celda")
    rows["unique_id"] = "S/" + celda.astype(str).str.zfill(3)
    rows["indice"] = rows["indice_origen"] + rows["h"]
    rows["indice_misma_estacion"] = rows["indice"] - 12
    rows["estaciones_por_ciclo"] = 12
    for column in ("curso_actual", "nombre", "linea", "franja"):
        rows[column] = "x"
    for column in CATEGORIES:
        rows[column] = "c" + (celda % 7).astype(str)
    rows["estacion"] = rows["indice"] % 12 + 1
    for column in NUMBERS:
        values = rng.poisson(12, len(rows)).astype(float)
        rows[column] = np.where(rng.random(len(rows)) < 0.1, np.nan, values)
    rows["flujo"] = rows["flujo"].fillna(0)
    rows["regla"] = rows["flujo"]
    rows["flujo_retenido"] = 0.9 * rows["flujo"]
    return rows


def targets(features: pd.DataFrame) -> pd.DataFrame:
    """What came, of the periods up to LAST: near the rule, and nobody in every fourth cell."""
    rng = np.random.default_rng(4)
    known = features[features["indice"] <= LAST]
    students = rng.poisson(known["regla"].to_numpy() * 0.9 + 1)
    empty = known["unique_id"].str[-1].isin(["0", "4", "8"]).to_numpy()
    return known[KEY].assign(alumnos=np.where(empty, 0, students))


def forecast(features: pd.DataFrame, target: pd.DataFrame) -> pd.DataFrame:
    return forecast_learner(features, target, ORIGINS)


def changed(before: pd.DataFrame, after: pd.DataFrame, steps: tuple[int, ...] = (1, 2, 3)) -> list[int]:
    """The origins whose forecasts differ, in any bit."""
    both = before.merge(after, on=[*KEY, "modelo"], how="outer", suffixes=("_a", "_b"))
    differs = both["h"].isin(steps) & (both["yhat_a"] != both["yhat_b"])
    return sorted(both.loc[differs, "indice_origen"].unique())


def test_same_rows_in_any_order_give_the_same_bits() -> None:
    features = feature_mart()
    target = targets(features)
    result = forecast(features, target)
    shuffled = forecast(features.sample(frac=1, random_state=1), target.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(result, shuffled, check_exact=True)
    assert not result.duplicated([*KEY, "modelo"]).any()


def test_every_candidate_has_all_views_and_no_negative_number() -> None:
    features = feature_mart()
    result = forecast(features, targets(features))
    assert set(result["modelo"]) == {view.name for view in VIEWS}
    wanted = features.loc[features["indice_origen"].between(21, LAST), KEY]
    for view in VIEWS:
        rows = result[(result["modelo"] == view.name) & (result["indice_origen"] >= 21)]
        assert len(wanted.merge(rows, on=KEY)) == len(wanted) == len(rows)
    assert np.isfinite(result["yhat"]).all()
    assert result["yhat"].min() >= 0


@pytest.mark.parametrize("origin", [23, 21, 19])
def test_what_came_after_an_origin_changes_nothing_for_it(origin: int) -> None:
    features = feature_mart()
    target = targets(features)
    before = forecast(features, target)

    later = features["indice_origen"] > origin
    features.loc[later, ["flujo", *STARTS, *NUMBERS[1:]]] += 40
    # Categories that nobody had heard of: before, between and after the known ones.
    for column in CATEGORIES[:-1]:
        features.loc[later, column] = (
            features.loc[later, "unique_id"]
            .str[-1]
            .map(lambda digit: {"0": "a", "1": "c1x"}.get(digit, "z" + digit))
        )
    period = target["indice_origen"] + target["h"]
    target.loc[period > origin, "alumnos"] = 500
    after = forecast(features, target)

    assert changed(before, after) == [one for one in ORIGINS if one > origin]


def test_models_of_an_earlier_run_are_read_and_give_the_same_bits(tmp_path: Path) -> None:
    features = feature_mart()
    target = targets(features)
    before = forecast_learner(features, target, ORIGINS, Cache(tmp_path))
    files = {file: file.stat().st_ino for file in tmp_path.iterdir()}
    # The newest period's counts are corrected: only trainings that know of it are made anew.
    is_newest = target.merge(features, on=KEY)["indice"].to_numpy() == LAST
    corrected = target.assign(alumnos=target["alumnos"] + is_newest)

    again = forecast_learner(features, corrected, ORIGINS, Cache(tmp_path))

    pd.testing.assert_frame_equal(again, forecast_learner(features, corrected, ORIGINS))
    pd.testing.assert_frame_equal(before, forecast_learner(features, target, ORIGINS, Cache(tmp_path)))
    assert {file: file.stat().st_ino for file in files} == files
    assert 0 < len(set(tmp_path.iterdir()) - set(files)) < len(files)


def test_a_new_period_adds_its_own_trainings_alone(tmp_path: Path) -> None:
    features = feature_mart()
    target = targets(features)
    # A programme that opens in the newest period.
    newest = features["indice_origen"] == LAST
    features.loc[newest & (features["unique_id"] == "S/001"), CATEGORIES[-2]] = "a new one"
    known = target[target["indice_origen"] + target["h"] < LAST]
    forecast_learner(features[~newest], known, ORIGINS[:-1], Cache(tmp_path))
    before = set(tmp_path.iterdir())
    forecast_learner(features, target, ORIGINS, Cache(tmp_path))
    # The first step's and the later steps'.
    assert len(set(tmp_path.iterdir()) - before) == 2


def test_a_fit_serves_its_own_origin_and_the_five_after_it() -> None:
    features = feature_mart()
    target = targets(features)
    before = forecast(features, target)
    period = target["indice_origen"] + target["h"]
    seen_by = {}
    for news in (24, 22, 21, 19):
        moved = target.assign(alumnos=target["alumnos"].where(period != news, 500))
        seen_by[news] = changed(before, forecast(features, moved), steps=(1,))
    # Trainings are made at 24, 21, 18, …: news is learnt at the first of them that knows it.
    assert seen_by == {24: [24], 22: [24], 21: [21, 22, 23, 24], 19: [21, 22, 23, 24]}


def test_each_forecast_is_the_mean_of_two_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    features = feature_mart()
    target = targets(features)
    # Of the trainings that serve the newest origin only its own knows the newest period.
    moved = target.assign(alumnos=target["alumnos"].where(target["indice_origen"] + target["h"] < LAST, 500))

    def change() -> pd.Series:
        before, after = (forecast_learner(features, known, [LAST])["yhat"] for known in (target, moved))
        return after - before

    by_two = change()
    monkeypatch.setattr(learner, "TRAININGS_AVERAGED", 1)
    by_one = change()
    assert by_one.abs().max() > 1
    unclipped = by_one > 0
    np.testing.assert_allclose(by_two[unclipped], by_one[unclipped] / 2, atol=1e-9)


def test_origins_with_too_little_history_have_no_rows() -> None:
    features = feature_mart()
    result = forecast(features, targets(features))
    # The training at 15 knows 14 origins of 60 cells, the one at 18 knows 17: those alone are 1000 rows.
    assert result.loc[result["h"] == 1, "indice_origen"].min() == 18
    assert result.loc[result["h"] == 2, "indice_origen"].min() < 18


def test_nothing_to_learn_from_gives_no_rows() -> None:
    features = feature_mart()
    features = features[features["indice_origen"] >= LAST - 2]
    result = forecast_learner(features, targets(features), [LAST])
    assert len(result) == 0
    assert result.dtypes.to_dict() == learner.no_forecasts().dtypes.to_dict()


@pytest.mark.parametrize("view", [view for view in VIEWS if view.start], ids=lambda view: view.name)
def test_where_its_start_is_right_a_deviation_keeps_it_and_the_count_cannot_follow(view: View) -> None:
    start = view.start
    features = feature_mart()
    target = features.loc[features["indice"] <= LAST, [*KEY, start]].rename(columns={start: "alumnos"})
    newest = features["indice_origen"] == LAST
    features.loc[newest, ["flujo", *STARTS]] *= 100
    result = forecast_learner(features, target, [LAST]).merge(features[[*KEY, start]], on=KEY)
    deviation = result[result["modelo"] == view.name]
    np.testing.assert_allclose(deviation["yhat"], deviation[start])
    assert result.loc[result["modelo"] == COUNT.name, "yhat"].max() < 100


def test_without_lightgbm_there_are_no_rows_and_the_log_says_what_to_install(tmp_path: Path) -> None:
    broken = "raise OSError('libgomp.so.1: cannot open shared object file: No such file or directory')"
    (tmp_path / "lightgbm.py").write_text(broken)
    code = (
        "from tests.unit.test_forecasting_learner import feature_mart, targets, forecast\n"
        "from python_models.predictions import aprendiz_ajuste\n"
        "features = feature_mart()\n"
        "print(len(forecast(features, targets(features))))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "0\n"
    assert "libgomp.so.1: cannot open" in result.stderr
    assert "apt-get install libgomp1" in result.stderr
