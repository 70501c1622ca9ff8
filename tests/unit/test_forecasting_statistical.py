"""Every series gets a finite forecast of every model of its level, and says where it fell back."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsforecast.models import HistoricAverage

from python_models.forecasting.cache import Cache
from python_models.forecasting.models import LEVEL_MODELS, REFERENCES, ModelSpec
from python_models.forecasting.panel import SeriesError
from python_models.forecasting.statistical import forecast_statistics

END = 30
_rng = np.random.default_rng(7)
SEASONAL = [100 + 30 * np.sin(2 * np.pi * t / 12) + 3 * _rng.standard_normal() for t in range(END)]
SPARSE = [*_rng.poisson(0.7, END - 1).astype(float).tolist(), 3.0]


def series(level: str, unique_id: str, values: list[float]) -> pd.DataFrame:
    """A series whose last value is at indice END."""
    indice = range(END - len(values) + 1, END + 1)
    return pd.DataFrame({"nivel_jerarquia": level, "unique_id": unique_id, "indice": indice, "y": values})


def institute() -> pd.DataFrame:
    """A series of every kind at every level."""
    kinds: dict[str, list[float]] = {
        "regular": SEASONAL,
        "sparse": SPARSE,
        "short": [5.0, 6.0, 7.0, 4.0],
        "one_period": [8.0],
        "constant": [9.0] * END,
        "zero": [0.0] * END,
        "ended": [20.0 - t for t in range(15)] + [0.0] * 15,
        "falling": [max(60.0 - 2.5 * t, 1.0) for t in range(END)],
    }
    levels = list(LEVEL_MODELS)
    return pd.concat([series(level, kind, values) for level in levels for kind, values in kinds.items()])


def forecast(data: pd.DataFrame, **options: Any) -> pd.DataFrame:
    return forecast_statistics(data, **{"origins": [END], "horizon": 3, "season_length": 12, **options})


def one(result: pd.DataFrame, unique_id: str, modelo: str, level: str = "sede") -> pd.DataFrame:
    """The rows of one series and model, by h."""
    return result[
        (result["nivel_jerarquia"] == level)
        & (result["unique_id"] == unique_id)
        & (result["modelo"] == modelo)
    ]


def reasons(rows: pd.DataFrame) -> set[str]:
    return set(rows["razon"].dropna())


def test_every_series_has_every_model_of_its_level_and_every_step() -> None:
    data = institute()
    result = forecast(data)
    for level, specs in LEVEL_MODELS.items():
        found = result[result["nivel_jerarquia"] == level]
        names = {*REFERENCES, *(spec.name for spec in specs)}
        playing = set(data["unique_id"]) - ({"zero", "ended"} if level == "celda" else set())
        assert set(found["modelo"]) == names
        assert set(found["unique_id"]) == playing
        assert len(found) == len(names) * len(playing) * 3
    assert not result.duplicated(["indice_origen", "nivel_jerarquia", "unique_id", "h", "modelo"]).any()


def test_nothing_but_finite_numbers_from_zero_up() -> None:
    result = forecast(institute(), origins=[1, 5, 14, 20, END])
    assert np.isfinite(result["yhat"]).all()
    assert (result["yhat"] >= 0).all()


def test_models_that_suit_a_series_say_nothing() -> None:
    result = forecast(institute())
    for modelo in ["auto_ets", "theta_optimizada", "media_movil_3", "naive", "naive_estacional"]:
        assert not reasons(one(result, "regular", modelo))
    season = one(result, "regular", "auto_ets")["yhat"].to_numpy()
    np.testing.assert_allclose(season, SEASONAL[-12:-9], rtol=0.15)


def test_references_are_last_value_and_same_season_of_last_year() -> None:
    result = forecast(institute(), horizon=14)
    assert set(one(result, "regular", "naive")["yhat"]) == {SEASONAL[-1]}
    expected = [*SEASONAL[-12:], *SEASONAL[-12:-10]]
    assert one(result, "regular", "naive_estacional")["yhat"].tolist() == expected


def test_the_mean_of_the_last_three_seasons_and_the_season_with_its_growth() -> None:
    halves = [10.0, 40.0, 14.0, 44.0, 18.0, 48.0, 22.0, 52.0]
    result = forecast(series("total", "total", halves), season_length=2)
    assert one(result, "total", "media_estacional", "total")["yhat"].tolist() == [18.0, 48.0, 18.0]
    grown = one(result, "total", "estacional_con_crecimiento", "total")["yhat"]
    np.testing.assert_allclose(grown, np.array([22, 52, 22]) * (22 + 52) / (18 + 48))


def test_a_part_of_a_cycle_says_as_much_less_of_its_growth() -> None:
    result = forecast(series("total", "total", [10.0] * 12 + [20.0] * 3))
    grown = one(result, "total", "estacional_con_crecimiento", "total")["yhat"]
    np.testing.assert_allclose(grown, [10 * 2**0.25] * 3)


def test_short_series_fall_back_to_their_last_value() -> None:
    result = forecast(institute())
    for modelo, needed in [("auto_ets", 8), ("theta_optimizada", 6)]:
        rows = one(result, "short", modelo)
        assert rows["yhat"].tolist() == [4.0] * 3
        assert reasons(rows) == {f"serie corta (4 < {needed}): {modelo} -> naive"}
    assert not reasons(one(result, "short", "media_movil_3"))
    assert reasons(one(result, "short", "naive_estacional")) == {
        "estacion desconocida: naive_estacional -> naive"
    }


def test_short_series_whose_season_is_known_fall_back_to_it() -> None:
    result = forecast(series("total", "total", [10.0, 40.0, 14.0, 44.0]), season_length=2)
    rows = one(result, "total", "auto_ets", "total")
    assert rows["yhat"].tolist() == [14.0, 44.0, 14.0]
    assert reasons(rows) == {"serie corta (4 < 8): auto_ets -> naive_estacional"}


def test_a_cell_that_was_not_held_in_the_season_had_nobody() -> None:
    result = forecast(institute())
    assert one(result, "short", "naive_estacional", "celda")["yhat"].tolist() == [0.0] * 3


def test_series_of_one_period() -> None:
    result = forecast(institute())
    rows = result[(result["unique_id"] == "one_period") & (result["nivel_jerarquia"] != "celda")]
    assert set(rows["yhat"]) == {8.0}
    assert reasons(one(result, "one_period", "tsb", "celda")) == {"serie corta (1 < 2): tsb -> naive"}


def test_a_table_of_one_period_only() -> None:
    data = pd.concat([series(level, "x", [5.0]) for level in LEVEL_MODELS])
    result = forecast(data)
    assert set(result["yhat"]) == {5.0}
    assert result.loc[result["modelo"] == "naive", "razon"].isna().all()


def test_constant_series_are_their_constant() -> None:
    result = forecast(institute())
    rows = one(result, "constant", "auto_ets")
    assert rows["yhat"].tolist() == [9.0] * 3
    assert reasons(rows) == {"serie constante: auto_ets -> naive"}


@pytest.mark.parametrize("unique_id", ["zero", "ended"])
def test_series_that_ended_forecast_zero(unique_id: str) -> None:
    result = forecast(institute())
    rows = result[(result["unique_id"] == unique_id) & (result["nivel_jerarquia"] != "celda")]
    rows = rows[rows["modelo"] != "media_estacional"]  # it averages seasons in which there were students
    assert len(rows)
    assert (rows["yhat"] == 0).all()
    assert reasons(one(result, unique_id, "auto_ets")) == {"serie terminada: auto_ets -> cero"}
    assert reasons(one(result, unique_id, "adida", "sede_curso")) == {"serie terminada: adida -> cero"}


def test_negative_forecasts_are_zero_and_say_so() -> None:
    falling = series("sede_horario", "falling", [max(87.0 - 3.0 * t, 0.0) for t in range(END)])
    rows = one(forecast(falling, horizon=3), "falling", "theta_optimizada", "sede_horario")
    assert rows["yhat"].tolist() == [0.0] * 3
    assert reasons(rows) == {"valor negativo: theta_optimizada -> cero"}


def test_candidate_cells_get_a_forecast_though_new_or_out_of_play() -> None:
    data = institute()
    wanted = pd.DataFrame({"indice_origen": END, "unique_id": ["new", "ended", "regular"]})
    result = forecast(data, candidates=wanted)
    cells = result[result["nivel_jerarquia"] == "celda"]
    assert set(cells["unique_id"]) == {"new", "ended", "regular"}
    over = cells[cells["unique_id"].isin(["new", "ended"]) & (cells["modelo"] != "media_estacional")]
    assert (over["yhat"] == 0).all()
    assert reasons(one(result, "new", "tsb", "celda")) == {"serie nueva: tsb -> cero"}
    assert reasons(one(result, "new", "naive", "celda")) == {"serie nueva: naive -> cero"}
    assert reasons(one(result, "ended", "tsb", "celda")) == {"serie terminada: tsb -> cero"}
    assert cells.loc[cells["modelo"] == "tsb", "unique_id"].is_monotonic_increasing
    assert "new" not in set(result.loc[result["nivel_jerarquia"] != "celda", "unique_id"])


def test_candidates_count_at_their_own_origin_only() -> None:
    wanted = pd.DataFrame({"indice_origen": [END - 1, END], "unique_id": ["early", "late"]})
    result = forecast(institute(), origins=[END - 1, END], candidates=wanted)
    assert set(result.loc[result["unique_id"] == "early", "indice_origen"]) == {END - 1}
    assert set(result.loc[result["unique_id"] == "late", "indice_origen"]) == {END}


def test_a_forecast_does_not_see_the_periods_after_its_origin() -> None:
    data = institute()
    past = data[data["indice"] <= 20]
    whole = forecast(data, origins=[20, END])
    cut = forecast(past, origins=[20])
    pd.testing.assert_frame_equal(whole[whole["indice_origen"] == 20].reset_index(drop=True), cut)


def test_a_model_that_raises_or_gives_nan_loses_neither_series_nor_other_models() -> None:
    class Fussy(HistoricAverage):
        """Raises on series that hold a 7, gives NaN on those that hold a 60."""

        def forecast(self, y: np.ndarray, h: int, *options: Any, **named: Any) -> dict[str, np.ndarray]:
            if 7.0 in y:
                raise ValueError("no sevens")
            answer: dict[str, np.ndarray] = super().forecast(y, h, *options, **named)
            if 60.0 in y:
                answer["mean"][1] = np.nan
            return answer

    fussy = ModelSpec("fussy", lambda _: Fussy(), 2)
    models = {level: (*specs, fussy) for level, specs in LEVEL_MODELS.items()}
    result = forecast(institute(), level_models=models)
    for unique_id, last in [("short", 4.0), ("falling", 1.0)]:
        rows = one(result, unique_id, "fussy")
        assert rows["yhat"].tolist() == [last] * 3
        assert reasons(rows) == {"sin resultado: fussy -> naive"}
    assert one(result, "regular", "fussy")["yhat"].iloc[0] == pytest.approx(np.mean(SEASONAL))
    others = result[result["modelo"] != "fussy"].reset_index(drop=True)
    pd.testing.assert_frame_equal(others, forecast(institute()))


def test_same_rows_in_any_order_give_the_same_bits() -> None:
    data = institute()
    wanted = pd.DataFrame({"indice_origen": END, "unique_id": ["new", "ended", "another"]})
    first = forecast(data, origins=[20, END], candidates=wanted)
    again = forecast(data, origins=[20, END], candidates=wanted)
    shuffled = forecast(
        data.sample(frac=1, random_state=3),
        origins=[END, 20],
        candidates=wanted.sample(frac=1, random_state=1),
    )
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    pd.testing.assert_frame_equal(first, shuffled, check_exact=True)


def test_periods_without_seasons() -> None:
    result = forecast(institute(), season_length=1)
    assert np.isfinite(result["yhat"]).all()
    assert set(one(result, "regular", "naive_estacional")["yhat"]) == {SEASONAL[-1]}


def test_wrong_arguments_are_named() -> None:
    data = institute()
    with pytest.raises(SeriesError, match="origin 31 is after the last period of the series, 30"):
        forecast(data, origins=[31])
    with pytest.raises(SeriesError, match=r"unknown nivel_jerarquia \['campus'\]"):
        forecast(series("campus", "x", SEASONAL))
    with pytest.raises(SeriesError, match="no series has history"):
        forecast(data, origins=[0])
    with pytest.raises(SeriesError, match="1 or more"):
        forecast(data, horizon=0)
    with pytest.raises(SeriesError, match="candidates: missing columns"):
        forecast(data, candidates=pd.DataFrame({"unique_id": ["x"]}))


def test_forecasts_of_an_earlier_run_are_read_and_only_origins_that_know_of_a_change_are_made_anew(
    tmp_path: Path,
) -> None:
    before = forecast_statistics(institute(), [END - 5, END], 2, 12, cache=Cache(tmp_path))
    files = {file: file.stat().st_ino for file in tmp_path.iterdir()}
    changed = institute()
    changed.loc[(changed["unique_id"] == "sparse") & (changed["indice"] == END), "y"] += 1

    again = forecast_statistics(changed, [END - 5, END], 2, 12, cache=Cache(tmp_path))

    pd.testing.assert_frame_equal(again, forecast_statistics(changed, [END - 5, END], 2, 12))
    assert {file: file.stat().st_ino for file in files} == files
    new = set(tmp_path.iterdir()) - set(files)
    assert len(new) == len(LEVEL_MODELS)
    assert set(pd.concat(pd.read_parquet(file) for file in new)["indice_origen"]) == {END}
    assert not again.equals(before)


def test_a_forecast_that_cannot_be_read_is_made_anew(tmp_path: Path) -> None:
    before = forecast_statistics(institute(), [END], 1, 12, cache=Cache(tmp_path))
    for file in tmp_path.iterdir():
        file.write_bytes(b"cut off")
    pd.testing.assert_frame_equal(
        forecast_statistics(institute(), [END], 1, 12, cache=Cache(tmp_path)), before
    )


def test_pruning_leaves_a_draft_that_is_being_written(tmp_path: Path) -> None:
    young, old, unused = (tmp_path / name for name in ("a.1.tmp", "b.2.tmp", "c.parquet"))
    for file in (young, old, unused):
        file.touch()
    for file, days in ((old, 1), (unused, 90)):
        os.utime(file, (time.time() - days * 86_400,) * 2)
    Cache(tmp_path).prune()
    assert list(tmp_path.iterdir()) == [young]
