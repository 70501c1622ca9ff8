"""StatsForecast's AutoETS on every cell and level with MinT.

python -m benchmarks.peers.auto_ets FOLDER ORIGINS [season]: ORIGINS of the origins, spread evenly (0: all);
`season`: the cells have the calendar's season, as the levels above have it in any case.
"""

import json
import sys
from pathlib import Path

import duckdb

from benchmarks.peers.judging import Sample, seconds_so_far, spread
from benchmarks.reference_auto_ets import CELL, forecast


def main() -> None:
    """Answer the folder's question."""
    folder, wanted = Path(sys.argv[1]), int(sys.argv[2])
    asked = json.loads((folder / "asked.json").read_text())
    origins = spread(asked["origins"], wanted)
    started = seconds_so_far()
    with duckdb.connect(asked["warehouse"], read_only=True) as connection:
        answer = forecast(connection, origins, asked["horizon"], seasonal_cells="season" in sys.argv[3:])
    cells = answer[answer["nivel_jerarquia"] == CELL]
    cells[["indice_origen", "h", "unique_id", "yhat"]].to_parquet(folder / "answer.parquet")
    if len(origins) < len(asked["origins"]):
        seconds = seconds_so_far() - started
        Sample(len(origins), len(asked["origins"]), seconds, ["indice_origen"]).write(folder)


if __name__ == "__main__":
    main()
