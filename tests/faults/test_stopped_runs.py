"""Runs that are killed, told to stop or run out of disk: what was published stays, and the next run works."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import psutil
import pytest

from tests.harness import Institute

pytestmark = pytest.mark.slow


def read_until(process: "subprocess.Popen[str]", text: str) -> str:
    """What the process says on standard error, up to the line that holds `text`."""
    assert process.stderr is not None
    said = ""
    while text not in said:
        line = process.stderr.readline()
        assert line, f"{text!r} never came:\n{said}"
        said += line
    return said


def dbt_of(process: "subprocess.Popen[str]") -> psutil.Process:
    """The dbt process that `aforo` has started."""
    for _ in range(100):
        for child in psutil.Process(process.pid).children():
            if "flows.child" in child.cmdline():
                return child
        time.sleep(0.1)
    raise AssertionError("no dbt was started")


def test_after_a_kill_nothing_is_left_running_and_the_next_run_works(institute: Institute) -> None:
    run = institute.start("run")
    read_until(run, "[3/4 transform] …")
    dbt = dbt_of(run)
    run.kill()
    run.communicate()
    dbt_ended = psutil.wait_procs([dbt], timeout=10)[0]
    assert dbt_ended == [dbt]
    assert "interrupted" in institute.aforo("status").out

    again = institute.aforo("run", "--offline")

    assert again.exit_code == 0, again.err
    assert [record["status"] for record in institute.records()][-2:] == ["interrupted", "published"]
    assert [step["state"] for step in institute.records()[-1]["steps"]] == ["done", "skipped", "done", "done"]
    assert institute.leftovers() == []
    with duckdb.connect(
        str(institute.home / "published" / "aforo_marts.duckdb"), read_only=True
    ) as connection:
        states = connection.execute("select distinct estado_fuente from marts.prediccion_detalle").fetchall()
    assert states == [("respaldo",)]


def test_a_run_that_is_told_to_stop_says_so_and_stops_dbt(institute: Institute) -> None:
    run = institute.start("run")
    read_until(run, "[2/4 capture] …")
    dbt = dbt_of(run)
    run.send_signal(signal.SIGTERM)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "stopped before its end" in err
    assert "Traceback" not in err
    assert not dbt.is_running()
    assert institute.records()[-1]["status"] == "failed"
    assert institute.leftovers() == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 240 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=240m", "tmpfs", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mount.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mount.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def fill(disk: Path) -> None:
    """Leaves not a byte."""
    with (disk / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**16))
        except OSError:
            pass


def test_a_disk_that_fills_up_during_the_run(institute: Institute, small_disk: Path) -> None:
    # Prefect's own database is on that disk too, as it is where no server is named.
    environment = {
        name: value
        for name, value in institute.environment.items()
        if "URL" not in name and "HOME" not in name
    }
    institute = replace(institute, home=small_disk / "home", environment=environment)
    run = institute.start("run")
    read_until(run, "[2/4 capture] …")
    fill(small_disk)
    _, err = run.communicate(timeout=300)
    assert run.returncode == 1
    assert f"the disk of {institute.home} is full" in err
    assert "free some space" in err
    assert "Traceback" not in err
    assert not (institute.home / "published").exists()

    again = institute.aforo("run")
    assert again.exit_code == 1
    assert "MiB free" in again.err or "is full" in again.err
    assert institute.leftovers() == []
