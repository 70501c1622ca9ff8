"""Make base forecasts add up over the hierarchy, without negatives."""

import logging

import numpy as np
import pandas as pd
from hierarchicalforecast.methods import MinTraceSparse
from scipy import sparse

from python_models.forecasting.hierarchy import (
    CELL,
    Hierarchy,
    HierarchyError,
    build_hierarchy,
    check_jerarquia,
)

logger = logging.getLogger(__name__)

BASE_COLUMNS = ["indice_origen", "h", "nivel_jerarquia", "unique_id", "yhat"]
OUTPUT_COLUMNS = [*BASE_COLUMNS, "razon"]
BOTTOM_UP_REASON = "reconciliacion sin resultado: suma de celdas"


def reconcile(base: pd.DataFrame, jerarquia: pd.DataFrame) -> pd.DataFrame:
    """Reconcile the base forecasts of each (indice_origen, h) over the cells that it has.

    base: rows (indice_origen, h, nivel_jerarquia, unique_id, yhat[, varianza]), unique; the rows of level
    'celda' are the candidate cells of that origin and horizon, the others forecasts of upper nodes. An upper
    node without a row is the sum of its cells and says nothing of them; one without a candidate cell is left
    out. A negative yhat counts as 0. varianza (> 0), where the column exists: variance of the base forecast's
    error; a node's weight is its inverse. Without it the weights are structural: a node's variance is its
    number of cells.
    jerarquia: a row a cell: unique_id, and its node at each level above, a column a level, from the top down.
    Returns rows (indice_origen, h, nivel_jerarquia, unique_id, yhat, razon) of all nodes, sorted; yhat >= 0,
    upper nodes are the sums of their cells; razon is null, or says that the solver failed and that the cells
    stayed as they were.
    Raises HierarchyError on inconsistent input. Deterministic: the order of the rows does not matter.
    Method: MinT with diagonal weights under non-negativity (docs/forecast.md).
    """
    nodes = check_jerarquia(jerarquia)
    _check_base(base, nodes)
    parts = [_reconcile_one(rows, nodes) for _, rows in base.groupby(["indice_origen", "h"], sort=True)]
    if not parts:
        raise HierarchyError("base: no rows to reconcile")
    return pd.concat(parts, ignore_index=True)


def _check_base(base: pd.DataFrame, nodes: pd.DataFrame) -> None:
    missing = [column for column in BASE_COLUMNS if column not in base.columns]
    if missing:
        raise HierarchyError(f"base: missing columns {missing}; it has {list(base.columns)}")
    _refuse(base, base[BASE_COLUMNS[:-1]].isna().any(axis=1), "a key column is null")
    _refuse(base, base.duplicated(BASE_COLUMNS[:-1]), "the row appears twice")
    yhat = base["yhat"].to_numpy(np.float64, na_value=np.nan)
    _refuse(base, ~np.isfinite(yhat), "yhat is no finite number")
    unknown = (base["nivel_jerarquia"] == CELL) & ~base["unique_id"].isin(nodes.index)
    _refuse(base, unknown, "the cell is not in jerarquia")
    if "varianza" in base.columns:
        variance = base["varianza"].to_numpy(np.float64, na_value=np.nan)
        _refuse(base, ~(np.isfinite(variance) & (variance > 0)), "varianza is no positive number")


def _refuse(base: pd.DataFrame, wrong: "pd.Series[bool] | np.ndarray", problem: str) -> None:
    if np.any(wrong):
        row = base[np.asarray(wrong)].iloc[0]
        place = ", ".join(f"{column} {row[column]}" for column in BASE_COLUMNS[:-1])
        raise HierarchyError(f"base: {problem}: {place}")


def _reconcile_one(rows: pd.DataFrame, nodes: pd.DataFrame) -> pd.DataFrame:
    """Reconcile the rows of one origin and horizon."""
    origin, h = int(rows["indice_origen"].iloc[0]), int(rows["h"].iloc[0])
    cells = rows.loc[rows["nivel_jerarquia"] == CELL, "unique_id"]
    if cells.empty:
        raise HierarchyError(f"base: no cells for origin {origin}, h {h}")
    hierarchy = build_hierarchy(nodes.loc[sorted(cells)])
    keyed = rows.set_index(["nivel_jerarquia", "unique_id"])
    index = pd.MultiIndex.from_arrays([hierarchy.level, hierarchy.unique_id])
    base = np.clip(keyed["yhat"].reindex(index).to_numpy(np.float64), 0, None)
    variance = keyed["varianza"].reindex(index).to_numpy(np.float64) if "varianza" in rows.columns else None
    bottom, razon = _solve(base, hierarchy, variance, origin, h)
    return pd.DataFrame(
        {
            "indice_origen": origin,
            "h": h,
            "nivel_jerarquia": hierarchy.level,
            "unique_id": hierarchy.unique_id,
            "yhat": hierarchy.summing @ bottom,
            # StringDtype: an all-null column of objects would become INTEGER in DuckDB.
            "razon": pd.array([razon] * len(index), dtype="string"),
        },
        columns=OUTPUT_COLUMNS,
    )


def _solve(
    base: np.ndarray, hierarchy: Hierarchy, variance: np.ndarray | None, origin: int, h: int
) -> tuple[np.ndarray, str | None]:
    """The reconciled cells, and null; or the base cells and the reason where the solver gives no answer."""
    bottom = base[-hierarchy.n_cells :]
    # A node that only repeats its cells would count them once more against the forecasts above.
    own = ~np.isnan(base)
    try:
        reconciled = _min_trace(
            base[own], hierarchy.summing[own], None if variance is None else variance[own]
        )[-hierarchy.n_cells :]
    except Exception as error:  # the library raises bare Exception where its solver does not converge
        logger.warning("origin %s, h %s: reconciliation failed (%s); upper levels are sums", origin, h, error)
        return bottom, BOTTOM_UP_REASON
    if not np.isfinite(reconciled).all():
        logger.warning("origin %s, h %s: reconciliation is not finite; upper levels are sums", origin, h)
        return bottom, BOTTOM_UP_REASON
    return reconciled, None


def _min_trace(base: np.ndarray, summing: sparse.csr_matrix, variance: np.ndarray | None) -> np.ndarray:
    """Reconciled values of all nodes by hierarchicalforecast."""
    column = base[:, None]
    if variance is None:
        method = MinTraceSparse(method="wls_struct", nonnegative=True)
        return method.fit(S=summing, y_hat=column).y_hat[:, 0]
    # The library takes variances as those of residuals: two of +-a have the variance 2 a^2.
    half = np.sqrt(variance / 2)[:, None]
    residuals = np.hstack([half, -half])
    method = MinTraceSparse(method="wls_var", nonnegative=True)
    method.fit(S=summing, y_hat=column, y_insample=residuals, y_hat_insample=np.zeros_like(residuals))
    return method.y_hat[:, 0]
