"""scikit-learn's HistGradientBoosting on features made with pandas.

python -m benchmarks.peers.features_sklearn FOLDER
"""

import json
import sys
from pathlib import Path

import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor

PLACE = ["sede", "horario_actual"]
KEY = ["unique_id", "sede", "curso_actual", "horario_actual"]
KINDS = ["sede", "programa", "nivel", "frecuencia", "intensidad", "tipo_demanda"]
GROUPS = {"sede": ["sede"], "curso": ["sede", "curso_actual"], "turno": PLACE}
RECENT = 3
STEPS_BACK = 3


def at(table: pd.DataFrame, keys: list[str], rows: pd.DataFrame, moment: pd.Series) -> pd.Series:
    """The students of each row's group at `moment`, 0 where it had none.

    table: rows (the keys, indice, y), unique.
    """
    asked = rows[keys].assign(indice=moment.to_numpy())
    found = asked.merge(table[[*keys, "indice", "y"]], on=[*keys, "indice"], how="left")
    return found["y"].fillna(0).set_axis(rows.index)


def with_features(
    rows: pd.DataFrame, cells: pd.DataFrame, courses: pd.DataFrame, periods: pd.DataFrame
) -> pd.DataFrame:
    """Rows (indice_origen, h, the cell's columns) with what was known at the origin, and y.

    A cell's own lags, those of the courses that lead to it in its place up to three steps back, its groups'
    sums now and in the target's season, and the kinds of its course. y: students who came, 0 for none.
    """
    origin, target = rows["indice_origen"], rows["indice_origen"] + rows["h"]
    cycle = int(periods["estaciones_por_ciclo"].max())
    # The newest of the target's season that is known at the origin.
    same_season = target - cycle * -(-rows["h"] // cycle)
    counts = cells[[*KEY, "indice", "y"]]
    made = rows.merge(courses, on="curso_actual", how="left")
    made["season"] = target.map(periods.set_index("indice")["estacion"])
    for lag in range(RECENT):
        made[f"own_{lag}"] = at(counts, ["unique_id"], rows, origin - lag)
    made["own_season"] = at(counts, ["unique_id"], rows, same_season)
    made["own_mean"] = made[[f"own_{lag}" for lag in range(RECENT)]].mean(axis=1)
    feeding = counts
    following = courses[["curso_actual", "curso_siguiente"]].dropna()
    for step in range(1, STEPS_BACK + 1):
        led = feeding.merge(following, on="curso_actual").drop(columns="curso_actual")
        led = led.rename(columns={"curso_siguiente": "curso_actual"})
        feeding = led.groupby([*PLACE, "curso_actual", "indice"], as_index=False).agg(y=("y", "sum"))
        for lag in range(2):
            made[f"before_{step}_{lag}"] = at(feeding, [*PLACE, "curso_actual"], rows, origin - lag)
        made[f"before_{step}_season"] = at(feeding, [*PLACE, "curso_actual"], rows, same_season - step)
    for name, keys in GROUPS.items():
        sums = counts.groupby([*keys, "indice"], as_index=False).agg(y=("y", "sum"))
        made[f"{name}_now"] = at(sums, keys, rows, origin)
        made[f"{name}_season"] = at(sums, keys, rows, same_season)
    made["y"] = at(counts, ["unique_id"], rows, target)
    made[KINDS] = made[KINDS].astype("category")
    return made


def forecast(made: pd.DataFrame, origin: int) -> pd.DataFrame:
    """Rows (indice_origen, h, unique_id, yhat) of the candidates of `origin`, a fit a step."""
    inputs = made.columns.difference([*KEY, "indice_origen", "h", "y", "curso_siguiente"]).union(["sede"])
    parts = []
    for _, rows in made.groupby("h"):
        learnt = rows[rows["indice_origen"] + rows["h"] <= origin]
        asked = rows[rows["indice_origen"] == origin]
        # The median, as WAPE asks for it.
        model = HistGradientBoostingRegressor(
            loss="absolute_error", max_iter=300, learning_rate=0.06, random_state=0
        )
        model.fit(learnt[inputs], learnt["y"])
        parts.append(asked[["indice_origen", "h", "unique_id"]].assign(yhat=model.predict(asked[inputs])))
    return pd.concat(parts)


def main() -> None:
    """Answer the folder's question, a fit an origin and step."""
    folder = Path(sys.argv[1])
    asked = json.loads((folder / "asked.json").read_text())
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in ("cursos", "periodos", "celdas")}
    rows = pd.read_parquet(folder / "candidatos.parquet")
    made = with_features(rows, tables["celdas"], tables["cursos"], tables["periodos"])
    parts = [forecast(made, origin) for origin in asked["origins"]]
    pd.concat(parts).to_parquet(folder / "answer.parquet")


if __name__ == "__main__":
    main()
