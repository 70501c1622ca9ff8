"""aforo doctor names what is wrong with a home and how to mend it, and changes nothing."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from flows.commands import backup as backing_up
from flows.commands import doctor
from flows.doctor.check import Check, Finding, fine
from flows.home import backup, lock, marker, upgrade
from flows.settings import Home, Settings, resolve
from flows.steps import publish
from tests import sources
from tests.unit.test_home import FIRST, SECOND, capture
from tests.unit.test_publish import new_record, write_marts


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which nothing is wrong. Not to be written to."""
    folder = tmp_path_factory.mktemp("template")
    home = Home(folder / "home")
    marker.enter(home)
    write_marts(home, 12, rows=10)
    capture(home, FIRST, 5)
    run = new_record(home)
    publish.publish(home, run, {})
    run.end("published")
    upgrade.upgrade(home)
    backing_up.run(home, folder / "backups")
    home.prefect.mkdir(exist_ok=True)
    with sqlite3.connect(home.prefect / "prefect.db") as database:
        database.execute("create table flow_run (id)")
    sources.write(sources.minimal(), folder / "source")
    return home


@pytest.fixture
def home(template: Home, tmp_path: Path) -> Home:
    """A copy of it, with its source beside it."""
    shutil.copytree(template.root.parent, tmp_path, symlinks=True, dirs_exist_ok=True)
    return Home(tmp_path / "home")


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


def examine(home: Home) -> dict[str, Check]:
    """name -> what the check of that name found; nothing in the home has changed."""
    files = {path: path.stat().st_mtime_ns for path in home.root.rglob("*") if path.is_file()}
    found = doctor.examine(resolve(str(home.root.parent / "source"), str(home.root)))
    assert {path: path.stat().st_mtime_ns for path in home.root.rglob("*") if path.is_file()} == files
    return {check.name: check for check in found}


def test_a_sound_home(home: Home) -> None:
    assert {name: check.state for name, check in examine(home).items() if check.state != "ok"} == {}


def cut_warehouse(home: Home) -> None:
    content = home.warehouse.read_bytes()
    home.warehouse.write_bytes(content[: len(content) // 2])


def lost_warehouse(home: Home) -> None:
    home.warehouse.unlink()


def cut_copy(home: Home) -> None:
    home.history_copy.write_bytes(b"x")


def changed_release(home: Home) -> None:
    home.published_file.chmod(0o644)
    home.published_file.write_bytes(b"x")


def damaged_forecast(home: Home) -> None:
    (home.history / f"{SECOND}.parquet").write_bytes(b"PAR1 and then nothing")


def damaged_record(home: Home) -> None:
    (home.runs / f"{SECOND}.json").write_text("{")


def killed_run(home: Home) -> None:
    (home.releases / f".building-{SECOND}").mkdir()


def killed_restore(home: Home) -> None:
    (home.root / backup.RESTORING).mkdir()


def note_of_the_dead(home: Home) -> None:
    note = {"pid": 2**22 + 1, "purpose": "aforo run", "since": "2025"}
    (home.root / "aforo.lock.json").write_text(json.dumps(note))


def capture_to_come(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("update landing.capturas set capturada_en = current_date + 2")


def older_format(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("drop table landing.migraciones")


def newer_format(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("insert into landing.migraciones values (99, 'later', current_timestamp)")


def old_backup(home: Home) -> None:
    made = json.loads(home.last_backup.read_text())
    made["made_at"] = (datetime.now(UTC) - timedelta(days=9)).isoformat()
    home.last_backup.write_text(json.dumps(made))


def no_backup(home: Home) -> None:
    home.last_backup.unlink()


def damaged_prefect(home: Home) -> None:
    (home.prefect / "prefect.db").write_bytes(b"x" * 4096)


def lost_source(home: Home) -> None:
    for path in (home.root.parent / "source").iterdir():
        path.unlink()


FAULTS: list[tuple[Callable[[Home], None], str, str, str]] = [
    (cut_warehouse, "warehouse", "wrong", "aforo restore"),
    (lost_warehouse, "warehouse", "wrong", "aforo restore"),
    (killed_restore, "warehouse", "wrong", "aforo restore"),
    (cut_copy, "history copy", "wrong", "aforo backup"),
    (changed_release, "published", "wrong", "aforo run"),
    (damaged_forecast, "past forecasts", "wrong", "docs/runbook.md"),
    (damaged_record, "records", "warning", "docs/runbook.md"),
    (killed_run, "leftovers", "warning", "next run"),
    (note_of_the_dead, "lock", "warning", "next run"),
    (capture_to_come, "clock", "wrong", "set the clock right"),
    (older_format, "format", "warning", "next run"),
    (newer_format, "format", "wrong", "install that one"),
    (old_backup, "last backup", "warning", "aforo backup"),
    (no_backup, "last backup", "warning", "aforo backup"),
    (damaged_prefect, "prefect", "wrong", "next run"),
    (lost_source, "source", "wrong", "--source"),
]


@pytest.mark.parametrize(
    ("spoil", "name", "state", "remedy"), FAULTS, ids=lambda f: getattr(f, "__name__", "")
)
def test_a_fault_is_named_with_its_remedy(
    spoil: Callable[[Home], None],
    name: str,
    state: str,
    remedy: str,
    home: Home,
    caplog: pytest.LogCaptureFixture,
) -> None:
    spoil(home)
    found = examine(home)
    assert (found[name].state, remedy in found[name].remedy) == (state, True), found[name]
    # It is named once, and no traceback is shown.
    assert [other for other in found.values() if other.state == "wrong" and other.name != name] == []
    assert caplog.records == []


def test_the_environment(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFORO_SOURCE_TIMEOUT", "soon")
    assert examine(home)["variables"].state == "wrong"
    monkeypatch.setenv("AFORO_SOURCE_TIMEOUT", " ")
    assert "AFORO_SOURCE_TIMEOUT: set to nothing" in examine(home)["variables"].what
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert examine(home)["prefect"].state == "wrong"
    monkeypatch.setenv("AFORO_MAPPING", str(tmp_path / "none"))
    assert examine(home)["mapping"].state == "wrong"


def test_while_a_run_works(home: Home) -> None:
    with lock.exclusive(home, "aforo run"):
        found = examine(home)
    waiting = {name for name, check in found.items() if check.state == "not looked at"}
    assert waiting == {"clock", "format", "warehouse", "history copy"}
    assert "aforo run" in found["lock"].what
    assert {check.state for name, check in found.items() if name not in waiting} == {"ok"}


def test_no_run_begins_while_the_warehouse_is_read(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(_: Settings) -> Finding:
        with lock.exclusive(home, "aforo run"):
            return fine("begun")

    monkeypatch.setitem(doctor.CHECKS, "format", begin)
    assert "is in use by" in examine(home)["format"].what
