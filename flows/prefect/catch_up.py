"""Runs that were missed while nothing was there to run them: a job is run once, however many it missed."""

from datetime import UTC, date, datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

from flows.prefect.deployments import CAPTURE, FORECAST, Job, last_moment

RUNS_READ = 200


def start_missed(registered: dict[Job, UUID], dates: list[date]) -> list[Job]:
    """Starts what the deployments (job -> id) have missed, and returns it. dates: the forecast dates.

    Runs that a server which went on has noted as late are deleted, as one will do. The capture comes first,
    also where it never ran: it finds whether a forecast is due, so that none is started here. Another job
    that never ran was not there to miss.
    """
    missed = []
    now = datetime.now(UTC)
    with get_client(sync_client=True) as client:
        for job, deployment in registered.items():
            runs = _runs(client, deployment)
            late = [run for run in runs if _is_late(run, now)]
            for run in late:
                client.delete_flow_run(run.id)
            if job != FORECAST and (late or _is_missed(job, runs, last_moment(job, dates, now))):
                client.create_flow_run_from_deployment(deployment)
                missed.append(job)
    return missed


def _is_late(run: FlowRun, now: datetime) -> bool:
    is_past = run.expected_start_time is not None and run.expected_start_time < now
    return run.state_type == StateType.SCHEDULED and run.auto_scheduled and is_past


def _is_missed(job: Job, runs: list[FlowRun], expected: datetime | None) -> bool:
    # One that crashed has not done its work.
    begun = [run.start_time for run in runs if run.start_time and run.state_type != StateType.CRASHED]
    if not begun:
        return job == CAPTURE
    return expected is not None and max(begun) < expected


def _runs(client: SyncPrefectClient, deployment: UUID) -> list[FlowRun]:
    return client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=RUNS_READ,
    )
