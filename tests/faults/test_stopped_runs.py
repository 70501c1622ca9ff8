"""Runs that are killed, told to stop or run out of disk: what was published stays, and the next run works."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import sources
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


def dbt_of(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """The dbt process that `aforo` has started."""
    for _ in range(100):
        found = [c for c in psutil.Process(process.pid).children() if "flows.child" in c.cmdline()]
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("no dbt was started")


# What a run leaves behind that another run on the same data leaves too; its stamps are its own.
SAME = {
    "prediccion_alumnos": "",
    "prediccion_detalle": "exclude (run_id, datos_al, git_commit)",
    "prediccion_jerarquia": "exclude (run_id, datos_al)",
    "exactitud": "",
}


def results(institute: Institute) -> dict[str, list[Any]]:
    """What is published, but for the run's stamps."""
    return {
        mart: institute.published(f"select * {left_out} from marts.{mart} order by all")
        for mart, left_out in SAME.items()
    }


@pytest.fixture(scope="module")
def corrected(good: Institute, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What a run publishes that is not killed, after the counts of the last period were corrected."""
    tables = sources.institute()
    tables["programacion"].loc[tables["programacion"]["periodo"] == 202506, "matriculados"] += 2
    sources.write(tables, good.source)
    unharmed = good.copy(tmp_path_factory.mktemp("unharmed"))
    outcome = unharmed.aforo("run")
    assert outcome.exit_code == 0, outcome.err
    return results(unharmed)


@pytest.mark.parametrize("step", ["2/5 audit", "3/5 capture", "4/5 transform", "5/5 publish"])
def test_killed_and_run_again(
    good: Institute, corrected: dict[str, list[Any]], step: str, tmp_path: Path
) -> None:
    """Nothing is left running, what was published stays, and the next run gives what no kill had changed."""
    institute = good.copy(tmp_path)
    before = institute.fingerprint()
    run = institute.start("run")
    read_until(run, f"[{step}] …")
    children = dbt_of(run) if step != "5/5 publish" else []
    run.kill()
    run.communicate()
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert institute.fingerprint() == before
    assert "interrupted" in institute.aforo("status").out

    again = institute.aforo("run")

    assert again.exit_code == 0, again.err
    assert results(institute) == corrected
    assert [record["status"] for record in institute.records()][-2:] == ["interrupted", "published"]
    assert institute.leftovers() == []


def test_killed_and_run_again_without_the_source(good: Institute, tmp_path: Path) -> None:
    """What was captured before the kill is forecast from, and said to be stored."""
    institute = good.copy(tmp_path)
    run = institute.start("run")
    read_until(run, "[4/5 transform] …")
    run.kill()
    run.communicate()

    again = institute.aforo("run", "--offline")

    assert again.exit_code == 0, again.err
    states = [step["state"] for step in institute.records()[-1]["steps"]]
    assert states == ["done", "skipped", "skipped", "done", "done"]
    assert institute.published("select distinct estado_fuente from marts.prediccion_detalle") == [
        ("respaldo",)
    ]


def test_a_run_that_is_told_to_stop_says_so_and_stops_dbt(institute: Institute) -> None:
    """It ends at once, and says that it was stopped."""
    run = institute.start("run")
    read_until(run, "[2/5 audit] …")
    [dbt] = dbt_of(run)
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
    """Nothing is published or left behind; the next run says how much room is needed."""
    # Prefect's own database is on that disk too, as it is where no server is named.
    environment = {
        name: value
        for name, value in institute.environment.items()
        if "URL" not in name and "HOME" not in name
    }
    institute = replace(institute, home=small_disk / "home", environment=environment)
    run = institute.start("run")
    read_until(run, "[2/5 audit] …")
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
