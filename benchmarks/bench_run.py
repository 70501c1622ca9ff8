"""Seconds and memory of a whole `aforo run`: command line, Prefect's server, dbt, forecasts, publishing.

`make bench` runs it on the demo institute, and on ../shared/data/institute where that is there. Memory is
the largest sum over the process and all its children of their proportional set size (shared pages count
once).
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "seeds" / "demo_institute"
INSTITUTE = ROOT.parent / "shared" / "data" / "institute"
MIB = 1024 * 1024


@dataclass(frozen=True)
class Measured:
    """One whole run: wall seconds, peak memory in MiB, seconds by step."""

    seconds: float
    memory: float
    steps: dict[str, float]


def memory_of(process: psutil.Process) -> int:
    """Bytes that the process and its children hold now (proportional set size)."""
    total = 0
    for member in [process, *process.children(recursive=True)]:
        try:
            total += member.memory_full_info().pss
        except psutil.Error:
            continue  # It ended while it was being read.
    return total


def run_once(source: Path | str, home: Path) -> Measured:
    """Run `aforo run` on the source. Raises RuntimeError where it did not publish."""
    started = time.monotonic()
    aforo = Path(sys.executable).with_name("aforo")
    command: list[str | Path] = [aforo, "run", "--json", "--source", source, "--home", home]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        peak, done = [0], threading.Event()

        def watch() -> None:
            watched = psutil.Process(process.pid)
            while not done.wait(0.25):
                peak[0] = max(peak[0], memory_of(watched))

        watcher = threading.Thread(target=watch)
        watcher.start()
        output, errors = process.communicate()
        done.set()
        watcher.join()
    if process.returncode != 0:
        raise RuntimeError(f"{output.decode()}\n{errors.decode()}")
    steps = {step["name"]: step["seconds"] for step in json.loads(output)["steps"]}
    return Measured(time.monotonic() - started, peak[0] / MIB, steps)


def report(name: str, source: Path, repeats: int) -> None:
    """Print the median of the repeats, each with a home of its own."""
    runs = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as home:
            runs.append(run_once(source, Path(home)))
    seconds = [run.seconds for run in runs]
    print(
        f"{name:10} {statistics.median(seconds):7.1f} s (of {min(seconds):.1f} … {max(seconds):.1f})"
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
