"""StatsForecast's AutoARIMA on a sample of the cells, with the calendar's season and no levels above.

python -m benchmarks.peers.auto_arima FOLDER ORIGINS CELLS: so many cells at each of so many origins (0: all).
"""

import hashlib
import json
import sys
from pathlib import Path

import duckdb
import pandas as pd
from statsforecast.models import AutoARIMA

from benchmarks.peers.judging import Sample, seconds_so_far, spread
from benchmarks.reference_auto_ets import CELL, cells_at, fitted_series, season_of


def sample_of(cells: pd.Series, size: int) -> list[str]:
    """The `size` cells with the smallest hash: much the same ones at every origin, and of no kind."""
    return sorted(cells.unique(), key=lambda cell: hashlib.md5(cell.encode()).hexdigest())[:size]


def main() -> None:
    """Answer the folder's question for the sample."""
    folder, wanted, size = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    asked = json.loads((folder / "asked.json").read_text())
    origins = spread(asked["origins"], wanted)
    parts, fitted, whole, seconds = [], 0, 0, 0.0
    with duckdb.connect(asked["warehouse"], read_only=True) as connection:
        season = season_of(connection)
        for origin in asked["origins"]:
            rows = cells_at(connection, origin, season)
            whole += rows[CELL].nunique()
            if origin not in origins:
                continue
            sample = sample_of(rows[CELL], size)
            started = seconds_so_far()
            model = AutoARIMA(season_length=season, alias="yhat")
            chosen = rows[rows[CELL].isin(sample)]
            answer = fitted_series(chosen, CELL, origin, asked["horizon"], model, jobs=1)
            seconds += seconds_so_far() - started
            parts.append(answer.assign(indice_origen=origin))
            fitted += len(sample)
    pd.concat(parts)[["indice_origen", "h", "unique_id", "yhat"]].to_parquet(folder / "answer.parquet")
    Sample(fitted, whole, seconds, ["indice_origen", "h", "unique_id"]).write(folder)


if __name__ == "__main__":
    main()
