"""Fits on a Dask cluster of two worker processes: the bits of this machine's, whatever becomes of them."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest
from distributed import Client

from python_models.forecasting import engine
from python_models.forecasting.learner import forecast_learner
from tests.harness import ROOT, Institute
from tests.integration.test_workers import marts
from tests.unit.test_forecasting_learner import LAST, feature_mart, targets

pytestmark = pytest.mark.slow
SECONDS = 300


@dataclass
class Cluster:
    """A Dask scheduler, its workers by their names, and where it is."""

    address: str
    folder: Path
    workers: dict[str, "subprocess.Popen[bytes]"]
    client: Client

    def start_worker(self, name: str, code: Path = ROOT) -> None:
        """Another worker, of the packages below `code`; it is there when this returns."""
        arguments = [self.address.replace("dask", "tcp"), "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        self.workers[name] = dask(self.folder, "worker", *arguments, "--name", name, code=code)
        wait_until(lambda: name in self.names())

    def names(self) -> set[str]:
        """The workers that the scheduler knows."""
        return {worker["name"] for worker in self.client.scheduler_info()["workers"].values()}

    def lose_worker(self, name: str) -> None:
        """Kills a worker; the scheduler knows it no more when this returns."""
        self.workers[name].kill()
        wait_until(lambda: name not in self.names())

    def has_work(self, name: str) -> bool:
        """Whether the worker has been handed tasks."""
        known = self.client.scheduler_info()["workers"]
        own = [address for address, worker in known.items() if worker["name"] == name]
        return any(self.client.processing(own).values())

    def hold(self, name: str) -> None:
        """Stops a worker as it is: it keeps the tasks that it is handed."""
        self.workers[name].send_signal(signal.SIGSTOP)


def dask(folder: Path, *arguments: str, code: Path = ROOT) -> "subprocess.Popen[bytes]":
    """A process of Dask's command line, with its log in the folder."""
    with (folder / "dask.log").open("a") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(code)},
            stdout=log,
            stderr=log,
        )


def wait_until(true: Callable[[], bool]) -> None:
    """Returns once it is; fails where it never is."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers, `one` and `two`, on loopback."""
    folder = tmp_path_factory.mktemp("dask")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    place = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    scheduler = dask(folder, "scheduler", *place)
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        with Client(f"tcp://127.0.0.1:{port}", timeout=SECONDS, set_as_default=False) as client:
            found = Cluster(f"dask://127.0.0.1:{port}", folder, processes, client)
            for name in ("one", "two"):
                found.start_worker(name)
            yield found
    finally:
        for process in [*processes.values(), scheduler]:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()


def test_a_worker_that_is_killed_in_the_middle_changes_no_bit(
    built: Institute, cluster: Cluster, tmp_path: Path
) -> None:
    cluster.hold("one")
    run = on_cluster(built, cluster, tmp_path)
    process = run.start("run")
    wait_until(lambda: cluster.has_work("one"))
    cluster.lose_worker("one")
    _, err = process.communicate(timeout=SECONDS)
    cluster.start_worker("one")
    assert process.returncode == 0, err
    same_marts(run, built)


def test_without_workers_a_run_ends_and_the_next_one_is_as_ever(
    built: Institute, cluster: Cluster, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        cluster.hold(name)
    run = on_cluster(built, cluster, tmp_path)
    process = run.start("run")
    wait_until(lambda: cluster.has_work("one") or cluster.has_work("two"))
    for name in ("one", "two"):
        cluster.lose_worker(name)
    _, err = process.communicate(timeout=SECONDS)
    for name in ("one", "two"):
        cluster.start_worker(name)
    assert process.returncode == 1
    assert f"the cluster {cluster.address} has had no worker for" in err
    assert "start workers there, or unset AFORO_ENGINE" in err
    assert not (run.home / "published").exists()
    outcome = run.aforo("run")
    assert outcome.exit_code == 0, outcome.err
    same_marts(run, built)


def test_the_learner_s_fits_have_the_same_bits(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The small institute has too few rows to train on."""
    features = feature_mart()
    here = forecast_learner(features, targets(features), [LAST])
    monkeypatch.setenv("AFORO_ENGINE", cluster.address)
    there = forecast_learner(features, targets(features), [LAST])
    assert len(here) > 0
    pd.testing.assert_frame_equal(here, there, check_exact=True)


def test_a_worker_with_other_code_is_refused(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = tmp_path / "python_models"
    shutil.copytree(ROOT / "python_models", code)
    with (code / "forecasting" / "models.py").open("a") as file:
        file.write("# Another release.\n")
    cluster.start_worker("other", tmp_path)
    monkeypatch.setenv("AFORO_ENGINE", cluster.address)
    with pytest.raises(engine.EngineError, match=r"is not as this machine: aforo is \w+, not \w+\. install"):
        engine.each(lambda _, fit: fit(time.sleep, [(0.2,)] * 9), [None], 1)
    cluster.lose_worker("other")
    assert engine.each(lambda item, fit: fit(divmod, [(item, 3)]), [7, 8], 1) == [[(2, 1)], [(2, 2)]]


def test_a_scheduler_that_is_not_there_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AFORO_ENGINE", f"dask://127.0.0.1:{server.getsockname()[1]}")
    with pytest.raises(engine.EngineError, match="no Dask scheduler answers"):
        engine.each(lambda _, fit: fit(divmod, [(7, 3)]), [None], 1)


def on_cluster(built: Institute, cluster: Cluster, folder: Path) -> Institute:
    """The small institute with an empty home, to be forecast on the cluster."""
    return replace(
        built, home=folder / "home", environment=built.environment | {"AFORO_ENGINE": cluster.address}
    )


def same_marts(found: Institute, expected: Institute) -> None:
    """Fails where a published mart is not the same to the last bit."""
    ours, theirs = marts(found), marts(expected)
    assert ours.keys() == theirs.keys()
    assert [name for name in theirs if ours[name] != theirs[name]] == []
