"""What a run stands on is in its record, and the records are read as far as they can be."""

import json
from importlib import metadata
from pathlib import Path

import pytest

from flows.dbt import records
from flows.home import lineage, record
from flows.project import version_variables
from flows.settings import Home, Settings
from flows.source import parse


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(source=parse("/source"), home=Home(tmp_path))


def test_a_record_says_what_the_run_stands_on_and_who_started_it(settings: Settings) -> None:
    by_hand = record.load(record.start(settings).path)
    assert (by_hand.user, by_hand.deployment) == (lineage.user(), None)
    assert by_hand.versions == version_variables()
    assert by_hand.layers.keys() == {"raw", "platinum", "features", "target", "predictions"}
    assert by_hand.package_set is not None
    packages = lineage.kept_packages(settings.home, by_hand.package_set)
    assert packages is not None
    for name in ("duckdb", "dbt-core", "statsforecast"):
        assert packages[name] == metadata.version(name)
    # No account of a person where none started it.
    scheduled = record.load(record.start(settings, "forecast").path)
    assert (scheduled.user, scheduled.deployment) == (None, "forecast")


def test_the_records_are_read_as_far_as_they_can_be(settings: Settings) -> None:
    """Of an older release, which says less; whose packages are lost; damaged, which stops nothing."""
    older, newer, damaged = (record.start(settings) for _ in range(3))
    said = json.loads(older.path.read_text())
    for name in ("inputs", "versions", "layers", "code", "package_set", "periods", "user", "deployment"):
        del said[name]
    older.path.write_text(json.dumps(said))
    newer.code = "other"
    newer.save()
    damaged.path.write_text("{")
    found = {each["run_id"]: each for each in json.loads(records.as_json(settings.home.root))}
    assert found.keys() == {older.run_id, newer.run_id}
    assert (found[older.run_id]["versions"], found[older.run_id]["code"]) == ({}, None)
    assert found[newer.run_id]["code"] == "other"
    assert found[newer.run_id]["packages"]["duckdb"] == metadata.version("duckdb")
    [kept] = (settings.home.runs / "packages").iterdir()
    kept.write_text(kept.read_text().replace("duckdb", "duck"))
    found = {each["run_id"]: each for each in json.loads(records.as_json(settings.home.root))}
    assert set(found[newer.run_id]["packages"].values()) == {None}


def test_a_home_without_records_has_none(tmp_path: Path) -> None:
    assert records.as_json(tmp_path / "absent") == "[]"
