"""Runs in Prefect: of the command line and of `aforo serve`, whatever ends it; Prefect's own commands."""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    DeploymentFilter,
    DeploymentFilterId,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import RRuleSchedule
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelling

from flows.prefect.deployments import CAPTURE, FORECAST, JOBS, VACUUM, Job
from flows.screen.progress import STEPS, numbered
from tests import sources
from tests.harness import ROOT, Institute

RUN_SECONDS = 300
Answer = TypeVar("Answer")


def waited(what: str, ask: Callable[[], Answer | None]) -> Answer:
    """The first answer that is not None, or a failure after some minutes."""
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        answer = ask()
        if answer is not None:
            return answer
        time.sleep(0.5)
    raise AssertionError(f"{what} did not come within {RUN_SECONDS} s")


@pytest.fixture(scope="module")
def client(prefect: dict[str, str]) -> Iterator[SyncPrefectClient]:
    """Prefect's own client of the tests' server."""
    with SyncPrefectClient(prefect["PREFECT_API_URL"]) as client:
        yield client


def artifacts(client: SyncPrefectClient, run: FlowRun) -> dict[str, Any]:
    """What Prefect shows of a run: key -> data."""
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
    return {str(found.key): found.data for found in client.read_artifacts(artifact_filter=of_run)}


def log_of(client: SyncPrefectClient, run: FlowRun, last: str) -> list[str]:
    """The lines of a run's log, up to the one that begins so."""
    of_log = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id]))

    def lines() -> list[str] | None:
        found = [line.message for line in client.read_logs(of_log, limit=200)]
        return found if any(line.startswith(last) for line in found) else None

    return waited("the log's end", lines)


def layers_of(client: SyncPrefectClient, run: FlowRun) -> dict[str, StateType | None]:
    """The layers that a run has shown as task runs, with their states."""
    of_run = FlowRunFilter(id=FlowRunFilterId(any_=[run.id]))
    tasks = client.read_task_runs(flow_run_filter=of_run)
    told = [task for task in tasks if task.name.startswith("layer ")]
    return {task.name.split()[1].rstrip(":"): task.state_type for task in told}


@pytest.mark.slow
def test_a_run_of_the_command_line_is_shown_in_prefect(built: Institute, client: SyncPrefectClient) -> None:
    runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=["source"])))
    [run] = [run for run in runs if run.parameters["home"] == str(built.home)]
    assert run.name == "202507 · source"
    states = [state.type for state in client.read_flow_run_states(run.id)]
    assert states == [StateType.PENDING, StateType.RUNNING, StateType.COMPLETED]
    log = log_of(client, run, "5/5 publish done")
    for step in STEPS:
        assert f"{numbered(step, STEPS)} started" in log
        assert any(line.startswith(f"{numbered(step, STEPS)} done (") for line in log)
    shown = artifacts(client, run)
    assert "**Forecast for 202507**" in shown["aforo-summary"]
    assert "| VIRTUAL | A1 | 19:00 - 20:30 |" in shown["aforo-summary"]
    assert "| horizon | origins | WAPE |" in shown["aforo-accuracy"]
    assert "| calendario | ausente |" in shown["aforo-sources"]
    assert (built.home / "published" / "reporte.html").as_uri() in shown["aforo-report"]
    rooms = {"landing", "snapshots", "raw", "platinum", "features", "target", "predictions", "plan", "marts"}
    told = waited("the layers", lambda: found if rooms <= set(found := layers_of(client, run)) else None)
    assert set(told.values()) == {StateType.COMPLETED}
    [objetivo] = json.loads(shown["aforo-layer-target"])
    assert (objetivo["name"], objetivo["status"], objetivo["tests"]) == ("objetivo", "success", 2)
    assert objetivo["rows"] > 0
    # Paths tell who the user is: only what leads to the report has one.
    told_to_all = [str(data) for key, data in shown.items() if key != "aforo-report"]
    assert str(built.home.parent) not in "\n".join([*log, *told_to_all])


def deployed(client: SyncPrefectClient, job: Job) -> DeploymentResponse:
    """A job's deployment."""
    flow = "aforo" if job == FORECAST else f"aforo-{job.name}"
    return client.read_deployment_by_name(f"{flow}/{job.name}")


def in_state(client: SyncPrefectClient, run: FlowRun, *states: StateType) -> FlowRun | None:
    """The run, once it is in one of these states."""
    now = client.read_flow_run(run.id)
    return now if now.state_type in states else None


def newest(client: SyncPrefectClient, home: Path, flow: str, *states: StateType) -> FlowRun | None:
    """The newest run of a flow on a home, if it is in one of these states."""
    runs = client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[*states]))),
        sort=FlowRunSort.START_TIME_DESC,
    )
    return next((run for run in runs if run.start_time and run.parameters.get("home") == str(home)), None)


def killed_while_it_captures(
    client: SyncPrefectClient, server: "subprocess.Popen[str]", home: Path
) -> FlowRun:
    """The capture with which `aforo serve` begins, killed with it; nothing that it had started is left."""
    running = waited("the capture", lambda: newest(client, home, "aforo-capture", StateType.RUNNING))
    processes = psutil.Process(server.pid).children(recursive=True)
    server.kill()
    server.communicate()
    assert psutil.wait_procs(processes, timeout=10)[1] == []
    return running


def soon(seconds: int = 5) -> DeploymentScheduleCreate:
    """A schedule that fires once, in some seconds."""
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    rule = f"DTSTART:{moment:%Y%m%dT%H%M%S}\nRRULE:FREQ=DAILY;COUNT=1"
    return DeploymentScheduleCreate(schedule=RRuleSchedule(rrule=rule, timezone="UTC"), active=True)


def late_vacuums(client: SyncPrefectClient) -> list[FlowRun] | None:
    """Two runs of the vacuum that nobody was there to start, once their time is over."""
    vacuum = deployed(client, VACUUM)
    if len(vacuum.schedules) == 1:
        client.create_deployment_schedules(vacuum.id, [soon(4), soon(5)])
    runs = client.read_flow_runs(deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[vacuum.id])))
    now = datetime.now(UTC)
    late = [run for run in runs if run.expected_start_time and run.expected_start_time < now]
    return late if len(late) == 2 else None


def open_alert(institute: Institute) -> None:
    """Tells Prefect of an alert that has opened, as a flow of the institute does."""
    code = """
        from flows import alerts, settings
        alert = dict.fromkeys(alerts.COLUMNS, "x") | {"tipo": "sesgo", "alerta_id": "sesgo|sede|NORTE|202506"}
        home = settings.resolve_home()
        assert alerts.deliver(home, [alert], [alerts.of_prefect(home)]) == []
    """
    subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, **institute.environment, "AFORO_HOME": str(institute.home)},
        check=True,
    )


@pytest.mark.slow
def test_what_is_scheduled_goes_on_after_a_kill_and_after_a_cancel(
    tmp_path: Path, prefect: dict[str, str], client: SyncPrefectClient
) -> None:
    """`aforo serve` on an empty home: the capture that it begins with is killed with it, on a server that
    goes on; the next one closes it, captures, and forecasts at once. A capture comes on time, and nothing is
    new. A forecast is cancelled. An alert starts the backtest."""
    source = sources.write(sources.minimal(), tmp_path / "source", "csv")
    institute = Institute(source, tmp_path / "home", prefect | {"PREFECT_RUNNER_POLL_FREQUENCY": "2"})
    home = institute.home
    dead = killed_while_it_captures(client, institute.start("serve", "--horizon", "2"), home)
    assert in_state(client, dead, StateType.RUNNING)
    late = waited("late runs", lambda: late_vacuums(client))

    serve = institute.start("serve", "--horizon", "2")
    waited("the dead run's end", lambda: in_state(client, dead, StateType.CRASHED))
    ended = (StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED)
    forecast = waited("the forecast", lambda: newest(client, home, "aforo", *ended))
    assert forecast.state_type == StateType.COMPLETED, forecast.state
    # What was missed twice was run once.
    vacuum = waited("the vacuum", lambda: newest(client, home, "aforo-vacuum", StateType.COMPLETED))
    assert not vacuum.auto_scheduled
    for run in late:
        with pytest.raises(ObjectNotFound):
            client.read_flow_run(run.id)
    assert forecast.name == "202507 · source"
    assert [record["status"] for record in institute.records()][-2:] == ["captured", "published"]
    started_by = [(record["deployment"], record["user"]) for record in institute.records()][-2:]
    assert started_by == [("capture", None), ("forecast", None)]
    assert "**Forecast for 202507, 202508**" in artifacts(client, forecast)["aforo-summary"]
    assert "Published: 202507, 202508" in institute.aforo("status").out
    for job in JOBS:
        limit = deployed(client, job).global_concurrency_limit
        assert limit
        assert limit.limit == 1

    def scheduled() -> FlowRun | None:
        found = newest(client, home, "aforo-capture", *ended)
        return found if found and found.auto_scheduled else None

    client.create_deployment_schedules(deployed(client, CAPTURE).id, [soon()])
    captured = waited("the scheduled capture", scheduled)
    assert captured.state_type == StateType.COMPLETED, captured.state
    assert captured.name == "capture · source"
    assert "| programacion |" in artifacts(client, captured)["aforo-sources"]
    assert layers_of(client, captured) == {"landing": StateType.COMPLETED, "snapshots": StateType.COMPLETED}
    assert "forecast: none is due" in log_of(client, captured, "forecast: ")

    before = institute.fingerprint()
    cancelled = client.create_flow_run_from_deployment(
        deployed(client, FORECAST).id, parameters={"period": 202505}
    )
    waited("the forecast", lambda: in_state(client, cancelled, StateType.RUNNING))
    client.set_flow_run_state(cancelled.id, Cancelling())
    waited("its end", lambda: in_state(client, cancelled, StateType.CANCELLED))
    assert newest(client, home, "aforo", StateType.RUNNING, StateType.CANCELLING) is None
    assert institute.fingerprint() == before
    assert institute.leftovers() == []

    open_alert(institute)
    waited("the backtest", lambda: newest(client, home, "aforo-backtest", StateType.RUNNING))
    serve.terminate()
    serve.communicate(timeout=60)
    assert serve.returncode == 128 + signal.SIGTERM
    assert newest(client, home, "aforo-backtest", StateType.RUNNING) is None


@pytest.mark.slow
def test_a_flow_that_takes_too_long_is_ended(tmp_path: Path, prefect: dict[str, str]) -> None:
    source = sources.write(sources.minimal(), tmp_path / "source", "csv")
    institute = Institute(source, tmp_path / "home", prefect)
    code = """
        from flows.pipeline import aforo
        state = aforo.with_options(timeout_seconds=2)(return_state=True)
        print(state.type.value, state.name)
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, **prefect, "AFORO_SOURCE": str(source), "AFORO_HOME": str(institute.home)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert ran.stdout.split() == ["FAILED", "TimedOut"]
    [record] = institute.records()
    assert (record["status"], record["steps"][-1]["state"]) == ("failed", "failed")
    assert record["problems"][0]["what"] == "the run did not end within 4 hours and was ended"
    assert institute.leftovers() == []
    assert institute.aforo("status").exit_code == 0


@pytest.mark.slow
def test_a_server_of_its_own_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    """The dead run is closed and its place free; Ctrl-C ends all, also a run that is under way."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    source = sources.write(sources.minimal(), tmp_path / "source", "csv")
    institute = Institute(source, tmp_path / "home", {"PREFECT_RUNNER_POLL_FREQUENCY": "2"})
    with SyncPrefectClient(f"http://127.0.0.1:{port}/api") as client:

        def serve() -> "subprocess.Popen[str]":
            process = institute.start("serve", "--port", str(port))
            assert process.stdout
            assert str(port) in process.stdout.readline()
            return process

        dead = killed_while_it_captures(client, serve(), institute.home)
        again = serve()
        waited("the dead run's end", lambda: in_state(client, dead, StateType.CRASHED))
        waited("the next run", lambda: newest(client, institute.home, "aforo-capture", StateType.RUNNING))
        assert "another `aforo serve` runs" in institute.aforo("serve", "--port", str(port)).err
    processes = psutil.Process(again.pid).children(recursive=True)
    os.killpg(again.pid, signal.SIGINT)
    _, err = again.communicate(timeout=60)
    assert again.returncode == 128 + signal.SIGINT
    assert "aforo: stopped by Ctrl-C." in err
    assert psutil.wait_procs(processes, timeout=10)[1] == []
    assert institute.flow_runs(open_=True) == []


@pytest.mark.slow
def test_prefects_own_commands_work(prefect: dict[str, str], client: SyncPrefectClient) -> None:
    for arguments in (
        ["work-pool", "create", "aforo", "--type", "process"],
        ["deploy", "--all"],
        ["deployment", "ls"],
        ["flow-run", "ls"],
    ):
        ran = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
            cwd=ROOT,
            env={**os.environ, **prefect},
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
    for job in JOBS:
        deployment = deployed(client, job)
        assert deployment.work_pool_name == "aforo"
        assert deployment.global_concurrency_limit
        assert deployment.global_concurrency_limit.limit == 1
        assert len(deployment.schedules) == 1
