"""Is the forecast right for any institute? The zoo, the demo and the real ones, judged in the same run.

`make bench-zoo` writes the institutes of `seeds/simulator/makes.py`, runs `aforo run` on each in a home of
its own, and prints for each level and step ahead the error beside every simple rule, StatsForecast alone and
the truth (`zoo_scores.py`), then what was asked, the worst institute, and every one that falls short.
`python -m benchmarks.bench_zoo --only yearly university --jobs 1 --out scores.csv` judges some of them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmarks.zoo_scores import score, table
from benchmarks.zoo_summary import summary
from seeds.simulator.make_tables import make_institute
from seeds.simulator.makes import MAKES
from seeds.simulator.tables import write_institute, write_parquet

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
SETTLED = 3.0  # cycles of history from which a bias, a truth and a coverage are judged
SHOWN = {
    "statsforecast": "sf alone",
    "same_season": "same",
    "mean_of_three": "mean 3",
    "best_rule": "best rule",
    "bias_points": "b. points",
    "bias_truth": "b. truth",
}


@dataclass(frozen=True)
class Institute:
    """A source folder to judge, and its truth where it has one."""

    name: str
    source: Path
    truth: Path | None = None


def institutes(names: list[str], folder: Path) -> list[Institute]:
    """The institutes of these names; those of the zoo are written into the folder first."""
    real = {
        "demo": Institute(
            "demo", ROOT / "seeds" / "demo_institute", ROOT / "seeds" / "demo_truth" / "esperado.parquet"
        ),
        "institute": Institute("institute", SHARED / "institute"),
        "semestral": Institute("semestral", SHARED / "semestral"),
    }
    found = []
    for name in names or [*MAKES, *real]:
        if name in real:
            if real[name].source.exists():
                found.append(real[name])
            else:
                print(f"{name}: {real[name].source} is absent: not judged")
            continue
        tables, truth = make_institute(MAKES[name])
        write_institute(tables, folder / name, small_as_csv=False)
        path = folder / f"{name}_truth" / "esperado.parquet"
        if truth is not None:
            write_parquet(truth, path)
        found.append(Institute(name, folder / name, path))
    return found


def judge(institute: Institute, home: Path, alone_origins: int) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """Run and score: what to say of the run, the table of all origins, that of the settled ones."""
    started = time.monotonic()
    aforo = Path(sys.executable).with_name("aforo")
    command: list[str | Path] = [aforo, "run", "--quiet", "--source", institute.source]
    environment = {**os.environ, "AFORO_HOME": str(home), "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    said = f"aforo run {time.monotonic() - started:.0f} s"
    warehouse = home / "aforo_warehouse.duckdb"
    if run.returncode:
        return f"{said}, refused ({run.returncode}): {run.stderr.strip()}", pd.DataFrame(), pd.DataFrame()
    scores = score(warehouse, institute.truth, alone_origins)
    return said, table(scores), table(scores, SETTLED)


def show(name: str, said: str, judged: pd.DataFrame) -> None:
    """Print one institute's table."""
    print(f"\n=== {name}: {said} ===", flush=True)
    if len(judged):
        shown = judged.dropna(axis=1, how="all").rename(columns=SHOWN)
        print(shown.to_string(index=False, float_format=lambda value: f"{value:.3f}"), flush=True)


def labelled(name: str, said: str, judged: pd.DataFrame, settled: pd.DataFrame) -> list[pd.DataFrame]:
    """Both tables with the institute's name; one that was refused has a row without a level."""
    if judged.empty:
        judged = pd.DataFrame({"level": [None]})
    return [
        frame.assign(institute=name, settled=is_settled, run=said)
        for frame, is_settled in ((judged, False), (settled, True))
        if len(frame)
    ]


def main() -> None:
    """Command line: --only NAME …, --jobs N, --alone-origins N, --out FILE."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    known = [*MAKES, "demo", "institute", "semestral"]
    parser.add_argument("--only", nargs="+", choices=known, default=[], metavar="NAME", help=", ".join(known))
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument(
        "--alone-origins", type=int, default=3, help="newest origins of StatsForecast alone, 0 = without it"
    )
    parser.add_argument("--out", type=Path, help="also write all rows to this CSV file")
    args = parser.parse_args()
    everything: list[pd.DataFrame] = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(args.jobs) as pool:
        chosen = institutes(args.only, Path(folder) / "sources")

        def one(institute: Institute) -> tuple[Institute, str, pd.DataFrame, pd.DataFrame]:
            with tempfile.TemporaryDirectory(dir=folder) as home:
                return institute, *judge(institute, Path(home), args.alone_origins)

        for institute, said, judged, settled in pool.map(one, chosen):
            show(institute.name, said, judged)
            everything += labelled(institute.name, said, judged, settled)
    rows = pd.concat(everything, ignore_index=True)
    if args.out:
        rows.to_csv(args.out, index=False)
    print(summary(rows))


if __name__ == "__main__":
    main()
