"""A source that is down as a whole: the run goes on from the last captures, unless they are too old."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

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


def test_one_table_down_for_three_runs_then_back(good: Institute) -> None:
    """It ages, run by run; once it is back it is live again."""
    file = good.source / "sedes.parquet"
    away = file.with_suffix(".away")
    file.rename(away)
    before = good.forecast()
    captured = good.health()["sedes"]["capturada_en"]
    for _ in range(3):
        outcome = good.aforo("run", "--quiet")
        assert outcome.exit_code == 0, outcome.err
        state = good.health()["sedes"]
        assert (state["estado"], state["capturada_en"]) == ("respaldo", captured)
        assert "which delivered it before" in state["motivo_estado"]
        assert good.health()["programacion"]["estado"] == "viva"
        assert good.forecast() == before
    away.rename(file)
    outcome = good.aforo("run", "--quiet")
    assert outcome.exit_code == 0, outcome.err
    assert good.health()["sedes"]["estado"] == "viva"
    assert good.records()[-1]["fallbacks"] == {}
    assert good.forecast() == before


def test_a_reader_on_the_published_file_all_the_while(good: Institute) -> None:
    """It never waits and never sees half a run: what it opened stays, who opens anew sees the new release."""
    file = str(good.home / "published" / "aforo_marts.duckdb")
    before = good.published("select distinct run_id from marts.prediccion_detalle")
    with duckdb.connect(file, read_only=True) as reader:
        run = good.start("run")
        while run.poll() is None:
            seen = reader.sql("select distinct run_id from marts.prediccion_detalle").fetchall()
            assert seen == before
            assert len(good.published("select distinct run_id from marts.prediccion_detalle")) == 1
            time.sleep(0.2)
        _, err = run.communicate()
        assert run.returncode == 0, err
    assert good.published("select distinct run_id from marts.prediccion_detalle") != before


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
