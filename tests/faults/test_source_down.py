"""A source that is down as a whole: the run goes on from the last captures, unless they are too old."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests import sources
from tests.harness import Institute

pytestmark = pytest.mark.slow


@pytest.fixture
def source_away(good: Institute) -> Iterator[Path]:
    """The source is not there for as long as a test lasts."""
    away = good.source.with_name("away")
    good.source.rename(away)
    yield good.source
    away.rename(good.source)


def test_first_run_with_the_source_down(good: Institute, tmp_path: Path) -> None:
    """Nothing to fall back on, nothing that may pass: it says so at once, and nothing is published."""
    hours = good.environment | {"AFORO_RETRY_SECONDS": "7200,7200"}
    nowhere = replace(good, source=tmp_path / "nowhere", home=tmp_path / "home", environment=hours)
    outcome = nowhere.aforo("run")
    assert outcome.exit_code == 1
    assert f"the source folder {tmp_path / 'nowhere'} does not exist" in outcome.err
    assert (
        "nothing was captured of this source yet, so there is no earlier capture to fall back on"
        in outcome.err
    )
    assert "Nothing was published." in outcome.err
    assert "Traceback" not in outcome.err
    assert not (nowhere.home / "published").exists()
    [record] = nowhere.records()
    assert (record["status"], record["steps"][-1]["state"]) == ("failed", "failed")


def test_source_absent_at_start(good: Institute, source_away: Path) -> None:
    """The forecast of the last captures is published again, and every row says that it stands on them."""
    before = good.forecast()
    outcome = good.aforo("run")
    assert outcome.exit_code == 0, outcome.err
    assert good.forecast() == before
    reason = f"the source folder {source_away} does not exist"
    delivered = [state for state in good.health().values() if state["filas"]]
    assert {state["estado"] for state in delivered} == {"respaldo"}
    assert {state["motivo_estado"] for state in delivered} == {reason}
    assert set(good.records()[-1]["fallbacks"]) >= set(sources.institute())
    assert "FALLBACK" in outcome.out
    assert reason in outcome.out
    assert reason in good.aforo("status").out
    assert good.published("select distinct estado_fuente from marts.prediccion_detalle") == [("respaldo",)]


def test_another_source_is_no_fallback(good: Institute, tmp_path: Path) -> None:
    """Captures of one source do not stand in for another that is down."""
    before = good.fingerprint()
    outcome = replace(good, source=tmp_path / "other").aforo("run")
    assert outcome.exit_code == 1
    assert "nothing was captured of this source yet" in outcome.err
    assert good.fingerprint() == before


RUN = "select distinct run_id from marts.prediccion_detalle"


@dataclass(frozen=True)
class Seen:
    """What was published before, while and after a table was down; what readers saw as it came back."""

    forecasts: list[list[Any]]
    health: list[dict[str, dict[str, Any]]]
    fallbacks: dict[str, str]
    runs: tuple[list[Any], list[Any]]
    of_open_reader: set[str]
    of_new_readers: list[list[Any]]


@pytest.fixture(scope="module")
def seen(good: Institute) -> Seen:
    """Two runs without a table, and one with it again, with readers on the published file."""
    forecasts, health = [good.forecast()], [good.health()]
    file = good.source / "sedes.parquet"
    away = file.with_suffix(".away")
    file.rename(away)
    for _ in range(2):
        outcome = good.aforo("run", "--quiet")
        assert outcome.exit_code == 0, outcome.err
        forecasts.append(good.forecast())
        health.append(good.health())
    away.rename(file)
    before = good.published(RUN)
    of_open, of_new = set(), []
    with duckdb.connect(str(good.home / "published" / "aforo_marts.duckdb"), read_only=True) as reader:
        run = good.start("run", "--quiet")
        while run.poll() is None:
            of_open.add(str(reader.sql(RUN).fetchall()))
            of_new.append(good.published(RUN))
            time.sleep(0.2)
        _, err = run.communicate()
        assert run.returncode == 0, err
    forecasts.append(good.forecast())
    health.append(good.health())
    fallbacks = good.records()[-1]["fallbacks"]
    return Seen(forecasts, health, fallbacks, (before, good.published(RUN)), of_open, of_new)


def test_one_table_down_for_runs_then_back(seen: Seen) -> None:
    """It ages, run by run; once it is back it is live again."""
    before, *down, back = seen.health
    assert len(down) == 2
    for state in down:
        assert state["sedes"]["estado"] == "respaldo"
        assert state["sedes"]["capturada_en"] == before["sedes"]["capturada_en"]
        assert "which delivered it before" in state["sedes"]["motivo_estado"]
        assert state["programacion"]["estado"] == "viva"
    assert back["sedes"]["estado"] == "viva"
    assert seen.fallbacks == {}
    assert all(forecast == seen.forecasts[0] for forecast in seen.forecasts)


def test_a_reader_on_the_published_file_all_the_while(seen: Seen) -> None:
    """It never waits and never sees half a run: what it opened stays, who opens anew sees the new release."""
    before, after = seen.runs
    assert before != after
    assert seen.of_open_reader == {str(before)}
    assert len(seen.of_new_readers) > 10
    assert all(found in (before, after) for found in seen.of_new_readers)


def test_a_fallback_that_is_too_old(good: Institute, source_away: Path) -> None:
    """After 45 days nothing more is published from it, until the source is back."""
    with duckdb.connect(str(good.home / "aforo_warehouse.duckdb")) as connection:
        connection.execute("update landing.capturas set capturada_en = capturada_en - interval 46 day")
    before = good.fingerprint()
    outcome = good.aforo("run")
    assert outcome.exit_code == 1
    assert "46 days old: a forecast from data older than 45 days is not published" in outcome.err
    assert f"the source folder {source_away} does not exist" in outcome.err
    assert "mend the source and run again" in outcome.err
    assert good.fingerprint() == before
    assert good.records()[-1]["status"] == "failed"
