"""Reconciled forecasts add up at every level, are never negative, and do not depend on the rows' order."""

import logging
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from python_models.forecasting import reconciliation
from python_models.forecasting.hierarchy import HierarchyError
from python_models.forecasting.reconciliation import BOTTOM_UP_REASON, reconcile

# How far the interior-point solver stops from the optimum, in students; sums are exact all the same.
SOLVER = 1e-3
UPPER_LEVELS = ["total", "sede", "sede_programa", "sede_curso", "sede_horario"]
KEY = ["indice_origen", "h", "nivel_jerarquia", "unique_id"]


def jerarquia(sedes: int = 2, cursos: int = 3, horarios: int = 2) -> pd.DataFrame:
    """Every course in every slot of every campus: courses and slots are crossed. Two courses a programme."""
    rows = [
        (f"S{s}/C{c}/T{t}", "total", f"S{s}", f"S{s}/P{c // 2}", f"S{s}/C{c}", f"S{s}/T{t}")
        for s in range(sedes)
        for c in range(cursos)
        for t in range(horarios)
    ]
    return pd.DataFrame(rows, columns=["unique_id", *UPPER_LEVELS])


def base(tree: pd.DataFrame, seed: int = 0, origin: int = 20, h: int = 1) -> pd.DataFrame:
    """Incoherent base forecasts: many small cells and upper nodes that are far too small."""
    rng = np.random.default_rng(seed)
    cells = pd.DataFrame(
        {"nivel_jerarquia": "celda", "unique_id": tree["unique_id"], "yhat": rng.poisson(2.0, len(tree))}
    )
    parts = [cells]
    for level in UPPER_LEVELS:
        sums = cells.set_index("unique_id")["yhat"].groupby(tree.set_index("unique_id")[level]).sum()
        noisy = sums.to_numpy() * rng.uniform(0.2, 1.1, len(sums))
        parts.append(pd.DataFrame({"nivel_jerarquia": level, "unique_id": sums.index, "yhat": noisy}))
    result = pd.concat(parts, ignore_index=True)
    return result.assign(indice_origen=origin, h=h)[[*KEY, "yhat"]]


def assert_coherent(result: pd.DataFrame, tree: pd.DataFrame) -> None:
    assert np.isfinite(result["yhat"]).all()
    assert (result["yhat"] >= 0).all()
    for _, rows in result.groupby(["indice_origen", "h"]):
        cells = rows[rows["nivel_jerarquia"] == "celda"].merge(tree, on="unique_id")
        for level in UPPER_LEVELS:
            node = rows[rows["nivel_jerarquia"] == level].set_index("unique_id")["yhat"]
            np.testing.assert_allclose(node, cells.groupby(level)["yhat"].sum()[node.index], atol=1e-6)


@pytest.mark.parametrize("varianza", [False, True])
def test_all_levels_add_up_and_none_is_negative(varianza: bool) -> None:
    tree = jerarquia(sedes=4, cursos=8, horarios=5)
    data = pd.concat([base(tree, seed=h, h=h) for h in (1, 2, 3)])
    if varianza:
        data["varianza"] = 1 + data["yhat"]
    result = reconcile(data, tree)
    assert_coherent(result, tree)
    assert result["razon"].isna().all()
    assert set(result["nivel_jerarquia"]) == {*UPPER_LEVELS, "celda"}
    assert not result.duplicated(KEY).any()
    # The upper nodes, too small, pull the cells down: some of them to the bound.
    assert (
        result.loc[result["nivel_jerarquia"] == "celda", "yhat"].sum()
        < data.loc[data["nivel_jerarquia"] == "celda", "yhat"].sum()
    )
    assert (result.loc[result["nivel_jerarquia"] == "celda", "yhat"] < SOLVER).any()


def test_coherent_forecasts_stay_as_they_are() -> None:
    tree = jerarquia()
    cells = base(tree).query("nivel_jerarquia == 'celda'")
    result = reconcile(cells, tree)
    kept = result[result["nivel_jerarquia"] == "celda"].set_index("unique_id")["yhat"]
    np.testing.assert_allclose(kept[cells["unique_id"]], cells["yhat"], atol=SOLVER)


def test_structural_weights_are_the_known_solution() -> None:
    """One campus, one course, two slots, cells 1 and 3 against a total of 10: by hand.

    Campus, programme, course and slots have no forecast, and no say. The total sums both cells (weight 1/2).
    Minimising (a-1)^2 + (b-3)^2 + 1/2 (a+b-10)^2 moves both by 1.5.
    """
    tree = jerarquia(sedes=1, cursos=1, horarios=2)
    data = pd.DataFrame(
        [("celda", "S0/C0/T0", 1.0), ("celda", "S0/C0/T1", 3.0), ("total", "total", 10.0)],
        columns=["nivel_jerarquia", "unique_id", "yhat"],
    ).assign(indice_origen=1, h=1)
    result = reconcile(data, tree).set_index(["nivel_jerarquia", "unique_id"])["yhat"]
    assert result["celda", "S0/C0/T0"] == pytest.approx(2.5, abs=SOLVER)
    assert result["celda", "S0/C0/T1"] == pytest.approx(4.5, abs=SOLVER)
    assert result["total", "total"] == pytest.approx(7.0, abs=SOLVER)


def test_a_node_of_small_variance_is_followed() -> None:
    tree = jerarquia()
    data = base(tree).assign(varianza=1.0)
    data.loc[data["nivel_jerarquia"] == "total", "varianza"] = 1e-6
    result = reconcile(data, tree)
    total = data.loc[data["nivel_jerarquia"] == "total", "yhat"].item()
    assert result.loc[result["nivel_jerarquia"] == "total", "yhat"].item() == pytest.approx(total, rel=1e-3)


def test_only_the_candidate_cells_of_each_origin_and_step_are_there() -> None:
    tree = jerarquia()
    first = base(tree, h=1)
    second = base(tree, h=2)
    second = second[second["unique_id"] != "S1/C2/T1"]
    result = reconcile(pd.concat([first, second]), tree)
    assert_coherent(result, tree)
    assert "S1/C2/T1" in set(result.loc[result["h"] == 1, "unique_id"])
    assert "S1/C2/T1" not in set(result.loc[result["h"] == 2, "unique_id"])


def test_upper_nodes_without_candidates_are_left_out() -> None:
    tree = jerarquia()
    data = base(tree)
    data = data[~((data["nivel_jerarquia"] == "celda") & data["unique_id"].str.startswith("S1"))]
    result = reconcile(data, tree)
    assert_coherent(result, tree)
    assert not result["unique_id"].str.startswith("S1").any()


def test_one_cell_only() -> None:
    tree = jerarquia(1, 1, 1)
    result = reconcile(base(tree).assign(yhat=4.0), tree)
    assert result["nivel_jerarquia"].tolist() == [*UPPER_LEVELS, "celda"]
    np.testing.assert_allclose(result["yhat"], 4.0, atol=SOLVER)


def test_all_zero_base_stays_zero() -> None:
    tree = jerarquia()
    result = reconcile(base(tree).assign(yhat=0.0), tree)
    np.testing.assert_allclose(result["yhat"], 0.0, atol=SOLVER)


def test_negative_base_counts_as_zero() -> None:
    tree = jerarquia()
    data = base(tree)
    negative = data.assign(yhat=np.where(data["nivel_jerarquia"] == "celda", -5.0, data["yhat"]))
    zero = data.assign(yhat=np.where(data["nivel_jerarquia"] == "celda", 0.0, data["yhat"]))
    pd.testing.assert_frame_equal(reconcile(negative, tree), reconcile(zero, tree))


def test_same_rows_in_any_order_give_the_same_bits() -> None:
    tree = jerarquia(sedes=3, cursos=10, horarios=6)
    data = pd.concat([base(tree, seed=o, origin=o, h=h) for o in (20, 21) for h in (1, 2)])
    first = reconcile(data, tree)
    shuffled = reconcile(data.sample(frac=1, random_state=5), tree.sample(frac=1, random_state=6))
    pd.testing.assert_frame_equal(first, reconcile(data, tree), check_exact=True)
    pd.testing.assert_frame_equal(first, shuffled, check_exact=True)


def failing_solver(*_: object) -> np.ndarray:
    raise Exception("Non-negative optimisation failed.")


def nan_solver(values: np.ndarray, *_: object) -> np.ndarray:
    return np.full_like(values, np.nan)


@pytest.mark.parametrize("solver", [failing_solver, nan_solver])
def test_a_solver_without_an_answer_leaves_the_sums_of_the_cells(
    solver: Callable[..., np.ndarray], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reconciliation, "_min_trace", solver)
    tree = jerarquia()
    data = base(tree)
    data.loc[data["unique_id"] == "S0/C0/T0", "yhat"] = -5.0
    with caplog.at_level(logging.WARNING):
        result = reconcile(data, tree)
    assert_coherent(result, tree)
    cells = data[data["nivel_jerarquia"] == "celda"].set_index("unique_id")["yhat"].clip(lower=0).sort_index()
    kept = result[result["nivel_jerarquia"] == "celda"].set_index("unique_id")["yhat"]
    assert kept.tolist() == cells.tolist()
    assert set(result["razon"]) == {BOTTOM_UP_REASON}
    assert "origin 20, h 1" in caplog.text


def test_reason_is_text_in_duckdb_though_all_null(tmp_path: Path) -> None:
    result = reconcile(base(jerarquia()), jerarquia())
    with duckdb.connect(str(tmp_path / "x.duckdb")) as connection:
        connection.register("result", result)
        types = dict(connection.sql("select column_name, column_type from (describe from result)").fetchall())
    assert types["razon"] == "VARCHAR"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda d: d.assign(yhat=np.nan),
            "yhat is no finite number: indice_origen 20, h 1, nivel_jerarquia celda",
        ),
        (lambda d: pd.concat([d, d.head(1)]), "the row appears twice: .*unique_id S0/C0/T0"),
        (lambda d: d.replace("S0/C0/T0", "S9/C9/T9"), "the cell is not in jerarquia: .*unique_id S9/C9/T9"),
        (lambda d: d[d["nivel_jerarquia"] != "celda"], "no cells for origin 20, h 1"),
        (lambda d: d.head(0), "no rows"),
        (lambda d: d.drop(columns="h"), r"missing columns \['h'\]"),
        (lambda d: d.assign(unique_id=None), "a key column is null"),
        (lambda d: d.assign(varianza=0.0), "varianza is no positive number"),
    ],
)
def test_inconsistent_input_is_an_error_that_names_the_row(
    change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    tree = jerarquia()
    with pytest.raises(HierarchyError, match=message):
        reconcile(change(base(tree)), tree)
