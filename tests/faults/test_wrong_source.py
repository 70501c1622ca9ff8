"""The wrong source over a home, or the wrong time: what was published stays, nothing is replaced."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from flows.settings import DEFAULT_SOURCE
from tests import sources
from tests.harness import Institute

pytestmark = pytest.mark.slow


def refused(institute: Institute, *flags: str) -> str:
    """What a run said that published nothing."""
    before = institute.fingerprint()
    outcome = institute.aforo("run", "--quiet", *flags)
    assert outcome.exit_code == 1, outcome.out
    assert "Traceback" not in outcome.err
    assert institute.fingerprint() == before
    return outcome.err


def test_another_path_with_fewer_rows(good: Institute, tmp_path: Path) -> None:
    """It is compared with what the home holds, whatever the source is called: the last captures stand in."""
    before = good.forecast()
    thinned = {"programacion": sources.institute()["programacion"].iloc[::3]}
    outcome = replace(good, source=sources.write(thinned, tmp_path / "copy", "csv")).aforo("run", "--quiet")
    assert outcome.exit_code == 0, outcome.err
    assert good.forecast() == before
    health = good.health()
    assert "where the last good capture has" in health["programacion"]["motivo_estado"]
    assert {health[table]["estado"] for table in sources.institute()} == {"respaldo"}


def test_another_institute_over_a_home(good: Institute, tmp_path: Path) -> None:
    """A source with hardly a campus or course in common is refused whole; the remedy is another home."""
    tables = sources.institute()
    tables["programacion"] = tables["programacion"].assign(
        curso="X" + tables["programacion"]["curso"], sede="X" + tables["programacion"]["sede"]
    )
    message = refused(replace(good, source=sources.write(tables, tmp_path / "other")))
    assert "the source is another institute's" in message
    assert "use another --home" in message
    assert "aforo run --accept programacion" in message


def test_the_demo_over_a_home_that_holds_something_else(good: Institute) -> None:
    """As when AFORO_SOURCE is not set: it is refused, and the source that is held is named."""
    message = refused(replace(good, source=DEFAULT_SOURCE))
    assert "the demo institute is no source for" in message
    assert str(good.source) in message


def test_a_setting_that_is_empty(good: Institute) -> None:
    """As a script's variable that is not set: it is refused, by its name."""
    assert "--source is empty" in refused(good, "--source", "")
    assert "AFORO_HOME is empty" in refused(replace(good, environment=good.environment | {"AFORO_HOME": ""}))


def test_a_clock_that_is_set_back(good: Institute) -> None:
    """A run before the newest capture is refused, as its history would end before it begins."""
    with duckdb.connect(str(good.home / "aforo_warehouse.duckdb")) as connection:
        connection.execute("update landing.capturas set capturada_en = capturada_en + interval 1 day")
    message = refused(good)
    assert "which is before the newest capture of " in message
    assert "set the clock right" in message
