"""The pooled learner: one gradient-boosted model over all candidates of all past origins."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from python_models.forecasting import engine
from python_models.forecasting.cache import Cache

# Imported for good only where it is used: it can't be loaded on a machine that lacks the library libgomp.
if TYPE_CHECKING:
    import lightgbm as lgb

LOGGER = logging.getLogger(__name__)

KEY = ["indice_origen", "h", "unique_id"]
OUTPUT_COLUMNS = [*KEY, "modelo", "yhat"]


@dataclass(frozen=True)
class View:
    """One way to learn the students: all of them, or how far they are from the column `start`.

    objective: l1 learns the median, l2 the mean. trees: how many; the mean needs fewer.
    """

    name: str
    start: str | None
    objective: str
    trees: int


COUNT = View("aprendiz_conteo", None, "l1", 170)
DEVIATION = View("aprendiz_desvio", "regla", "l2", 110)
RETENTION = View("aprendiz_retencion", "flujo_retenido", "l1", 170)
VIEWS = (COUNT, DEVIATION, RETENTION)

CATEGORIES = [
    "sede",
    "programa",
    "nivel",
    "frecuencia",
    "horario_actual",
    "motivo_candidata",
    "tipo",
    "estacion",
]
# Names and keys: a tree must not learn them.
LEFT_OUT = [
    "indice_origen",
    "unique_id",
    "indice",
    "indice_misma_estacion",
    "estaciones_por_ciclo",
    "curso_actual",
    "nombre",
    "linea",
    "franja",
]

# Few leaves in a tree, few trees, half of the columns for each: choices of judgement, not tuned to the
# visible periods (docs/accuracy.md). One thread: same bits every time, and several trainings at once instead.
# Histograms by column: by row, LightGBM would copy the half of rows and columns that each tree sees.
PARAMETERS = {
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
    "force_col_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
# A row counts half after so many cycles, times ln 2; but fewer than so many periods say too little.
MEMORY_CYCLES = 1.5
FEWEST_MEMORY = 9.0
# The learner is trained for every third origin, and for the newest. The origins are counted from the first
# period, so that with a new one the earlier trainings stay as they were and are read (cache.py). An origin is
# forecast by the two newest trainings that knew no more than it did, averaged: one's luck counts half.
TRAIN_EVERY = 3
TRAININGS_AVERAGED = 2
# Too few rows to learn from: no learner. More than these: the newest of them.
FEWEST_ROWS = 1000
MOST_ROWS = 120_000


@dataclass(frozen=True)
class Training:
    """One training: of the first step or all later ones; what its origin knows; the rows it serves."""

    first_step: bool
    origin: int
    served: pd.Index


def forecast_learner(
    features: pd.DataFrame, target: pd.DataFrame, origins: list[int], cache: Cache | None = None
) -> pd.DataFrame:
    """Forecast the candidates of the given origins from what was known at each or up to five periods before.

    features: one row a candidate (KEY, indice, flujo, the views' starts and any more columns, CATEGORIES
    among them) of every origin that may be learnt from. target: rows (KEY, alumnos), of the candidates whose
    period is known. origins: those to forecast.
    Returns rows (indice_origen, h, unique_id, modelo, yhat), sorted, yhat >= 0, one for each of VIEWS:
    `aprendiz_conteo` learns the students; `aprendiz_desvio` how far they are from the flow rule,
    `aprendiz_retencion` how far from the flow with its retention, both in units of the start's chance,
    sqrt(start + 4).
    Origins without enough history have no rows; without LightGBM none has, and a warning says what to
    install. Deterministic: the order of the rows does not matter.
    Method: LightGBM (Ke et al., 2017, NeurIPS 30), recent periods weighing more.
    """
    if not has_lightgbm():
        return no_forecasts()
    rows = features.merge(target[[*KEY, "alumnos"]], on=KEY, how="left", validate="one_to_one")
    rows = rows.sort_values(KEY, ignore_index=True)
    inputs = _inputs(rows)
    kept = cache or Cache()
    # LightGBM leaves the interpreter while it works.
    parts = engine.each(
        lambda training, fit: _forecast(training, rows, inputs, kept, fit),
        list(_trainings(rows, sorted(origins))),
        threads=int(os.environ.get("AFORO_WORKERS", "2")),
    )
    if not parts:
        return no_forecasts()
    return pd.concat(parts).groupby([*KEY, "modelo"], as_index=False, sort=True)[["yhat"]].mean()


def no_forecasts() -> pd.DataFrame:
    """The answer without a learner: no rows of (indice_origen, h, unique_id, modelo, yhat)."""
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in _TYPES.items()})


_TYPES = {
    "indice_origen": "int64",
    "h": "int64",
    "unique_id": "string",
    "modelo": "string",
    "yhat": "float64",
}


def has_lightgbm() -> bool:
    """Whether the learner can be trained here; a warning says what to install where it can't."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError) as error:
        LOGGER.warning(
            "The forecast is made without the pooled learner: LightGBM can't be loaded (%s). Install the "
            "system library libgomp (Debian, Ubuntu: apt-get install libgomp1; Fedora: dnf install libgomp), "
            "or set the variable learner to none.",
            error,
        )
        return False
    return True


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
        retencion_cohorte=ratio("flujo", "alumnos_2_pasos"),
        alumnos_por_seccion=ratio("flujo", "secciones_previas"),
        llenado=ratio("flujo", "vacantes_previas"),
        parte_del_curso=ratio("flujo", "flujo_sede_curso"),
        parte_estacional=ratio("previos_estacionales", "flujo"),
        retencion_propia_1=ratio("alumnos_0", "previos_0"),
        retencion_propia_3=(recent + 3) / (fed + 3.2),
        retencion_propia_estacion=ratio("alumnos_estacion", "previos_estacion"),
        parte_de_la_estacion=ratio("alumnos_estacion", "ingresos_estacion_sede_curso"),
    )


def _trainings(rows: pd.DataFrame, origins: list[int]) -> Iterator[Training]:
    """The trainings that serve the origins, the newest origin's own first; the first step apart."""
    newest = origins[-1]
    oldest = origins[0] - TRAIN_EVERY * TRAININGS_AVERAGED
    grid = range(newest - newest % TRAIN_EVERY, oldest, -TRAIN_EVERY)
    trained = sorted({newest, *grid}, reverse=True)
    for origin in trained:
        served = [
            each
            for each in origins
            if origin in [known for known in trained if known <= each][:TRAININGS_AVERAGED]
        ]
        for first_step in (True, False):
            index = rows.index[rows["indice_origen"].isin(served) & ((rows["h"] == 1) == first_step)]
            if len(index):
                yield Training(first_step, origin, index)


def _forecast(
    training: Training, rows: pd.DataFrame, inputs: pd.DataFrame, kept: Cache, fit: engine.Fit
) -> pd.DataFrame:
    known = (
        ((rows["h"] == 1) == training.first_step)
        & (rows["indice"] <= training.origin)
        & rows["alumnos"].notna()
    )
    learnt = rows.index[known][-MOST_ROWS:]
    if len(learnt) < FEWEST_ROWS:
        return no_forecasts()
    starts = [view.start for view in VIEWS if view.start]
    told = rows.loc[learnt, ["alumnos", *starts]].reset_index(drop=True)
    memory = max(MEMORY_CYCLES * rows["estaciones_por_ciclo"].iloc[0], FEWEST_MEMORY)
    told["peso"] = np.exp(-(training.origin - rows.loc[learnt, "indice"].to_numpy()) / memory)
    seen_before = inputs.loc[learnt].reset_index(drop=True)
    # A category that only later rows have would make a kept model another's.
    for column in CATEGORIES:
        seen_before[column] = seen_before[column].cat.remove_unused_categories()
    models = kept.get([seen_before, told], lambda: fit(_train_views, [(seen_before, told)])[0])
    texts = dict(zip(models["modelo"], models["texto"], strict=True))
    served, seen = rows.loc[training.served], inputs.loc[training.served]
    parts = []
    for view in VIEWS:
        yhat = _predict(texts[view.name], seen)
        if view.start:
            yhat = served[view.start] + yhat * _chance(served[view.start])
        parts.append(served[KEY].assign(modelo=view.name, yhat=yhat))
    return pd.concat(parts).assign(yhat=lambda rows: rows["yhat"].clip(lower=0))


def _chance(start: pd.Series) -> pd.Series:
    """How far the students stray from so many: the square root of a count."""
    return np.sqrt(start + 4)


def _train_views(inputs: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """A model of each view, as LightGBM's text: rows (modelo, texto).

    told: beside each row of inputs its students, the starts and its weight.
    """
    data = _dataset(inputs)
    texts = {view.name: _train(data, view, told) for view in VIEWS}
    return pd.DataFrame({"modelo": list(texts), "texto": list(texts.values())})


def _dataset(inputs: pd.DataFrame) -> "lgb.Dataset":
    """The inputs in bins, made once for all views: they differ in target and weight alone."""
    import lightgbm as lgb

    return lgb.Dataset(inputs, params=PARAMETERS).construct()


def _train(data: "lgb.Dataset", view: View, told: pd.DataFrame) -> str:
    import lightgbm as lgb

    target, weight = told["alumnos"], told["peso"]
    if view.start:
        chance = _chance(told[view.start])
        target = (target - told[view.start]) / chance
        if view.objective == "l1":  # The error counts in students. Squared, it is even across sizes as it is.
            weight = weight * chance
    booster = lgb.train(
        {**PARAMETERS, "objective": view.objective},
        data.set_label(target).set_weight(weight),
        num_boost_round=view.trees,
    )
    text: str = booster.model_to_string()
    return text


def _predict(text: str, inputs: pd.DataFrame) -> np.ndarray:
    """From the text alone, so that a model that was kept gives the same bits as one just made."""
    import lightgbm as lgb

    return np.asarray(lgb.Booster(model_str=text).predict(inputs, num_threads=1))
