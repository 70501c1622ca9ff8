"""Runs that are killed, told to stop or run out of disk: what was published stays, and the next run works."""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests import sources
from tests.harness import Institute, small_disk

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


def started_by(
    process: "subprocess.Popen[str]", until: str = "flows.child", times: int = 1
) -> list[psutil.Process]:
    """All that `aforo` has started, as soon as what is called `until` is among it, so many times."""
    for _ in range(300):
        found = psutil.Process(process.pid).children(recursive=True)
        with contextlib.suppress(psutil.NoSuchProcess):
            if sum(until in " ".join(each.cmdline()) for each in found) >= times:
                return found
        time.sleep(0.1)
    raise AssertionError(f"{until} was not started")


# Itself, and its fork that makes a call.
DBT = ("flows.dbt.warm", 2)


@pytest.fixture(scope="module")
def own_server(built: Institute, tmp_path_factory: pytest.TempPathFactory) -> Institute:
    """The small institute after a good run, without a Prefect server that is named, as users have it."""
    return built.copy(tmp_path_factory.mktemp("own-server")).with_own_server()


@pytest.mark.parametrize(
    ("seen", "number", "times"),
    [
        ("starting", signal.SIGINT, 1),
        ("[2/5 audit] …", signal.SIGINT, 2),
        ("[4/5 transform] …", signal.SIGHUP, 1),
        ("[5/5 publish] …", signal.SIGTERM, 2),
        ("[5/5 publish] done", signal.SIGINT, 1),
    ],
    ids=[
        "Ctrl-C at the start",
        "Ctrl-C twice",
        "terminal closed",
        "SIGTERM twice",
        "Ctrl-C after publishing",
    ],
)
def test_a_run_that_is_stopped(own_server: Institute, seen: str, number: signal.Signals, times: int) -> None:
    """It ends in seconds, says one clear line, and leaves nothing running, half done or open in Prefect."""
    before = own_server.fingerprint()
    run = own_server.start("run")
    said = read_until(run, seen)
    processes = started_by(run)
    for _ in range(times):
        # To the whole group, as a terminal does.
        os.killpg(run.pid, number)
        time.sleep(0.1)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 128 + number
    assert psutil.wait_procs(processes, timeout=10)[1] == []
    [line] = [line for line in err.splitlines() if not line.startswith(("[", "run ", " "))]
    assert line.startswith("aforo: stopped by ")
    if (own_server.fingerprint() != before) or "done" in seen:
        assert line.endswith("after the forecast was published: it stands.")
        assert own_server.records()[-1]["status"] == "published"
        assert own_server.flow_runs()[-1] == (f"202507 · {own_server.source.name}", "COMPLETED")
    else:
        assert "Nothing was published; the forecast of" in line
        if "run 2" in said:
            # The latter where the machine is so busy that it had to be killed.
            assert own_server.records()[-1]["status"] in ("failed", "interrupted")
    assert own_server.flow_runs(open_=True) == []
    assert own_server.leftovers() == []


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


KILLED_AT = ["2/5 audit", "3/5 capture", "4/5 transform", "5/5 publish"]


@dataclass(frozen=True)
class Killed:
    """The institute after a run was killed at each step, and a copy of its home after the transform."""

    institute: Institute
    at_transform: Institute


@pytest.fixture(scope="module")
def killed(
    own_server: Institute,
    corrected: dict[str, list[Any]],  # noqa: ARG001
    tmp_path_factory: pytest.TempPathFactory,
) -> Killed:
    """Each run gets past the step that the one before it was killed at."""
    institute = own_server.copy(tmp_path_factory.mktemp("killed"))
    at_transform = institute
    before = institute.fingerprint()
    for step in KILLED_AT:
        run = institute.start("run")
        read_until(run, f"[{step}] …")
        processes = started_by(run, *DBT) if step != "5/5 publish" else started_by(run)
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        assert psutil.wait_procs(processes, timeout=10)[1] == []
        assert institute.fingerprint() == before
        assert "interrupted" in institute.aforo("status").out
        assert institute.flow_runs()[-1][1] == "RUNNING"
        if step == "4/5 transform":
            at_transform = institute.copy(tmp_path_factory.mktemp("at-transform"))
    return Killed(institute, at_transform)


def test_killed_at_every_step_and_run_again(killed: Killed, corrected: dict[str, list[Any]]) -> None:
    """Nothing is left running, what was published stays, and the next run gives what no kill had changed."""
    institute = killed.institute

    again = institute.aforo("run")

    assert again.exit_code == 0, again.err
    assert results(institute) == corrected
    kills = len(KILLED_AT)
    statuses = [record["status"] for record in institute.records()]
    assert statuses[-kills - 1 :] == [*["interrupted"] * kills, "published"]
    states = [state for _, state in institute.flow_runs()]
    assert states[-kills - 1 :] == [*["CRASHED"] * kills, "COMPLETED"]
    assert institute.leftovers() == []


def test_killed_and_run_again_without_the_source(killed: Killed, corrected: dict[str, list[Any]]) -> None:
    """What was captured before the kill is forecast from, and said to be stored."""
    institute = killed.at_transform

    again = institute.aforo("run", "--offline")

    assert again.exit_code == 0, again.err
    assert institute.forecast() == corrected["prediccion_alumnos"]
    states = [step["state"] for step in institute.records()[-1]["steps"]]
    assert states == ["done", "skipped", "skipped", "done", "done"]
    assert institute.published("select distinct estado_fuente from marts.prediccion_detalle") == [
        ("respaldo",)
    ]


def fill(disk: Path) -> None:
    """Leaves not a byte."""
    with (disk / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(2**16))
        except OSError:
            pass


def test_a_disk_that_fills_up_during_the_run(institute: Institute, tmp_path: Path) -> None:
    """Nothing is published or left behind; the next run says how much room is needed."""
    with small_disk(tmp_path, "240m") as disk:
        # Prefect's own database is on that disk too, as it is where no server is named.
        institute = replace(institute, home=disk / "home").with_own_server()
        run = institute.start("run")
        read_until(run, "[2/5 audit] …")
        fill(disk)
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
