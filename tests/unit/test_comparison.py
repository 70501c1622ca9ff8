"""marts.comparacion_experimentos beside numpy and scipy, on simulated forecasts: its own SQL in DuckDB."""

from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import pandas as pd
import pytest
from scipy import stats

ROOT = Path(__file__).parents[2]
STEPS = {"1": 1, "2": 2, "3": 3, "todos": 3}


@pytest.fixture(scope="module")
def judged() -> pd.DataFrame:
    """Two challengers beside a champion at twelve origins and three horizons; one lacks some of the cells."""
    chosen = np.random.default_rng(7)
    index = pd.MultiIndex.from_product(
        [range(1, 13), (1, 2, 3), [f"S/{n}/H" for n in range(30)]], names=["indice_origen", "h", "unique_id"]
    )
    truth = pd.Series(chosen.poisson(8, len(index)).astype(float), index)
    parts = []
    for name, spread, bias, share in (("c", 3.0, 0.5, 1.0), ("r1", 2.5, 0.0, 0.9), ("r2", 3.0, 0.4, 1.0)):
        forecast = (truth + chosen.normal(bias, spread, len(index))).clip(lower=0).round()
        rows = pd.DataFrame({"pronostico": forecast, "y": truth})[chosen.random(len(index)) < share]
        parts.append(rows.reset_index().assign(experimento=name, es_campeon=name == "c"))
    return pd.concat(parts).assign(nivel_jerarquia="celda")


def mart(judged: pd.DataFrame) -> pd.DataFrame:
    """What the mart makes of it."""
    source = (ROOT / "macros" / "experiments.sql").read_text() + (
        ROOT / "models" / "marts" / "comparacion_experimentos.sql"
    ).read_text()
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    sql = environment.from_string(source).render(ref=lambda name: name)
    with duckdb.connect() as connection:
        connection.register("experimentos_juzgados", judged)
        return connection.sql(sql).df()


def expected(judged: pd.DataFrame, challenger: str, horizon: str) -> dict[str, Any]:
    """The same by numpy and scipy: Harvey, Leybourne and Newbold (1997), equation 9."""
    key = ["indice_origen", "h", "unique_id"]
    sides = {name: judged[judged["experimento"] == name].set_index(key) for name in ("c", challenger)}
    both = pd.concat(sides, axis=1)
    truth = both["c"]["y"].fillna(both[challenger]["y"])
    errors = {name: both[name]["pronostico"].fillna(0) - truth for name in sides}
    if horizon != "todos":
        errors = {name: error.xs(int(horizon), level="h") for name, error in errors.items()}
        truth = truth.xs(int(horizon), level="h")
    difference = (errors[challenger].abs() - errors["c"].abs()).groupby("indice_origen").mean().to_numpy()
    n, h = len(difference), STEPS[horizon]
    away = difference - difference.mean()
    gamma = [(away[lag:] * away[: n - lag]).sum() / n for lag in range(h)]
    if gamma[0] + 2 * sum(gamma[1:]) <= 0:
        h = 1
    dm = difference.mean() / np.sqrt((gamma[0] + 2 * sum(gamma[1:h])) / n)
    corrected = dm * np.sqrt((n + 1 - 2 * h + h * (h - 1) / n) / n)
    return {
        "n": len(truth),
        "origenes": n,
        "wape_campeon": errors["c"].abs().sum() / truth.sum(),
        "wape_retador": errors[challenger].abs().sum() / truth.sum(),
        "sesgo_retador": errors[challenger].sum() / truth.sum(),
        "diebold_mariano": corrected,
        "valor_p": 2 * stats.t.sf(abs(corrected), n - 1),
    }


def test_the_comparison_is_what_numpy_and_scipy_make_of_it(judged: pd.DataFrame) -> None:
    found = mart(judged).set_index(["retador", "horizonte"])
    assert set(found["campeon"]) == {"c"}
    assert len(found) == 2 * len(STEPS)
    rows = found.to_dict("index")
    for challenger in ("r1", "r2"):
        for horizon in STEPS:
            said = rows[(challenger, horizon)]
            for name, value in expected(judged, challenger, horizon).items():
                assert said[name] == pytest.approx(value, abs=2e-6), (challenger, horizon, name)
    p = found["valor_p"].sort_values()
    holm = (p * range(len(p), 0, -1)).cummax().clip(upper=1)
    assert found["valor_p_holm"][p.index].to_numpy() == pytest.approx(holm.to_numpy(), abs=1e-5)
    assert set(found["comparaciones"]) == {len(p)}


def test_only_origins_that_both_were_judged_at_count(judged: pd.DataFrame) -> None:
    longer = judged[(judged["experimento"] == "c") | (judged["indice_origen"] > 4)]
    assert set(mart(longer)["origenes"]) == {8}


def test_an_experiment_that_changes_nothing_has_no_statistic(judged: pd.DataFrame) -> None:
    champion = judged[judged["experimento"] == "c"]
    same = pd.concat([champion, champion.assign(experimento="r", es_campeon=False)])
    found = mart(same)
    assert found[["diebold_mariano", "valor_p", "valor_p_holm"]].isna().all(axis=None)
    assert set(found["diferencia_wape"]) == {0}


def test_without_a_challenger_there_is_no_row(judged: pd.DataFrame) -> None:
    assert mart(judged[judged["es_campeon"]]).empty


@pytest.mark.parametrize("degrees", [1, 2, 3, 8, 11, 40])
def test_the_chance_of_a_t_is_scipys(degrees: int) -> None:
    source = (ROOT / "macros" / "experiments.sql").read_text()
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    call = f"{{{{ t_two_sided('t', '{degrees}') }}}}"
    values = [-9.0, -2.1, 0.0, 0.3, 4.5]
    sql = f"select {environment.from_string(source + call).render()} from (select unnest({values}) as t)"
    found = [value for (value,) in duckdb.sql(sql).fetchall()]
    assert found == pytest.approx([2 * stats.t.sf(abs(value), degrees) for value in values], abs=1e-12)
