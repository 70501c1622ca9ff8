"""What is scheduled and when, what is due, who waits for whom; the layers as Prefect shows them."""

import multiprocessing
import time
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest
import yaml
from prefect.client.schemas.schedules import RRuleSchedule

from flows.dbt.runner import Node
from flows.errors import AforoError
from flows.home import lock, record
from flows.prefect import layers
from flows.prefect.deployments import BACKTEST, CAPTURE, FORECAST, JOBS, VACUUM, Job, last_moment, rules
from flows.project import schema_of
from flows.settings import Home, Settings
from flows.source import parse
from flows.steps import due
from tests.harness import ROOT

NOW = datetime(2025, 5, 20, 12, tzinfo=UTC)
DATES = ["2025-05-05", "2025-06-06", "2025-07-04"]


def days(texts: list[str]) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


@pytest.mark.parametrize(
    ("job", "dates", "fired"),
    [
        (FORECAST, DATES, ["06-06 11", "07-04 11", "08-05 11", "09-05 11"]),
        (FORECAST, [], ["06-05 11", "07-05 11", "08-05 11", "09-05 11"]),
        (BACKTEST, DATES, ["06-06 13", "07-04 13", "08-05 13", "09-05 13"]),
        (CAPTURE, DATES, ["05-21 10", "05-22 10", "05-23 10", "05-24 10"]),
        (VACUUM, DATES, ["05-25 14", "06-01 14", "06-08 14", "06-15 14"]),
    ],
    ids=["calendar", "no calendar", "backtest", "daily", "weekly"],
)
def test_the_moments_of_a_schedule(job: Job, dates: list[str], fired: list[str]) -> None:
    moments = sorted(
        moment
        for rule in rules(job, days(dates), NOW.date())
        for moment in RRuleSchedule(rrule=rule).to_rrule().xafter(NOW, count=4)
    )
    assert [f"{moment:%m-%d %H}" for moment in moments][:4] == fired


@pytest.mark.parametrize(
    ("job", "dates", "last"),
    [
        (FORECAST, DATES, "05-05 11"),
        (FORECAST, ["2025-03-04"], "05-05 11"),
        (FORECAST, ["2025-06-06"], None),
        (FORECAST, ["2025-05-20"], "05-20 11"),
        (CAPTURE, [], "05-20 10"),
        (VACUUM, [], "05-18 14"),
    ],
    ids=["calendar", "calendar that ended", "none yet", "an hour ago", "daily", "weekly"],
)
def test_the_last_moment_of_a_schedule(job: Job, dates: list[str], last: str | None) -> None:
    found = last_moment(job, days(dates), NOW)
    assert (found and f"{found:%m-%d %H}") == last


def test_a_worker_and_aforo_serve_have_the_same_jobs() -> None:
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    for job, found in zip(JOBS, declared, strict=True):
        module, _, function = job.flow.partition(":")
        assert found["name"] == job.name
        assert found["description"] == job.description
        assert found["entrypoint"] == f"{module.replace('.', '/')}.py:{function}"
        assert found["concurrency_limit"] == 1
        assert bool(found.get("triggers")) == job.after_drift
        [schedule] = found["schedules"]
        day = {"daily": "* * *", "weekly": "* * 0", "dates": f"{due.DAY_OF_MONTH} * *"}[job.days]
        assert schedule == {"cron": f"0 {job.hour} {day}", "timezone": "UTC"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that has published on 10 May, after a capture on the same day."""
    home = Home(tmp_path)
    run = record.start(Settings(source=parse("/source"), home=home))
    run.status, run.ended_at = "published", "2025-05-10T11:05:00+00:00"
    run.save()
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            f"""create schema landing; create schema {schema_of("platinum")};
            create table landing.capturas as
                select timestamp '2025-05-10 11:00:00' as capturada_en, 9 as cambios
                union all select timestamp '2025-05-19 10:00:00', 0;
            create table {schema_of("platinum")}.dim_periodos as
                select unnest([date '2025-05-05', date '2025-06-06']) as fecha_pronostico"""
        )
    return home


@pytest.mark.parametrize(
    ("happened", "now", "reason"),
    [
        (None, "2025-05-20 12:00", None),
        (None, "2025-06-06 10:00", None),
        (None, "2025-06-07 10:00", "the forecast date 2025-06-06 has come"),
        (
            "insert into landing.capturas values ('2025-05-20 10:00', 1)",
            "2025-05-20 10:01",
            "new data was captured at 2025-05-20 10:00 UTC",
        ),
    ],
    ids=["published since", "not yet", "a date was missed", "new data"],
)
def test_when_a_forecast_is_due(home: Home, happened: str | None, now: str, reason: str | None) -> None:
    if happened:
        with duckdb.connect(str(home.warehouse)) as connection:
            connection.execute(happened)
    assert due.reason(home, datetime.fromisoformat(now).replace(tzinfo=UTC)) == reason


def test_a_forecast_of_the_past_is_none_of_today(home: Home) -> None:
    [file] = home.runs.glob("*.json")
    file.write_text(file.read_text().replace('"as_of": null', '"as_of": "2025-01-01"'))
    assert due.reason(home, NOW) == "nothing is published yet"


def hold(root: Path, seconds: float, held: "multiprocessing.synchronize.Event") -> None:
    with lock.exclusive(Home(root), "a test"):
        held.set()
        time.sleep(seconds)


def test_who_is_patient_waits_for_the_home_and_is_known_to_be_alive(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with lock.exclusive(home, "another"):
        pass
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    holder = context.Process(target=hold, args=(home.root, 1.5, held))
    holder.start()
    assert held.wait(60)
    with pytest.raises(AforoError, match="is in use by process"), lock.exclusive(home, "a person"):
        pass
    with (
        lock.patient(home, "a-run", 0.1),
        pytest.raises(AforoError, match="is in use by process"),
        lock.exclusive(home, "short"),
    ):
        pass
    assert not lock.is_waiting(home, "a-run")
    with lock.patient(home, "a-run", 60):
        assert lock.is_waiting(home, "a-run")
        with lock.exclusive(home, "a flow"):
            holder.join()
    assert not lock.is_waiting(home, "a-run")


def node(unique_id: str, path: str, started: float | None = 1.0, **more: str) -> Node:
    status = more.pop("status", "success")
    return Node(unique_id, status, path, started, started and started + 2, **more)


def test_the_layers_of_a_call_of_dbt() -> None:
    mart = node(
        "model.aforo.exactitud", "models/marts/exactitud.sql", 5.0, relation='"w"."marts"."exactitud"'
    )
    base = node("model.aforo.statsforecast_ajuste", "python_models/predictions/a.py", 2.0)
    nodes = [
        mart,
        node("test.aforo.unica.1", "models/marts/exactitud.yml", 6.0, attached=mart.unique_id, status="fail"),
        base,
        node("test.aforo.series_densas", "tests/sql/series_densas.sql", None, status="skipped"),
        node("operation.aforo.hook", "./dbt_project.yml"),
    ]
    found = layers.by_layer(nodes)
    assert [layer for layer, _ in found] == ["whole", "predictions", "marts"]
    its = dict(found)["marts"]
    assert layers.seconds(its) == 3.0
    assert layers.models(its, {("marts", "exactitud"): 7}) == [
        {
            "name": "exactitud",
            "status": "success",
            "seconds": 2.0,
            "rows": 7,
            "tests": 1,
            "failed tests": "unica",
        }
    ]
    [test] = layers.models(dict(found)["whole"], {})
    assert (test["name"], test["status"], test["seconds"]) == ("series_densas", "skipped", 0.0)
