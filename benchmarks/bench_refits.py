"""What does refitting the learner less often cost?

`make bench-refits` forecasts the demo institute, and ../shared/data/institute where that is there, and then
fits the learner for every period of the backtest, every 2nd, 3rd and 6th. An origin is forecast as in a run:
by the two newest fits that knew no more than it did, averaged. Printed are the errors (WAPE) of the learner's
own forecast of the candidate cells, over the same rows, beside the flow rule, which is not fitted.
"""

import argparse
import tempfile
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.bench_run import DEMO, INSTITUTE, run_once
from flows.project import schema_of
from python_models.forecasting import learner
from python_models.forecasting.cache import Cache

EVERY = (1, 2, 3, 6)
# As models/predictions/blend/vistas.sql has it: of entry cells its count alone.
ENTRY_VIEW = learner.COUNT.name


def read(home: Path) -> tuple[pd.DataFrame, pd.DataFrame, list[int]]:
    """Features, target and the backtest's origins of a home's last run, as aprendiz_ajuste has them."""
    features, target = schema_of("features"), schema_of("target")
    with duckdb.connect(str(home / "aforo_warehouse.duckdb"), read_only=True) as connection:
        return (
            connection.sql(f"from {features}.rasgos").df(),
            connection.sql(
                f"select indice_origen, h, unique_id, alumnos from {target}.objetivo where es_candidata"
            ).df(),
            connection.sql(f"from {features}.origenes").filter("es_evaluado").df()["indice_origen"].tolist(),
        )


def forecast(
    features: pd.DataFrame, target: pd.DataFrame, origins: list[int], every: int, cache: Cache
) -> pd.Series:
    """The learner's forecast of each candidate (KEY), where it is fitted for every so many periods."""
    usual, learner.TRAIN_EVERY = learner.TRAIN_EVERY, every
    try:
        views = learner.forecast_learner(features, target, origins, cache)
    finally:
        learner.TRAIN_EVERY = usual
    rows = views.merge(features[[*learner.KEY, "tipo"]], on=learner.KEY)
    counted = rows[(rows["tipo"] != "inicial") | (rows["modelo"] == ENTRY_VIEW)]
    return counted.groupby(learner.KEY)["yhat"].mean()


def report(name: str, home: Path) -> None:
    """Prints the errors by horizon and how far each is from fitting for every period."""
    features, target, origins = read(home)
    cache = Cache(home / "cache")
    judged = features[[*learner.KEY, "flujo"]].merge(target.dropna(subset=["alumnos"]), on=learner.KEY)
    judged = judged[judged["indice_origen"].isin(origins)].set_index(learner.KEY)
    # The trainings for every 6th period are among those for every one: each is made once.
    for every in EVERY:
        judged[every] = forecast(features, target, origins, every, cache)
    judged = judged.dropna(subset=list(EVERY))
    errors = judged[[*EVERY, "flujo"]].sub(judged["alumnos"], axis=0).abs()
    wape = errors.groupby("h").sum().div(judged.groupby("h")["alumnos"].sum(), axis=0)
    print(f"\n{name}: {judged.index.get_level_values(0).nunique()} origins, {len(judged):,} candidates")
    print(f"{'h':>3}" + "".join(f"{f'every {every}':>18}" for every in EVERY) + f"{'flow rule':>12}")
    for h, row in wape.iterrows():
        cells = "".join(f"{row[every]:>9.4f} ({row[every] - row[1]:+.4f})" for every in EVERY)
        print(f"{h:>3}{cells}{row['flujo']:>12.4f}")


def main() -> None:
    """Command line: homes that have run, else the demo and the institute in homes of their own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("homes", nargs="*", type=Path)
    homes = parser.parse_args().homes
    for home in homes:
        report(home.name, home)
    for name, source in {} if homes else {"demo": DEMO, "institute": INSTITUTE}.items():
        if not source.exists():
            print(f"{name}: {source} is absent: not measured")
            continue
        with tempfile.TemporaryDirectory() as folder:
            run_once(source, Path(folder))
            report(name, Path(folder))


if __name__ == "__main__":
    main()
