"""predictions: the statistical forecasts of every series at every origin (docs/forecast.md)."""

from typing import Any

import pandas as pd

from python_models.forecasting import cache
from python_models.forecasting.statistical import forecast_statistics


def model(dbt: Any, session: Any) -> pd.DataFrame:  # noqa: ARG001 (dbt's signature)
    """Rows (indice_origen, nivel_jerarquia, unique_id, h, modelo, yhat, razon)."""
    dbt.config(materialized="table")
    # One ref a line: dbt loses the edges of chained ones.
    series = dbt.ref("series_jerarquia")
    origins = dbt.ref("origenes")
    candidates = dbt.ref("candidatos")
    periods = dbt.ref("dim_periodos")
    run = dbt.ref("corrida")
    return forecast_statistics(
        series=series.df(),
        origins=origins.filter("es_evaluado").df()["indice_origen"].tolist(),
        horizon=int(run.df()["horizonte"].iloc[0]),
        season_length=int(periods.df()["estacion"].max()),
        candidates=candidates.filter("es_evaluado").df(),
        cache=cache.of_home(),
    )
