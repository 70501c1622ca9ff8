"""Aforo beside what a user would pick instead: same data, origins and cells asked; error and cost.

`make bench-peers` runs it on the demo institute and, where it is there, on ../shared/data/institute. First
the whole of `aforo run` (audit, capture, forecast with the backtest's origins, tests, publication), then each
peer of `benchmarks/peers` as a program of its own on the cleaned cells that the run made: a fit at each
origin. Processor time, wall and memory are those of the whole program and its children. What is done is kept
in `--folder`: a run of an hour that was stopped goes on where it was.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import psutil

from benchmarks.bench_run import DEMO, INSTITUTE
from benchmarks.measuring import ROOT, spent_on
from benchmarks.peers import question
from benchmarks.peers.judging import Sample, beside, ours_of, scores

PEERS_PYTHON = ROOT / ".venv" / "peers" / "bin" / "python"
OURS = "aforo"
SPENT_FILE = "spent.json"


@dataclass(frozen=True)
class Peer:
    """A peer: what the table calls it, its module in benchmarks.peers, its arguments after the folder."""

    title: str
    module: str
    arguments: tuple[str, ...] = ()
    python: Path = Path(sys.executable)

    @property
    def name(self) -> str:
        """A folder's name."""
        return "_".join([self.module, *self.arguments])


@dataclass(frozen=True)
class Cost:
    """Seconds of processor time and on the clock, peak memory in MiB, of a whole program."""

    cpu: float
    wall: float
    memory: float


@dataclass(frozen=True)
class Line:
    """A line of the table; `reference`: our own error on the rows that the line is judged on."""

    title: str
    errors: pd.DataFrame
    cost: Cost
    reference: pd.DataFrame


def peers(origins: int, cells: int, python: Path) -> list[Peer]:
    """The peers. origins: how many StatsForecast's fit (0: all); cells: how many AutoARIMA fits of each."""
    part = f", {origins} origins scaled" if origins else ""
    return [
        Peer(f"AutoETS with MinT, season{part}", "auto_ets", (str(origins), "season")),
        Peer("mlforecast, LightGBM on lags", "lags_mlforecast", python=python),
        Peer("scikit-learn on pandas features", "features_sklearn"),
        Peer(f"AutoARIMA, {cells} cells scaled{part}", "auto_arima", (str(origins), str(cells))),
        Peer(f"AutoETS with MinT, cells without season{part}", "auto_ets", (str(origins),)),
    ]


def cost_of(folder: Path, command: list[str | Path]) -> Cost:
    """Run the command, or read what it cost where `folder` has that from an earlier run."""
    kept = folder / SPENT_FILE
    if kept.exists():
        return Cost(**json.loads(kept.read_text()))
    # One thread a learner: those that wait for each other on a busy machine would count as processor time.
    spent = spent_on(command, {"OMP_NUM_THREADS": "1"})
    cost = Cost(spent.cpu, spent.wall, spent.memory)
    kept.write_text(json.dumps(asdict(cost)))
    return cost


def measure_ours(source: Path, folder: Path) -> tuple[pd.DataFrame, Line]:
    """The rows that everyone is judged on, and our line; the run's home is in `folder`."""
    home = folder / "home"
    aforo = Path(sys.executable).with_name("aforo")
    if not (folder / SPENT_FILE).exists():
        # A home that a stopped run left behind would make the next one cheaper.
        shutil.rmtree(home, ignore_errors=True)
    cost = cost_of(folder, [aforo, "run", "--quiet", "--source", source, "--home", home])
    rows = ours_of(home / "aforo_warehouse.duckdb")
    errors = scores(rows)
    return rows, Line(OURS, errors, cost, errors)


def measure_peer(peer: Peer, rows: pd.DataFrame, warehouse: Path, folder: Path) -> Line:
    """A peer's line; it works in `folder`."""
    folder.mkdir(exist_ok=True)
    question.write(warehouse, folder)
    cost = cost_of(folder, [peer.python, "-m", f"benchmarks.peers.{peer.module}", folder, *peer.arguments])
    answer = pd.read_parquet(folder / "answer.parquet")
    if sample := Sample.read(folder):
        # It is judged on what it answered for, and so are we beside it.
        rows = sample.judged(rows, answer)
        cost = replace(cost, cpu=sample.scaled(cost.cpu))
    return Line(peer.title, scores(beside(rows, answer)), cost, scores(rows))


def shown(line: Line, ours: Line) -> str:
    """A row of the table in Markdown."""
    wapes = " | ".join(f"{wape:.3f}" for wape in line.errors["wape"])
    times = line.cost.cpu / ours.cost.cpu
    errors = line.errors["wape"].iloc[0] / line.reference["wape"].iloc[0]
    return (
        f"| {line.title} | {wapes} | {line.errors['bias'].iloc[0]:+.3f} | {line.cost.cpu:,.0f} "
        f"| {line.cost.wall:,.0f} | {line.cost.memory:,.0f} | {times:.2f} | {errors:.2f} |"
    )


def report(name: str, source: Path, folder: Path, contestants: list[Peer]) -> None:
    """Print the table of one institute, each line as soon as it is known."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, ours = measure_ours(source, folder)
    steps = " | ".join(f"WAPE h {h}" for h in ours.errors.index)
    print(f"\n{name}: {rows['indice_origen'].nunique()} origins judged, {len(rows):,} rows\n")
    print(f"| | {steps} | bias h 1 | processor s | wall s | MiB | time ÷ ours | error ÷ ours |")
    print("| --- |" + " --- |" * (len(ours.errors) + 6))
    print(shown(ours, ours), flush=True)
    for peer in contestants:
        line = measure_peer(peer, rows, folder / "home" / "aforo_warehouse.duckdb", folder / peer.name)
        print(shown(line, ours), flush=True)


def main() -> None:
    """Command line: see --help."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--institute", type=Path, default=INSTITUTE, help="a source, beside the demo")
    parser.add_argument("--only", choices=["demo", "institute"], help="one of the two alone")
    parser.add_argument("--origins", type=int, default=0, help="how many StatsForecast's peers fit; 0: all")
    parser.add_argument("--arima-cells", type=int, default=40, help="cells of an origin that AutoARIMA fits")
    parser.add_argument("--folder", type=Path, help="keep what is done here, and go on from it")
    parser.add_argument("--peers-python", type=Path, default=PEERS_PYTHON, help="the one with mlforecast")
    given = parser.parse_args()
    if not given.peers_python.exists():
        parser.error(f"{given.peers_python} is absent: `make bench-peers` makes it")
    memory = psutil.virtual_memory().total / 1024**3
    machine = f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine}")
    contestants = peers(given.origins, given.arima_cells, given.peers_python)
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        for name, source in {"demo": DEMO, "institute": given.institute}.items():
            if given.only not in (None, name):
                continue
            if source.exists():
                report(name, source, folder / name, contestants)
            else:
                print(f"{name}: {source} is absent: not measured")


if __name__ == "__main__":
    main()
