"""A run uses the machine that there is, or what it is told to."""

import socket
from pathlib import Path

import duckdb
import pytest

from flows import machine
from flows.errors import AforoError


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AFORO_WORKERS", "AFORO_MEMORY", "AFORO_ENGINE"):
        monkeypatch.delenv(name, raising=False)


def test_there_is_a_worker_for_each_core_that_the_process_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    # What joblib takes for the machine's limit.
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert machine.workers() == 1
    monkeypatch.setenv("AFORO_WORKERS", "7")
    assert machine.workers() == 7


def test_the_memory_is_a_share_of_the_container_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(machine, "_CONTAINER_MEMORY", limit)
    monkeypatch.setattr(machine.os, "sysconf", lambda _: 2**18)
    without_limit = machine.memory()
    assert without_limit == "16384MiB"
    limit.write_text("max\n")
    assert machine.memory() == without_limit
    limit.write_text(f"{8 * machine.GIB}\n")
    assert machine.memory() == "2048MiB"
    limit.write_text(f"{machine.GIB}\n")
    assert machine.memory() == "1024MiB"


@pytest.mark.parametrize("said", ["2GB", "512MiB", "1.5 TB"])
def test_what_is_taken_as_memory_duckdb_takes(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFORO_MEMORY", said)
    with duckdb.connect(config={"memory_limit": machine.memory()}) as connection:
        connection.sql("select 1")


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("AFORO_WORKERS", "0"),
        ("AFORO_WORKERS", "two"),
        ("AFORO_WORKERS", "-1"),
        ("AFORO_MEMORY", "lots"),
        ("AFORO_MEMORY", "4"),
        ("AFORO_MEMORY", "80%"),
        ("AFORO_ENGINE", "10.0.0.1:8786"),
        ("AFORO_ENGINE", "ray://head:10001"),
        ("AFORO_ENGINE", "dask://head"),
        ("AFORO_ENGINE", "dask://head:87860"),
    ],
)
def test_nonsense_is_refused_by_its_name(variable: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, said)
    with pytest.raises(AforoError, match=f"{variable}: '{said}'"):
        machine.environment()


def test_a_cluster_is_named_by_host_and_port(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.engine() is None
    for address in ("dask://head.example.org:8786", "dask://[::1]:8786"):
        monkeypatch.setenv("AFORO_ENGINE", address)
        assert machine.engine() == address


def test_a_cluster_without_its_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFORO_ENGINE", "dask://head:8786")
    # As where it is not installed.
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(AforoError) as refused:
        machine.environment()
    assert "pip install" in refused.value.problems[0].remedy


def test_who_listens_and_says_nothing_is_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    assert machine.engine_problems() == []
    monkeypatch.setattr("python_models.forecasting.engine.CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AFORO_ENGINE", f"dask://127.0.0.1:{server.getsockname()[1]}")
        [silent] = machine.engine_problems()
    [closed] = machine.engine_problems()
    assert silent == closed
    assert "no Dask scheduler answers at dask://127.0.0.1" in closed.what
