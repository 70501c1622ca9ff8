"""Processor time and error of the pooled learner with other settings, beside today's in the same call.

    python -m benchmarks.bench_learner HOME                     # every variant
    python -m benchmarks.bench_learner HOME --only by_row       # one of them

HOME is a home that has run (AFORO_HOME); only its warehouse is read. Prints for each variant the processor
seconds of the whole step (without kept models), their ratio to today's, and the WAPE of each view over
the candidates of all evaluated origins, 1 to 3 steps ahead, as the difference from today's in units of .0001.
Seconds of a busy machine are too long: only ratios of one call say something.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import numpy as np
import pandas as pd

from python_models.forecasting import learner
from python_models.forecasting.learner import KEY

# What is set instead of today's value: of learner.PARAMETERS, or, in capitals, of the module.
# What came of them is in docs/experiments.md.
VARIANTS: dict[str, dict[str, Any]] = {
    "by_row": {"force_row_wise": True, "force_col_wise": False},
    "fewer_columns": {"feature_fraction": 0.3},
    "fewer_trees": {
        "learning_rate": 0.15,
        "VIEWS": tuple(replace(view, trees=view.trees * 2 // 3) for view in learner.VIEWS),
    },
    "fewer_rows_bins_columns": {"bagging_fraction": 0.4, "max_bin": 63, "feature_fraction": 0.4},
    "one_side_sampling": {"data_sample_strategy": "goss", "bagging_fraction": 1.0, "bagging_freq": 0},
    "quantized": {"use_quantized_grad": True, "num_grad_quant_bins": 16, "quant_train_renew_leaf": True},
    "every_sixth_origin": {"TRAIN_EVERY": 6},
}


def read(home: Path) -> tuple[pd.DataFrame, pd.DataFrame, list[int]]:
    """The learner's inputs in the home's warehouse: features, targets, evaluated origins."""
    with duckdb.connect(str(home / "aforo_warehouse.duckdb"), read_only=True) as warehouse:
        schema: dict[str, str] = dict(
            warehouse.sql("select table_name, schema_name from duckdb_tables()").fetchall()
        )

        def table(name: str) -> duckdb.DuckDBPyRelation:
            return warehouse.sql(f"select * from {schema[name]}.{name}")

        target = table("objetivo").filter("es_candidata").select("indice_origen, h, unique_id, alumnos")
        origins = table("origenes").filter("es_evaluado").select("indice_origen")
        return table("rasgos").df(), target.df(), [origin for (origin,) in origins.fetchall()]


def errors(forecasts: pd.DataFrame, target: pd.DataFrame) -> pd.Series:
    """WAPE of each view (modelo) and h over the candidates whose students are known."""
    rows = forecasts.merge(target, on=KEY)
    rows["error"] = (rows["yhat"] - rows["alumnos"]).abs()
    sums = rows.groupby(["modelo", "h"])[["error", "alumnos"]].sum()
    return sums["error"] / sums["alumnos"]


def measure(inputs: tuple[Any, ...], settings: dict[str, Any]) -> tuple[float, pd.Series]:
    """Processor seconds of the step with these settings, and its errors."""
    parameters = {name: value for name, value in settings.items() if name.islower()}
    of_module = {name: value for name, value in settings.items() if name.isupper()}
    features, target, origins = inputs
    changed = {"PARAMETERS": {**learner.PARAMETERS, **parameters}, **of_module}
    with patch.multiple(learner, **changed):
        started = time.process_time()
        forecasts = learner.forecast_learner(features, target, origins)
        return time.process_time() - started, errors(forecasts, target)


def main() -> None:
    """Measure every variant, today's first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    arguments = parser.parse_args()
    if not learner.has_lightgbm():
        parser.exit(1)
    inputs = read(arguments.home)
    seconds, today = measure(inputs, {})
    print(f"today: {seconds:.0f} s", today.round(4).groupby("modelo").agg(list).to_dict(), flush=True)
    for name in arguments.only:
        took, wape = measure(inputs, VARIANTS[name])
        change = np.rint((wape - today) * 10_000).astype(int).groupby("modelo").agg(list).to_dict()
        print(f"{name}: {took:.0f} s, {took / seconds:.2f} x", change, flush=True)


if __name__ == "__main__":
    main()
