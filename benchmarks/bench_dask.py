"""The fits of a home's last run, by this machine with two workers and by a Dask cluster of two on it.

`python -m benchmarks.bench_dask HOME` prints processor and wall seconds of both, and whether the forecasts
are the same to the last bit. Nothing is read from the home's cache, and nothing is written.
"""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import dask.dataframe
import duckdb
import numpy as np
import pandas as pd
import psutil
from distributed import Client, LocalCluster
from statsforecast import StatsForecast
from statsforecast.models import SimpleExponentialSmoothingOptimized

from python_models.forecasting import engine
from python_models.forecasting.learner import forecast_learner
from python_models.forecasting.statistical import forecast_statistics

WORKERS = 2
# Of StatsForecast's own backend, which takes long for each.
FUGUE_SERIES = 100


@dataclass(frozen=True)
class Inputs:
    """What the two models of `predictions` that fit are given."""

    series: pd.DataFrame
    origins: list[int]
    horizon: int
    season_length: int
    candidates: pd.DataFrame
    features: pd.DataFrame
    target: pd.DataFrame


def inputs(home: Path) -> Inputs:
    """The tables of the home's warehouse, as the dbt models read them."""
    with duckdb.connect(str(home / "aforo_warehouse.duckdb"), read_only=True) as warehouse:
        tables = warehouse.sql("select table_name, schema_name from duckdb_tables()").fetchall()
        schemas = dict(tables)

        def read(table: str, where: str = "true") -> pd.DataFrame:
            return warehouse.sql(f"select * from {schemas[table]}.{table} where {where}").df()

        return Inputs(
            series=read("series_jerarquia"),
            origins=read("origenes", "es_evaluado")["indice_origen"].tolist(),
            horizon=int(read("corrida")["horizonte"].iloc[0]),
            season_length=int(read("dim_periodos")["estacion"].max()),
            candidates=read("candidatos", "es_evaluado"),
            features=read("rasgos"),
            target=read("objetivo", "es_candidata")[["indice_origen", "h", "unique_id", "alumnos"]],
        )


def processor_seconds() -> float:
    """Of this process and all that it has started."""
    me = psutil.Process()
    times = [process.cpu_times() for process in [me, *me.children(recursive=True)]]
    return sum(each.user + each.system for each in times)


def measured(name: str, given: Inputs) -> list[pd.DataFrame]:
    """The forecasts of both models; prints their seconds."""
    made = []
    for model in ("statsforecast", "learner"):
        wall, processor, own = time.monotonic(), processor_seconds(), time.process_time()
        if model == "statsforecast":
            found = forecast_statistics(
                given.series, given.origins, given.horizon, given.season_length, given.candidates
            )
        else:
            found = forecast_learner(given.features, given.target, given.origins)
        wall, processor = time.monotonic() - wall, processor_seconds() - processor
        own = time.process_time() - own
        print(
            f"{name:8} {model:14} {processor:8.1f} s processor, {own:.1f} of them in this process;"
            f" {wall:.1f} s wall",
            flush=True,
        )
        made.append(found)
    return made


def fugue(cluster: LocalCluster) -> None:
    """Prints what StatsForecast's own backend, Fugue's, takes, and how many of its forecasts are the same."""
    values = np.random.default_rng(0).poisson(20, (FUGUE_SERIES, 40)).astype(float)
    frame = pd.DataFrame({"y": values.ravel()})
    frame["unique_id"], frame["ds"] = np.divmod(frame.index.to_numpy(), values.shape[1])
    runner = StatsForecast([SimpleExponentialSmoothingOptimized(alias="yhat")], freq=1, n_jobs=1)
    times = [time.monotonic()]
    here = runner.forecast(h=1, df=frame)
    times.append(time.monotonic())
    with Client(cluster):
        parted: Any = dask.dataframe.from_pandas(frame, npartitions=WORKERS)
        there = cast(Any, runner.forecast(h=1, df=parted)).compute()
    times.append(time.monotonic())
    both = here.merge(there, on="unique_id", suffixes=("_here", "_there"))
    print(
        f"StatsForecast's own backend, {FUGUE_SERIES} series: {times[2] - times[1]:.1f} s, here "
        f"{times[1] - times[0]:.2f} s; the same bits: {(both['yhat_here'] == both['yhat_there']).sum()}"
    )


def main() -> None:
    """Command line: the home."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("home", type=Path)
    given = inputs(parser.parse_args().home)
    os.environ["AFORO_WORKERS"] = str(WORKERS)
    series = given.series["unique_id"].nunique()
    print(f"{psutil.cpu_count()} cores, {len(given.origins)} origins, {series} series")
    here = measured("here", given)
    started = processor_seconds()
    with LocalCluster(n_workers=WORKERS, threads_per_worker=1, dashboard_address=None) as cluster:
        os.environ[engine.VARIABLE] = cluster.scheduler_address.replace("tcp", "dask")
        there = measured("cluster", given)
        print(f"cluster, with its start: {processor_seconds() - started:.1f} s processor")
        fugue(cluster)
    same = all(ours.equals(theirs) for ours, theirs in zip(here, there, strict=True))
    print("the same to the last bit" if same else "NOT the same")


if __name__ == "__main__":
    main()
