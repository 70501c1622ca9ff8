"""Runs that were missed while nothing was there to run them: a job is run once, however many it missed."""

from datetime import UTC, date, datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

from flows.prefect.deployments import CAPTURE, FORECAST, Job, last_moment

# In these a run has not done its work, and will not.
_NOT_RUN = (StateType.SCHEDULED, StateType.CRASHED)


def start_missed(registered: dict[Job, UUID], dates: list[date]) -> list[Job]:
    """Starts what the deployments (job -> id) have missed, and returns it. dates: the forecast dates.

    The capture comes first, also where it never ran: it finds whether a forecast is due, so that none is
    started here. Another job that never ran was not there to miss.
    """
    missed = []
    with get_client(sync_client=True) as client:
        for job, deployment in registered.items():
            if job == FORECAST:
                continue
            runs = [run for run in _runs(client, deployment) if run.state_type not in _NOT_RUN]
            expected = last_moment(job, dates, datetime.now(UTC))
            begun = max((run.start_time for run in runs if run.start_time), default=None)
            never = begun is None
            if (never and job == CAPTURE) or (begun and expected and begun < expected):
                client.create_flow_run_from_deployment(deployment)
                missed.append(job)
    return missed


def _runs(client: SyncPrefectClient, deployment: UUID) -> list[FlowRun]:
    return client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
        sort=FlowRunSort.START_TIME_DESC,
        limit=50,
    )
