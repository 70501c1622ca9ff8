"""Every place of a home keeps what it holds for so long, and no longer."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.home import retention
from flows.settings import Home

OLD, PUBLISHED, NEW = "20190101T000000Z-aaaaaa", "20190102T000000Z-bbbbbb", "20991231T000000Z-cccccc"
KEPT = retention.Days(historia=730, publicaciones=1825, registros=90)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose published run is older than what is kept."""
    home = Home(tmp_path)
    for folder in (home.history, home.runs, home.logs, home.releases / PUBLISHED):
        folder.mkdir(parents=True)
    home.published.symlink_to(home.releases / PUBLISHED)
    for run in (OLD, PUBLISHED, NEW):
        (home.history / f"{run}.parquet").touch()
        (home.runs / f"{run}.json").touch()
    return home


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_old_forecasts_and_records_go_but_not_the_published_one_s(home: Home) -> None:
    (home.history / "notes.parquet").touch()
    gone = retention.expire(home, KEPT)
    assert gone == {"history": 1, "runs": 1, "logs": 0, "backup": 0}
    assert names(home.history) == {f"{PUBLISHED}.parquet", f"{NEW}.parquet", "notes.parquet"}
    assert names(home.runs) == {f"{PUBLISHED}.json", f"{NEW}.json"}


def test_logs_begin_anew_and_go_when_nobody_writes_to_them(home: Home) -> None:
    old = home.logs / "aforo.20240101.log"
    old.touch()
    os.utime(old, (time.time(), time.time() - 91 * retention.DAY_SECONDS))
    home.log.write_text("a line\n")
    gone = retention.expire(home, KEPT)
    today = home.logs / f"aforo.{datetime.now(UTC):%Y%m%d}.log"
    assert gone["logs"] == 1
    assert names(home.logs) == {today.name}
    # A second one on the same day takes nothing of the first.
    home.log.write_text("another line\n")
    retention.expire(home, KEPT)
    assert today.read_text() == "a line\n"
    assert home.log.read_text() == "another line\n"


def test_a_backup_from_before_an_upgrade_goes_with_the_logs(home: Home) -> None:
    folder = home.history_copy.parent
    folder.mkdir()
    for name, days in {
        "before_format_2_x.tar.gz": 91,
        "before_format_3_x.tar.gz": 89,
        "mine.tar.gz": 91,
    }.items():
        (folder / name).touch()
        os.utime(folder / name, (time.time(), time.time() - days * retention.DAY_SECONDS))
    assert retention.expire(home, KEPT)["backup"] == 1
    assert names(folder) == {"before_format_3_x.tar.gz", "mine.tar.gz"}


def test_a_home_without_anything_loses_nothing(tmp_path: Path) -> None:
    assert retention.expire(Home(tmp_path), KEPT) == {"history": 0, "runs": 0, "logs": 0, "backup": 0}
