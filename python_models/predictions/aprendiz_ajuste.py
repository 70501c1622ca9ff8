"""predictions: the pooled learner's forecasts at every evaluated origin (docs/accuracy.md)."""

from typing import Any

import pandas as pd

from python_models.forecasting import cache
from python_models.forecasting.learner import forecast_learner, no_forecasts


def model(dbt: Any, session: Any) -> pd.DataFrame:  # noqa: ARG001 (dbt's signature)
    """Rows (indice_origen, h, unique_id, modelo, yhat)."""
    dbt.config(materialized="table")
    # One ref a line: dbt loses the edges of chained ones.
    features = dbt.ref("rasgos")
    target = dbt.ref("objetivo")
    origins = dbt.ref("origenes")
    experiment = dbt.ref("experimento")
    if experiment.df()["learner"].iloc[0] == "none":
        return no_forecasts()
    return forecast_learner(
        features=features.df(),
        target=target.filter("es_candidata").select("indice_origen, h, unique_id, alumnos").df(),
        origins=origins.filter("es_evaluado").df()["indice_origen"].tolist(),
        cache=cache.of_home(),
    )
