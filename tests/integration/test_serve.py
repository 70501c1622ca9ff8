"""Runs in Prefect: of the command line and of `aforo serve`, whatever ends it; Prefect's own commands."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import psutil
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    FlowRunFilter,
    FlowRunFilterTags,
    LogFilter,
    LogFilterFlowRunId,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import RRuleSchedule
from prefect.exceptions import ObjectNotFound

from flows.commands.serve import DEPLOYMENT, rules
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


def shown(client: SyncPrefectClient, run: FlowRun) -> tuple[list[str], str]:
    """What Prefect shows of a run: the lines of its log, and its summary."""
    of_log = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id]))

    def lines() -> list[str] | None:
        found = [line.message for line in client.read_logs(of_log, limit=200)]
        return found if any(line.startswith("5/5 publish done") for line in found) else None

    log = waited("the log's end", lines)
    of_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
    [artifact] = client.read_artifacts(artifact_filter=of_run)
    return log, str(artifact.data)


@pytest.mark.slow
def test_a_run_of_the_command_line_is_shown_in_prefect(built: Institute, client: SyncPrefectClient) -> None:
    runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(tags=FlowRunFilterTags(all_=["source"])))
    [run] = [run for run in runs if run.parameters["home"] == str(built.home)]
    assert run.name == "202507 · source"
    states = [state.type for state in client.read_flow_run_states(run.id)]
    assert states == [StateType.PENDING, StateType.RUNNING, StateType.COMPLETED]
    log, summary = shown(client, run)
    for step in STEPS:
        assert f"{numbered(step)} started" in log
        assert any(line.startswith(f"{numbered(step)} done (") for line in log)
    assert "**Forecast for 202507**" in summary
    assert "| VIRTUAL | A1 | 19:00 - 20:30 |" in summary
    # Paths tell who the user is.
    assert str(built.home.parent) not in "\n".join([*log, summary])


@pytest.mark.parametrize(
    ("dates", "fired"),
    [
        (["2025-05-05", "2025-06-06", "2025-07-04"], ["06-06 11", "07-04 11", "08-05 11", "09-05 11"]),
        ([], ["06-05 11", "07-05 11", "08-05 11", "09-05 11"]),
    ],
    ids=["calendar", "no calendar"],
)
def test_the_schedule_is_the_dates_to_come_and_then_every_month(dates: list[str], fired: list[str]) -> None:
    days = [date.fromisoformat(day) for day in dates]
    moments = sorted(
        moment
        for rule in rules(days, today=date(2025, 5, 20))
        for moment in RRuleSchedule(rrule=rule).to_rrule().xafter(datetime(2025, 5, 20, tzinfo=UTC), count=4)
    )
    assert [f"{moment:%m-%d %H}" for moment in moments][:4] == fired


def deployed(client: SyncPrefectClient, name: str, since: datetime) -> DeploymentResponse | None:
    """The deployment, once it has been registered since that moment."""
    try:
        found = client.read_deployment_by_name(f"aforo/{name}")
    except ObjectNotFound:
        return None
    return found if found.updated and found.updated > since else None


def in_state(client: SyncPrefectClient, run: FlowRun, *states: StateType) -> FlowRun | None:
    """The run, once it is in one of these states."""
    now = client.read_flow_run(run.id)
    return now if now.state_type in states else None


def killed_while_it_runs(client: SyncPrefectClient, server: "subprocess.Popen[str]") -> FlowRun:
    """A run of the deployment whose `aforo serve` was killed; nothing that it had started is left."""
    since = datetime.now(UTC)
    deployment = waited("the deployment", lambda: deployed(client, DEPLOYMENT, since))
    run = client.create_flow_run_from_deployment(deployment.id)
    waited("the run", lambda: in_state(client, run, StateType.RUNNING))
    processes = psutil.Process(server.pid).children(recursive=True)
    server.kill()
    server.communicate()
    assert psutil.wait_procs(processes, timeout=10)[1] == []
    return run


@pytest.mark.slow
def test_a_scheduled_run_publishes_after_one_was_killed(
    tmp_path: Path, prefect: dict[str, str], client: SyncPrefectClient
) -> None:
    """On a server that goes on, the dead run keeps its place in the queue until `aforo serve` is back."""
    source = sources.write(sources.minimal(), tmp_path / "source", "csv")
    institute = Institute(source, tmp_path / "home", prefect | {"PREFECT_RUNNER_POLL_FREQUENCY": "2"})
    dead = killed_while_it_runs(client, institute.start("serve"))
    assert in_state(client, dead, StateType.RUNNING)

    again = datetime.now(UTC)
    serve = institute.start("serve")
    waited("the dead run's end", lambda: in_state(client, dead, StateType.CRASHED))
    deployment = waited("the deployment", lambda: deployed(client, DEPLOYMENT, again))
    assert deployment.global_concurrency_limit
    assert deployment.global_concurrency_limit.limit == 1
    soon = datetime.now(UTC) + timedelta(seconds=5)
    once = RRuleSchedule(rrule=f"DTSTART:{soon:%Y%m%dT%H%M%S}\nRRULE:FREQ=DAILY;COUNT=1", timezone="UTC")
    client.create_deployment_schedules(deployment.id, [DeploymentScheduleCreate(schedule=once, active=True)])
    home = FlowRunFilter(tags=FlowRunFilterTags(all_=dead.tags))

    def ended() -> FlowRun | None:
        runs = client.read_flow_runs(flow_run_filter=home)
        return next((run for run in runs if run.id != dead.id and run.state and run.state.is_final()), None)

    run = waited("the scheduled run's end", ended)
    assert run.auto_scheduled
    assert run.state_type == StateType.COMPLETED, run.state
    assert run.name == "202507 · source"
    assert [record["status"] for record in institute.records()][-1] == "published"
    log, summary = shown(client, run)
    assert any(line.startswith("4/5 transform done (") for line in log)
    assert "**Forecast for 202507, 202508, 202509**" in summary
    assert "Published: 202507, 202508, 202509" in institute.aforo("status").out
    serve.terminate()
    serve.communicate(timeout=60)
    assert serve.returncode == 128 + signal.SIGTERM


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

        dead = killed_while_it_runs(client, serve())
        since = datetime.now(UTC)
        again = serve()
        waited("the dead run's end", lambda: in_state(client, dead, StateType.CRASHED))
        deployment = waited("the deployment", lambda: deployed(client, DEPLOYMENT, since))
        run = client.create_flow_run_from_deployment(deployment.id)
        waited("the next run", lambda: in_state(client, run, StateType.RUNNING))
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
    deployment = deployed(client, "mensual", datetime.now(UTC) - timedelta(hours=1))
    assert deployment
    assert deployment.work_pool_name == "aforo"
    assert deployment.global_concurrency_limit
    assert deployment.global_concurrency_limit.limit == 1
    [schedule] = deployment.schedules
    assert schedule.schedule.model_dump()["cron"] == "0 11 5 * *"
