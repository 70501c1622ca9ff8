"""What a command costs: processor time, time on the clock and memory of it and of all that it starts."""

import ctypes
import os
import resource
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
MIB = 1024 * 1024
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Spent:
    """Seconds of processor time and on the clock, peak memory in MiB, and what the command printed."""

    cpu: float
    wall: float
    memory: float
    output: str


def memory_of(process: psutil.Process) -> int:
    """Bytes that the process and its children hold now (proportional set size: shared pages count once)."""
    total = 0
    for member in [process, *process.children(recursive=True)]:
        try:
            total += member.memory_full_info().pss
        except psutil.Error:
            continue  # It ended while it was being read.
    return total


def spent_on(command: Sequence[str | Path], variables: dict[str, str] | None = None) -> Spent:
    """Run the command in the project's folder and count it whole. Linux; one command at a time.

    Processes that outlive the one that started them (a server) become children of this one, so that their
    time counts as well. Raises RuntimeError where the command fails, with what it said.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    others = set(psutil.Process().children())
    before, started = _cpu_of_children(), time.monotonic()
    peak, done = [0], threading.Event()
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(variables or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:

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
        raise RuntimeError(f"{command} ended with {process.returncode}\n{output}\n{errors}")
    wall = time.monotonic() - started
    _wait_for_orphans(others)
    return Spent(_cpu_of_children() - before, wall, peak[0] / MIB, output)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _wait_for_orphans(others: set[psutil.Process]) -> None:
    """Wait for what the command left behind; `others` are the caller's own children."""
    while left := set(psutil.Process().children()) - others:
        psutil.wait_procs(left)
