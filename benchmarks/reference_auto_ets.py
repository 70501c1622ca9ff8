"""StatsForecast alone, as a reference: AutoETS on every cell and every level above, reconciled by MinT."""

import warnings

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

LONGEST_CELL_SEASON = 4  # a longer season on thousands of short series of cells takes hours
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


def forecast(connection: duckdb.DuckDBPyConnection, origins: list[int], horizon: int) -> pd.DataFrame:
    """Rows (indice_origen, h, nivel_jerarquia, unique_id, yhat, razon) of the cells held in the last cycle.

    AutoETS (Hyndman et al., 2008) by level, with the calendar's season; without one on cells where the cycle
    has more than four, to be quick. MinT with the variances
    of the residuals in sample (Wickramasuriya et al., 2019), by the same code that reconciles the product.
    """
    longest = connection.sql(f"select max(estaciones_por_ciclo) from {PLATINUM}.dim_periodos").fetchall()
    season = int(longest[0][0])
    parts = [_forecast_one(connection, origin, horizon, season) for origin in origins]
    return pd.concat(parts, ignore_index=True)


def _forecast_one(
    connection: duckdb.DuckDBPyConnection, origin: int, horizon: int, season: int
) -> pd.DataFrame:
    rows = connection.execute(CELLS, {"origin": origin, "season": season}).df()
    base = pd.concat([_level(rows, level, origin, horizon, season) for level in LEVEL_MODELS])
    nodes = rows.drop_duplicates(CELL)[list(LEVEL_MODELS)].rename(columns={CELL: "unique_id"})
    return reconcile(base.assign(indice_origen=origin), nodes)


def _level(rows: pd.DataFrame, level: str, origin: int, horizon: int, season: int) -> pd.DataFrame:
    """Rows (h, nivel_jerarquia, unique_id, yhat, varianza) of the series of one level."""
    counts = rows.rename(columns={level: "unique_id", "indice": "ds"}).groupby(["unique_id", "ds"])["y"].sum()
    panel = fill_gaps(counts.reset_index(), freq=1, end=origin).fillna({"y": 0}).astype({"y": "float64"})
    model = AutoETS(season_length=1 if level == CELL and season > LONGEST_CELL_SEASON else season)
    # A series of a few periods has no AutoETS.
    fitter = StatsForecast(models=[model], freq=1, n_jobs=2, fallback_model=HistoricAverage())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = fitter.forecast(df=panel, h=horizon, fitted=True)
    inside = fitter.forecast_fitted_values()
    variance = (inside["y"] - inside["AutoETS"]).pow(2).groupby(inside["unique_id"]).mean()
    return pd.DataFrame(
        {
            "h": answer["ds"] - origin,
            "nivel_jerarquia": level,
            "unique_id": answer["unique_id"],
            "yhat": np.clip(answer["AutoETS"], 0, None),
            "varianza": answer["unique_id"].map(variance).fillna(1).clip(lower=0.01),
        }
    )
