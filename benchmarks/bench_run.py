"""Seconds and memory of a whole `aforo run`: command line, Prefect's server, dbt, forecasts, publishing.

`make bench` runs it on the demo institute, and on ../shared/data/institute where that is there. Processor
time and memory are those of the process and all its children.
"""

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.measuring import ROOT, spent_on

DEMO = ROOT / "seeds" / "demo_institute"
INSTITUTE = ROOT.parent / "shared" / "data" / "institute"


@dataclass(frozen=True)
class Measured:
    """One whole run: seconds on the clock and of processor time, peak memory in MiB, seconds by step."""

    seconds: float
    cpu: float
    memory: float
    steps: dict[str, float]


def run_once(source: Path | str, home: Path) -> Measured:
    """Run `aforo run` on the source. Raises RuntimeError where it did not publish."""
    aforo = Path(sys.executable).with_name("aforo")
    spent = spent_on([aforo, "run", "--json", "--source", source, "--home", home])
    steps = {step["name"]: step["seconds"] for step in json.loads(spent.output)["steps"]}
    return Measured(spent.wall, spent.cpu, spent.memory, steps)


def report(name: str, source: Path, repeats: int) -> None:
    """Print the median of the repeats, each with a home of its own."""
    runs = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as home:
            runs.append(run_once(source, Path(home)))
    seconds = [run.seconds for run in runs]
    print(
        f"{name:10} {statistics.median(seconds):7.1f} s (of {min(seconds):.1f} … {max(seconds):.1f})"
        f"   {statistics.median(run.cpu for run in runs):7.1f} s of processor time"
        f"   {max(run.memory for run in runs):7.0f} MiB"
    )
    for step in runs[0].steps:
        print(f"  {step:20} {statistics.median(run.steps[step] for run in runs):7.1f} s")


def main() -> None:
    """Command line: --repeats N."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    print(f"whole runs, median of {repeats}, {psutil.cpu_count()} cores")
    report("demo", DEMO, repeats)
    if INSTITUTE.exists():
        report("institute", INSTITUTE, repeats)
    else:
        print("institute  ../shared/data/institute is absent: not measured")


if __name__ == "__main__":
    main()
