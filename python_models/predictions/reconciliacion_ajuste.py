"""predictions: the combined forecasts made coherent over the hierarchy (docs/forecast.md)."""

from typing import Any

import pandas as pd

from python_models.forecasting.reconciliation import reconcile


def model(dbt: Any, session: Any) -> pd.DataFrame:  # noqa: ARG001 (dbt's signature)
    """Rows (indice_origen, h, nivel_jerarquia, unique_id, yhat, razon)."""
    dbt.config(materialized="table")
    # One ref a line: dbt loses the edges of chained ones.
    base = dbt.ref("pronosticos_combinados")
    hierarchy = dbt.ref("jerarquia")
    return reconcile(base.df(), hierarchy.df())
