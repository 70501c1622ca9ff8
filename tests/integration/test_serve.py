"""The scheduled deployments, on a real Prefect server: a run that its scheduler fires publishes."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.schedules import RRuleSchedule

from flows.commands.serve import rules
from tests import sources
from tests.harness import ROOT, Institute

RUN_SECONDS = 300


class Api:
    """The few calls of Prefect's REST API that the tests make."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer, from JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}{path}", data, {"content-type": "application/json"}, method=method
        )
        for _ in range(10):
            try:
                with urllib.request.urlopen(request, timeout=30) as response:
                    return json.loads(response.read() or "null")
            except urllib.error.HTTPError as error:
                if error.code != 503:
                    raise
                time.sleep(1)  # Its database is busy: Prefect's own clients ask again, too.
        raise AssertionError(f"the server was busy for long: {method} {path}")

    def deployment(self, name: str) -> dict[str, Any] | None:
        """The deployment of that name, once it is there."""
        found: list[dict[str, Any]] = self.call("POST", "/deployments/filter", {})
        return next((deployment for deployment in found if deployment["name"] == name), None)


def waited(seconds: float, what: str, ask: Any) -> Any:
    """The first answer that is not None, or a failure after that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = ask()
        if answer is not None:
            return answer
        time.sleep(0.5)
    raise AssertionError(f"{what} did not come within {seconds} s")


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


@pytest.fixture
def served(tmp_path: Path, prefect: dict[str, str]) -> Iterator[tuple[Institute, "subprocess.Popen[str]"]]:
    """The smallest institute, served: a CSV with five columns."""
    source = sources.write(sources.minimal(), tmp_path / "source", "csv")
    institute = Institute(source, tmp_path / "home", prefect)
    process = institute.start("serve")
    yield institute, process
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


@pytest.mark.slow
def test_a_scheduled_run_fires_finishes_and_publishes(
    served: tuple[Institute, "subprocess.Popen[str]"], prefect: dict[str, str]
) -> None:
    institute, _ = served
    api = Api(prefect["PREFECT_API_URL"])
    deployment = waited(60, "the deployment", lambda: api.deployment("pronostico"))
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert [schedule["schedule"]["rrule"] for schedule in deployment["schedules"]]

    soon = datetime.now(UTC) + timedelta(seconds=5)
    once = {"rrule": f"DTSTART:{soon:%Y%m%dT%H%M%S}\nRRULE:FREQ=DAILY;COUNT=1", "timezone": "UTC"}
    api.call("POST", f"/deployments/{deployment['id']}/schedules", [{"schedule": once, "active": True}])

    def ended_run() -> dict[str, Any] | None:
        runs = api.call("POST", "/flow_runs/filter", {"deployments": {"id": {"any_": [deployment["id"]]}}})
        return next((run for run in runs if run["state"]["type"] in ("COMPLETED", "FAILED", "CRASHED")), None)

    run = waited(RUN_SECONDS, "the scheduled run's end", ended_run)
    assert run["auto_scheduled"]
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    [record] = institute.records()
    assert record["status"] == "published"
    assert (institute.home / "published" / "aforo_marts.duckdb").exists()
    state = institute.aforo("status")
    assert "Published: 202507, 202508, 202509" in state.out


@pytest.mark.slow
def test_a_worker_can_take_the_deployment_of_prefect_yaml(prefect: dict[str, str]) -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt"]
    # The exit code of `deploy` is not asked: prefect.yaml says why.
    for arguments in (["work-pool", "create", "aforo", "--type", "process"], ["deploy", "--all"]):
        environment = {**os.environ, **prefect}
        subprocess.run(
            [*command, *arguments], cwd=ROOT, env=environment, check=False, capture_output=True, timeout=120
        )
    deployment = Api(prefect["PREFECT_API_URL"]).deployment("mensual")
    assert deployment is not None
    assert deployment["work_pool_name"] == "aforo"
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert [schedule["schedule"]["cron"] for schedule in deployment["schedules"]] == ["0 11 5 * *"]
