"""mlforecast with LightGBM on lags of the cells: python -m benchmarks.peers.lags_mlforecast FOLDER.

Runs in an environment of its own (requirements.txt beside it), so it imports nothing of the project.
"""

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import lightgbm
import pandas as pd
from mlforecast import MLForecast
from mlforecast.lag_transforms import RollingMean
from utilsforecast.preprocessing import fill_gaps

STATIC = ["sede", "curso_actual", "horario_actual", "programa", "nivel", "tipo_demanda"]


def season_by_period(periods: pd.DataFrame) -> Callable[[pd.Index], pd.Index]:
    """A date feature: the season of each period, from the calendar."""
    by_index = periods.set_index("indice")["estacion"]

    def season(ds: pd.Index) -> pd.Index:
        return pd.Index(by_index.reindex(ds).to_numpy())

    return season


def forecast(cells: pd.DataFrame, periods: pd.DataFrame, origin: int, horizon: int) -> pd.DataFrame:
    """Rows (indice_origen, h, unique_id, yhat) of the cells held in the cycle that ends at `origin`.

    cells: rows (unique_id, ds, y, the static columns), a row a period in which the cell was held.
    """
    cycle = int(periods["estaciones_por_ciclo"].max())
    known = cells[cells["ds"] <= origin]
    filled = fill_gaps(known[["unique_id", "ds", "y"]], freq=1, end=origin).fillna({"y": 0.0})
    panel = filled.merge(known.drop_duplicates("unique_id")[["unique_id", *STATIC]], on="unique_id")
    # Most cells are younger than a cycle: LightGBM takes the lags that are missing.
    model = MLForecast(
        models={"yhat": lightgbm.LGBMRegressor(random_state=0, verbosity=-1)},
        freq=1,
        lags=sorted({1, 2, 3, cycle}),
        lag_transforms={1: [RollingMean(3, min_samples=1), RollingMean(cycle, min_samples=1)]},
        date_features=[season_by_period(periods)],
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Found null values")
        model.fit(panel, static_features=STATIC, dropna=False)
    held = known.loc[known["ds"] > origin - cycle, "unique_id"].unique()
    answer = model.predict(horizon, ids=sorted(held))
    return answer.assign(indice_origen=origin, h=answer["ds"] - origin).drop(columns="ds")


def main() -> None:
    """Answer the folder's question: a fit an origin, each step from the one before, LightGBM as it comes."""
    folder = Path(sys.argv[1])
    asked = json.loads((folder / "asked.json").read_text())
    periods = pd.read_parquet(folder / "periodos.parquet")
    cells = pd.read_parquet(folder / "celdas.parquet").rename(columns={"indice": "ds"})
    cells = cells.merge(pd.read_parquet(folder / "cursos.parquet"), on="curso_actual")
    cells[STATIC] = cells[STATIC].astype("category")
    parts = [forecast(cells, periods, origin, asked["horizon"]) for origin in asked["origins"]]
    pd.concat(parts).to_parquet(folder / "answer.parquet")


if __name__ == "__main__":
    main()
