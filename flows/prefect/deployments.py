"""What is scheduled, as Prefect deployments: the one list, for `aforo serve`; prefect.yaml says the same.

A job is a line here and in prefect.yaml (a test compares them). All of them run one at a time: `aforo serve`
starts no second one, and a run waits for the one that has the home (flows/prefect/limits.py).
"""

import importlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal

from flows import alerts
from flows.settings import Settings
from flows.steps import due

if TYPE_CHECKING:
    from prefect.deployments.runner import RunnerDeployment


@dataclass(frozen=True)
class Job:
    """A deployment: its name, its flow ('module:function'), on which days and at which hour (UTC) it runs.

    dates: the calendar's forecast dates, and after the last of them every month. `after_drift`: also when
    alerts of drift or of accuracy have opened.
    """

    name: str
    flow: str
    days: Literal["daily", "weekly", "dates"]
    hour: int
    description: str
    after_drift: bool = False


CAPTURE = Job(
    "capture", "flows.operations:capture", "daily", 10, "Read the source; start a forecast where one is due."
)
FORECAST = Job(
    "forecast",
    "flows.pipeline:aforo",
    "dates",
    due.FORECAST_HOUR_UTC,
    "Forecast the next periods and publish.",
)
MONITOR = Job(
    "monitor",
    "flows.operations:monitor",
    "daily",
    12,
    "Judge the newest capture and what was published, and tell the alerts.",
)
BACKTEST = Job(
    "backtest",
    "flows.operations:backtest",
    "dates",
    13,
    "Forecast the past periods again, select the models anew, and say how wrong that was.",
    after_drift=True,
)
VACUUM = Job(
    "vacuum", "flows.operations:vacuum", "weekly", 14, "Fold old history that no published forecast needs."
)
JOBS = (CAPTURE, FORECAST, MONITOR, BACKTEST, VACUUM)

_SUNDAY = 6


def rules(job: Job, dates: list[date], today: date) -> list[str]:
    """The job's schedule as rules (RFC 5545). dates: the calendar's forecast dates."""
    if job.days == "daily":
        return [f"{_start(today, job.hour)}\nRRULE:FREQ=DAILY"]
    if job.days == "weekly":
        return [f"{_start(today, job.hour)}\nRRULE:FREQ=WEEKLY;BYDAY=SU"]
    once = [f"{_start(day, job.hour)}\nRRULE:FREQ=DAILY;COUNT=1" for day in dates if day > today]
    first = max(due.first_without_date(dates) or today, today)
    return [*once, f"{_start(first, job.hour)}\nRRULE:FREQ=MONTHLY;BYMONTHDAY={due.DAY_OF_MONTH}"]


def last_moment(job: Job, dates: list[date], now: datetime) -> datetime | None:
    """The latest moment up to `now` at which the job was to run."""
    if job.days == "dates":
        found = due.last_date(dates, now)
        return found.replace(hour=job.hour) if found else None
    days = [(now - timedelta(days=back)).date() for back in range(8)]
    moments = [datetime.combine(day, time(job.hour), UTC) for day in days if _is_of(job, day)]
    return max(moment for moment in moments if moment <= now)


def made(job: Job, dates: list[date], parameters: dict[str, Any], asked: Settings) -> "RunnerDeployment":
    """The job as a deployment for Prefect's runner; its flow gets those of `parameters` that it takes."""
    from prefect.events import DeploymentEventTrigger
    from prefect.flows import EntrypointType
    from prefect.schedules import RRule

    from flows.prefect import flow_runs

    module, _, function = job.flow.partition(":")
    flow = getattr(importlib.import_module(module), function)
    takes = flow.parameters.properties
    today = datetime.now(UTC).date()
    # Only this home's: others may be on the same server.
    opened = DeploymentEventTrigger(
        name=f"aforo: {job.name} after drift",
        expect={alerts.DRIFTED},
        match={"prefect.resource.id": f"aforo.alerts.{flow_runs.home_tag(asked.home)}"},
    )
    made: RunnerDeployment = flow.to_deployment(
        name=job.name,
        description=job.description,
        schedules=[RRule(rule, timezone="UTC") for rule in rules(job, dates, today)],
        parameters={name: value for name, value in parameters.items() if name in takes},
        tags=flow_runs.tags(asked),
        triggers=[opened] if job.after_drift else [],
        concurrency_limit=1,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return made


def _is_of(job: Job, day: date) -> bool:
    return job.days == "daily" or day.weekday() == _SUNDAY


def _start(day: date, hour: int) -> str:
    return f"DTSTART:{day:%Y%m%d}T{hour:02d}0000"
