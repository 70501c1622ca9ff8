"""`aforo monitor`: the alerts of the newest capture, and nothing else changes."""

import json
from pathlib import Path

import duckdb
import pytest

from flows.home import releases
from flows.screen import summary
from flows.settings import Home
from tests import sources
from tests.harness import Institute

pytestmark = pytest.mark.slow


def captured(good: Institute) -> Institute:
    """The institute after a campus has lost its newest period; the gate has kept the forecast before."""
    tables = sources.institute()
    lost = (tables["programacion"]["sede"] == sources.SEDES[0]) & (
        tables["programacion"]["periodo"] == 202506
    )
    tables["programacion"] = tables["programacion"][~lost]
    sources.write(tables, good.source)
    outcome = good.aforo("run", "--accept", "programacion")
    assert outcome.exit_code == 1
    assert "the gate refuses" in outcome.err
    return good


def test_a_campus_that_is_lost_is_an_alert_and_nothing_else_changes(good: Institute) -> None:
    institute = captured(good)
    before = institute.fingerprint()
    outcome = institute.aforo("monitor", "--json")
    assert outcome.exit_code == 0, outcome.err
    found = json.loads(outcome.out)
    [alert] = [alert for alert in found["alerts"] if alert["tipo"] == "sede_perdida"]
    assert (alert["nivel"], alert["donde"], alert["estado"]) == ("sede", sources.SEDES[0], "nueva")
    assert json.loads((institute.home / "alerts" / "alertas.json").read_text()) == found
    assert institute.fingerprint() == before
    assert sorted(path.name for path in (institute.home / "alerts").iterdir() if path.is_dir()) == []
    said = institute.aforo("monitor").out
    assert f"[grave] {alert['que']}" in said


def test_a_release_of_before_there_were_alerts_has_a_summary(good: Institute, tmp_path: Path) -> None:
    home = Home(good.copy(tmp_path).home)
    home.published_file.chmod(0o644)
    with duckdb.connect(str(home.published_file)) as connection:
        connection.execute("drop table marts.alertas")
    manifest = releases.published_manifest(home)
    assert manifest is not None
    found = summary.summarise(home, manifest)
    assert found["alerts"] == []
    assert summary.as_text(found)
