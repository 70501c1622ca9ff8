"""The pooled learner: one gradient-boosted model over all candidates of all past origins."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd

KEY = ["indice_origen", "h", "unique_id"]
OUTPUT_COLUMNS = [*KEY, "modelo", "yhat"]

COUNT = "aprendiz_conteo"
RATIO = "aprendiz_razon"

CATEGORIES = ["sede", "programa", "nivel", "frecuencia", "horario_actual", "motivo", "tipo", "estacion"]
# Names and keys: a tree must not learn them.
LEFT_OUT = [*KEY, "indice", "indice_misma_estacion", "curso_actual", "nombre", "linea", "franja"]

# Few leaves in a tree, few trees, half of the columns for each: choices of judgement, not tuned to the visible
# periods (docs/accuracy.md). One thread: same bits on every machine, and several fits at a time instead.
PARAMETERS = {
    "objective": "l1",
    "learning_rate": 0.1,
    "num_leaves": 63,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "cat_smooth": 20,
    "max_bin": 127,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
TREES = 150
# A row counts half after this many periods, times ln 2.
MEMORY = 18.0
# The learner is fitted anew for every third origin: a fit serves its own origin and the two after it.
REFIT_EVERY = 3
# Below this many rows to learn from there is no learner.
FEWEST_ROWS = 1000
LARGEST_RATIO = 4.0
LARGEST_WEIGHT = 400.0


@dataclass(frozen=True)
class Fit:
    """One fit: its horizon, the origin whose knowledge it has, the origins it serves (as rows)."""

    h: int
    origin: int
    served: pd.Index


def forecast_learner(features: pd.DataFrame, target: pd.DataFrame, origins: list[int]) -> pd.DataFrame:
    """Forecast the candidates of the given origins, each from what was known at it or up to two periods before.

    features: one row a candidate (KEY, indice, flujo and any more columns, CATEGORIES among them) of every
    origin that may be learnt from. target: rows (KEY, alumnos), of the candidates whose period is known.
    origins: those to forecast.
    Returns rows (indice_origen, h, unique_id, modelo, yhat), sorted, yhat >= 0: `aprendiz_conteo` learns the
    students, `aprendiz_razon` their ratio to the students who come from the course before (the count's where
    none come). Origins without enough history have no rows. Deterministic: the order of the rows does not matter.
    Method: LightGBM (Ke et al., 2017, NeurIPS 30) on absolute error, recent periods weighing more.
    """
    rows = features.merge(target[[*KEY, "alumnos"]], on=KEY, how="left", validate="one_to_one")
    rows = rows.sort_values(KEY, ignore_index=True)
    inputs = _inputs(rows)
    fits = list(_fits(rows, sorted(origins)))
    with ThreadPoolExecutor(max_workers=2) as pool:  # LightGBM leaves the interpreter while it works.
        parts = list(pool.map(lambda fit: _forecast(fit, rows, inputs), fits))
    if not parts:
        return no_forecasts()
    return pd.concat(parts).sort_values([*KEY, "modelo"], ignore_index=True)


def no_forecasts() -> pd.DataFrame:
    """The answer without a learner: no rows of (indice_origen, h, unique_id, modelo, yhat)."""
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in _TYPES.items()})


_TYPES = {"indice_origen": "int64", "h": "int64", "unique_id": "string", "modelo": "string", "yhat": "float64"}


def _inputs(rows: pd.DataFrame) -> pd.DataFrame:
    """The columns that the trees see, with the ratios that they can't make themselves."""
    inputs = rows.drop(columns=[*LEFT_OUT, "alumnos"]).copy()
    for column in CATEGORIES:
        inputs[column] = pd.Categorical(inputs[column], categories=sorted(inputs[column].dropna().unique()))
    numbers = [column for column in inputs.columns if column not in CATEGORIES]
    inputs[numbers] = inputs[numbers].astype("float32")

    def ratio(part: str, whole: str) -> pd.Series:
        return inputs[part] / inputs[whole].where(inputs[whole] > 0)

    recent = inputs[["alumnos_0", "alumnos_1", "alumnos_2"]].fillna(0).sum(axis=1)
    fed = inputs[["previos_0", "previos_1", "previos_2"]].fillna(0).sum(axis=1)
    return inputs.assign(
        retencion_cohorte=ratio("flujo", "alumnos_dos_pasos"),
        alumnos_por_seccion=ratio("flujo", "secciones_previas"),
        llenado=ratio("flujo", "vacantes_previas"),
        parte_del_curso=ratio("flujo", "flujo_sede_curso"),
        parte_estacional=ratio("previos_estacionales", "flujo"),
        retencion_propia_1=ratio("alumnos_0", "previos_0"),
        retencion_propia_3=(recent + 3) / (fed + 3.2),
        retencion_propia_estacion=ratio("alumnos_estacion", "previos_estacion"),
    )


def _fits(rows: pd.DataFrame, origins: list[int]) -> Iterator[Fit]:
    """The fits that serve the origins, the newest origin's own first."""
    for h in sorted(rows["h"].unique()):
        for first in range(origins[-1], origins[0] - REFIT_EVERY, -REFIT_EVERY):
            group = rows["indice_origen"].between(first, first + REFIT_EVERY - 1)
            index = rows.index[(rows["h"] == h) & group & rows["indice_origen"].isin(origins)]
            if len(index):
                yield Fit(int(h), first, index)


def _forecast(fit: Fit, rows: pd.DataFrame, inputs: pd.DataFrame) -> pd.DataFrame:
    known = (rows["h"] == fit.h) & (rows["indice"] <= fit.origin) & rows["alumnos"].notna()
    learnt = rows.index[known]
    if len(learnt) < FEWEST_ROWS:
        return no_forecasts()
    weight = np.exp(-(fit.origin - rows.loc[learnt, "indice"]) / MEMORY)
    count = _train(inputs.loc[learnt], rows.loc[learnt, "alumnos"], weight)

    fed = learnt[rows.loc[learnt, "flujo"] > 0]
    flow = rows.loc[fed, "flujo"]
    ratio = (rows.loc[fed, "alumnos"] / flow).clip(upper=LARGEST_RATIO)
    share = _train(inputs.loc[fed], ratio, weight.loc[fed] * flow.clip(upper=LARGEST_WEIGHT))

    served = rows.loc[fit.served]
    by_count = np.maximum(count.predict(inputs.loc[fit.served]), 0)
    by_ratio = np.maximum(share.predict(inputs.loc[fit.served]), 0) * served["flujo"].to_numpy()
    by_ratio = np.where(served["flujo"] > 0, by_ratio, by_count)
    return pd.concat(
        [
            served[KEY].assign(modelo=COUNT, yhat=by_count),
            served[KEY].assign(modelo=RATIO, yhat=by_ratio),
        ]
    )


def _train(inputs: pd.DataFrame, target: pd.Series, weight: pd.Series) -> lgb.Booster:
    data = lgb.Dataset(inputs, target, weight=weight, free_raw_data=True)
    return lgb.train(PARAMETERS, data, num_boost_round=TREES)
