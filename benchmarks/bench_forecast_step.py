"""Time and memory of the forecast step alone, on an institute of a given size.

    python benchmarks/bench_forecast_step.py                        # made up: 7 origins, 5,000 cells in play
    python benchmarks/bench_forecast_step.py ../shared/data/institute

The folder holds programacion, cursos, equivalencia_cursos and horarios as Parquet. Prints the seconds of both
parts (on the clock and of processor time: the step works on one core) and the whole process' peak memory.
"""

import argparse
import json
import resource
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from python_models.forecasting.models import LEVEL_MODELS
from python_models.forecasting.reconciliation import reconcile
from python_models.forecasting.statistical import forecast_statistics

HORIZON = 3
SEASON = 12


def held_cells(folder: Path) -> pd.DataFrame:
    """Students of every cell and period of a real institute, with the cell's parents."""
    table = {
        name: f"'{folder}/{name}.parquet'"
        for name in ["programacion", "cursos", "equivalencia_cursos", "horarios"]
    }
    return duckdb.sql(f"""
        select
            dense_rank() over (order by p.periodo)::int as indice, p.sede,
            coalesce(e.curso_actual, p.curso) as curso, coalesce(h.horario_actual, p.horario) as horario,
            coalesce(any_value(c.programa), 'sin programa') as programa, sum(p.matriculados)::double as y
        from {table["programacion"]} as p
        left join {table["equivalencia_cursos"]} as e on p.curso = e.curso
        left join {table["horarios"]} as h on p.horario = h.horario
        left join {table["cursos"]} as c on coalesce(e.curso_actual, p.curso) = c.curso_actual
        where p.estado in ('cerrado', 'abierto') and p.matriculados > 0
        group by p.periodo, p.sede, 3, 4
    """).df()


def simulated_cells() -> pd.DataFrame:
    """12 campuses, 170 courses, 20 slots, 41 periods; most cells live a year or two, as real ones do."""
    rng = np.random.default_rng(1)
    sede, curso, horario = np.unravel_index(rng.choice(12 * 170 * 20, 6800, replace=False), (12, 170, 20))
    cells = pd.DataFrame({"sede": sede, "curso": curso, "horario": horario}).astype(str)
    cells["programa"] = (curso // 60).astype(str)
    first = rng.integers(1, 38, len(cells))
    life = 3 + rng.exponential(20, len(cells)).astype(int)
    frames = []
    for indice in range(1, 42):
        alive = (first <= indice) & (indice < first + life)
        y = rng.poisson(14 * (1 + 0.2 * np.sin(indice * np.pi / 6)), len(cells)) * rng.binomial(
            1, 0.6, len(cells)
        )
        frames.append(cells[alive & (y > 0)].assign(indice=indice, y=y[alive & (y > 0)].astype(float)))
    return pd.concat(frames, ignore_index=True)


def dense_series(cells: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The series of every level, dense to the last period, and the hierarchy of the cells."""
    keyed = cells.assign(
        total="total",
        celda=cells["sede"] + "/" + cells["curso"] + "/" + cells["horario"],
        sede_programa=cells["sede"] + "/" + cells["programa"],
        sede_curso=cells["sede"] + "/" + cells["curso"],
        sede_horario=cells["sede"] + "/" + cells["horario"],
    )
    parts = []
    for level in LEVEL_MODELS:
        wide = keyed.pivot_table(index=level, columns="indice", values="y", aggfunc="sum", fill_value=0.0)
        began = (wide.to_numpy() > 0).argmax(axis=1)
        row, column = np.nonzero(np.arange(wide.shape[1]) >= began[:, None])
        names, periods = wide.index.to_numpy()[row], wide.columns.to_numpy()[column]
        values = wide.to_numpy()[row, column]
        parts.append(
            pd.DataFrame({"nivel_jerarquia": level, "unique_id": names, "indice": periods, "y": values})
        )
    tree = keyed.drop_duplicates("celda")[list(LEVEL_MODELS)].rename(columns={"celda": "unique_id"})
    return pd.concat(parts, ignore_index=True), tree


def measure(folder: Path | None, n_origins: int) -> dict[str, float]:
    """Run both parts once; seconds, rows and this process' peak memory (MiB)."""
    series, tree = dense_series(held_cells(folder) if folder else simulated_cells())
    end = int(series["indice"].max())
    figures: dict[str, float] = {"series": series.groupby(["nivel_jerarquia", "unique_id"]).ngroups}
    start, start_cpu = time.perf_counter(), time.process_time()
    forecasts = forecast_statistics(series, range(end - n_origins + 1, end + 1), HORIZON, SEASON)
    figures["statistics_s"] = time.perf_counter() - start
    figures["statistics_cpu_s"] = time.process_time() - start_cpu
    figures["statistics_rows"] = len(forecasts)
    fitted = forecasts[~forecasts["modelo"].isin(["naive", "naive_estacional"])]
    keys = ["indice_origen", "h", "nivel_jerarquia", "unique_id"]
    base = fitted.groupby(keys)["yhat"].median().reset_index()
    start, start_cpu = time.perf_counter(), time.process_time()
    reconciled = reconcile(base, tree)
    figures["reconcile_s"] = time.perf_counter() - start
    figures["reconcile_cpu_s"] = time.process_time() - start_cpu
    figures["cells_per_origin"] = (reconciled["nivel_jerarquia"] == "celda").sum() / (n_origins * HORIZON)
    figures["failed"] = reconciled["razon"].notna().sum()
    figures["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {name: round(float(value), 1) for name, value in figures.items()}


def main() -> None:
    """Print one JSON object of figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", help="a source folder of Parquet files")
    parser.add_argument("--origins", type=int, default=7)
    options = parser.parse_args()
    print(json.dumps(measure(options.folder, options.origins), indent=2))


if __name__ == "__main__":
    main()
