"""StatsForecast alone, as a reference: AutoETS on every cell and every level above, reconciled by MinT."""

import warnings
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS, HistoricAverage
from utilsforecast.preprocessing import fill_gaps

from flows.project import schema_of
from python_models.forecasting.hierarchy import CELL
from python_models.forecasting.models import LEVEL_MODELS
from python_models.forecasting.reconciliation import reconcile

LONGEST_CELL_SEASON = 4  # a longer season on thousands of short series of cells takes long
PLATINUM = schema_of("platinum")
# Cells that were held in the last cycle; older ones would be forecast as 0.
CELLS = f"""
select
    c.sede || '/' || c.curso_actual || '/' || c.horario_actual as celda, 'total' as total, c.sede,
    c.sede || '/' || k.programa as sede_programa, c.sede || '/' || c.curso_actual as sede_curso,
    c.sede || '/' || c.horario_actual as sede_horario, c.indice, c.alumnos as y
from {PLATINUM}.celdas as c
inner join {PLATINUM}.dim_cursos as k using (curso_actual)
where c.indice <= $origin
qualify max(c.indice) over (partition by celda) > $origin - $season
"""


def forecast(
    connection: duckdb.DuckDBPyConnection, origins: list[int], horizon: int, seasonal_cells: bool = False
) -> pd.DataFrame:
    """Rows (indice_origen, h, nivel_jerarquia, unique_id, yhat, razon) of the cells held in the last cycle.

    AutoETS (Hyndman et al., 2008) by level, with the calendar's season; without one on cells where the cycle
    has more than four, to be quick, unless `seasonal_cells`. MinT with the variances
    of the residuals in sample (Wickramasuriya et al., 2019), by the same code that reconciles the product.
    """
    season = season_of(connection)
    cell_season = season if seasonal_cells or season <= LONGEST_CELL_SEASON else 1
    parts = [_forecast_one(connection, origin, horizon, season, cell_season) for origin in origins]
    return pd.concat(parts, ignore_index=True)


def season_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Periods of the calendar's cycle."""
    longest = connection.sql(f"select max(estaciones_por_ciclo) from {PLATINUM}.dim_periodos").fetchall()
    return int(longest[0][0])


def cells_at(connection: duckdb.DuckDBPyConnection, origin: int, season: int) -> pd.DataFrame:
    """Rows (celda, a column a level above, indice, y) of the cells held in the cycle until `origin`."""
    return connection.execute(CELLS, {"origin": origin, "season": season}).df()


def fitted_series(
    rows: pd.DataFrame, level: str, origin: int, horizon: int, model: Any, jobs: int = 2
) -> pd.DataFrame:
    """Rows (h, nivel_jerarquia, unique_id, yhat, varianza) of the series of one level; gaps count as 0.

    model: a StatsForecast model with the alias `yhat`.
    """
    counts = rows.rename(columns={level: "unique_id", "indice": "ds"}).groupby(["unique_id", "ds"])["y"].sum()
    panel = fill_gaps(counts.reset_index(), freq=1, end=origin).fillna({"y": 0}).astype({"y": "float64"})
    # A series of a few periods has no such model.
    fitter = StatsForecast(models=[model], freq=1, n_jobs=jobs, fallback_model=HistoricAverage())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = fitter.forecast(df=panel, h=horizon, fitted=True)
    inside = fitter.forecast_fitted_values()
    variance = (inside["y"] - inside["yhat"]).pow(2).groupby(inside["unique_id"]).mean()
    return pd.DataFrame(
        {
            "h": answer["ds"] - origin,
            "nivel_jerarquia": level,
            "unique_id": answer["unique_id"],
            "yhat": np.clip(answer["yhat"], 0, None),
            "varianza": answer["unique_id"].map(variance).fillna(1).clip(lower=0.01),
        }
    )


def _forecast_one(
    connection: duckdb.DuckDBPyConnection, origin: int, horizon: int, season: int, cell_season: int
) -> pd.DataFrame:
    rows = cells_at(connection, origin, season)
    seasons = {level: cell_season if level == CELL else season for level in LEVEL_MODELS}
    levels = [
        fitted_series(rows, level, origin, horizon, AutoETS(season_length=length, alias="yhat"))
        for level, length in seasons.items()
    ]
    nodes = rows.drop_duplicates(CELL)[list(LEVEL_MODELS)].rename(columns={CELL: "unique_id"})
    return reconcile(pd.concat(levels).assign(indice_origen=origin), nodes)
