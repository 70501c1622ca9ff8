"""A home is marked, only what a run wrote in it is deleted, and a copy brings its history back."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials

from flows.commands import status
from flows.dbt import invocation
from flows.errors import AforoError
from flows.home import backup, lock, marker, record, releases, warehouse
from flows.settings import DEFAULT_HOME, PROJECT, Home, Settings
from flows.source import parse
from flows.steps import publish
from tests.unit.test_publish import new_record, write_marts

FIRST, SECOND = "20250601T000000Z-aaaaaa", "20250701T000000Z-aaaaaa"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a published release and a history of the source. Not to be written to."""
    home = Home(tmp_path_factory.mktemp("template") / "home")
    marker.enter(home)
    write_marts(home, 12, rows=3000)
    capture(home, FIRST, 40_000)
    publish.publish(home, new_record(home), {})
    return home


@pytest.fixture
def home(template: Home, tmp_path: Path) -> Home:
    """A copy of it."""
    return Home(shutil.copytree(template.root, tmp_path / "home", symlinks=True))


def capture(home: Home, run_id: str, sections: int) -> None:
    """A capture of programacion, as the snapshot and its hook leave it."""
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            f"""
            create schema if not exists snapshots;
            create schema if not exists landing;
            create table if not exists landing.capturas (
                run_id varchar not null, tabla varchar not null, filas bigint, capturada_en timestamp not null
            );
            create or replace table snapshots.programacion as
                select 'S' || i as seccion_id, hash(i)::varchar as curso, md5(i::varchar) as dbt_scd_id
                from range({sections}) as r (i);
            insert into landing.capturas
                values ('{run_id}', 'programacion', {sections}, timestamp '2025-06-01 00:00:00');
            """
        )


def history(home: Home) -> list[tuple[int, object]]:
    """What the warehouse knows of the source."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return connection.execute(
            """select count(*), sum(hash(t)::hugeint) from snapshots.programacion as t
            union all select count(*), sum(hash(c)::hugeint) from landing.capturas as c"""
        ).fetchall()


def spoil(home: Home, how: str) -> None:
    """Damages the warehouse."""
    content = home.warehouse.read_bytes()
    middle = len(content) // 2
    if how == "gone":
        home.warehouse.unlink()
    elif how == "garbage in the middle":
        home.warehouse.write_bytes(content[: 3 * 4096] + os.urandom(len(content) - 3 * 4096))
    else:
        home.warehouse.write_bytes({"cut": content[:middle], "no bytes": b"", "text": b"text" * 99}[how])


DAMAGES = ["cut", "no bytes", "text", "garbage in the middle", "gone"]


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_warehouse_is_said_and_restored_with_its_history(home: Home, how: str) -> None:
    before, seen = history(home), releases.published_run(home)
    spoil(home, how)
    with pytest.raises(AforoError, match=r"the warehouse .* is damaged") as said:
        backup.require_history(home)
    assert "`aforo restore`" in said.value.problems[0].remedy
    restored = backup.restore(home)
    assert history(home) == before
    assert (restored.damaged is None) == (how == "gone")
    assert (releases.published_run(home), warehouse.problem(home)) == (seen, None)
    backup.require_history(home)
    assert backup.restore(home).tables == []


def test_a_copy_is_renewed_by_a_capture_and_never_by_less(home: Home) -> None:
    first = home.history_copy.read_bytes()
    backup.keep(home)
    assert home.history_copy.read_bytes() == first
    older = home.warehouse.read_bytes()
    capture(home, SECOND, 41_000)
    backup.keep(home)
    newest = home.history_copy.read_bytes()
    assert newest != first
    # Someone brings an older warehouse back: its run is refused before it captures over the copy.
    home.warehouse.write_bytes(older)
    for refuse in (backup.require_history, backup.keep):
        with pytest.raises(AforoError, match="knows less of the source than its copy"):
            refuse(home)
    assert home.history_copy.read_bytes() == newest
    assert list(home.history_copy.parent.iterdir()) == [home.history_copy]


@pytest.mark.parametrize("cut", [0, 100, 3 * 4096])
def test_a_damaged_copy_is_made_anew(home: Home, cut: int) -> None:
    whole = home.history_copy.read_bytes()
    home.history_copy.write_bytes(whole[:cut] + os.urandom(len(whole) - cut))
    backup.require_history(home)
    backup.keep(home)
    expected = history(home)
    home.warehouse.unlink()
    backup.restore(home)
    assert history(home) == expected


def test_nothing_to_restore_from(home: Home) -> None:
    shutil.rmtree(home.history_copy.parent)
    spoil(home, "cut")
    content = home.warehouse.read_bytes()
    with pytest.raises(AforoError, match="no copy of the history"):
        backup.restore(home)
    assert home.warehouse.read_bytes() == content


def test_a_file_that_differs_from_its_sum_is_named(home: Home) -> None:
    assert releases.damage(home.published) == []
    file = home.published / "parquet" / "prediccion_detalle.parquet"
    file.chmod(0o644)
    with file.open("r+b") as open_file:
        open_file.seek(10)
        open_file.write(b"\xff\xff")
    (home.published / "parquet" / "prediccion_jerarquia.parquet").unlink()
    text = "\n".join(status.as_text(status.read(home)))
    assert "parquet/prediccion_detalle.parquet is not what was published" in text
    assert "parquet/prediccion_jerarquia.parquet can't be read" in text
    (home.published / "manifest.json").chmod(0o644)
    (home.published / "manifest.json").write_text('{"sha')
    assert "manifest.json can't be read" in "\n".join(status.as_text(status.read(home)))


def test_a_sign_in_a_homes_path_does_not_change_the_databases_name(monkeypatch: pytest.MonkeyPatch) -> None:
    named = DuckDBCredentials.path_derived_database_name
    path = "/homes/#1 [x] 100%/aforo_warehouse.duckdb"
    # Why it is set: the day that this differs no more, it can go.
    assert named(path) != "aforo_warehouse"
    monkeypatch.setattr(DuckDBCredentials, "path_derived_database_name", staticmethod(named))
    invocation.name_databases_by_file()
    assert DuckDBCredentials.path_derived_database_name(path) == "aforo_warehouse"


def test_only_what_runs_wrote_is_deleted(home: Home) -> None:
    kept = [
        home.releases / "2024" / "thesis.txt",
        home.releases / ".building-notes" / "notes.txt",
        # Named as a run, with something else in it.
        home.releases / FIRST / "thesis.txt",
        home.history / "mine.parquet.pending",
        home.runs / "mine.tmp",
        home.runs / "mine.json",
    ]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    (home.root / "published.mine.tmp").symlink_to("releases")
    outside = home.root.parent / "outside"
    (outside / "parquet").mkdir(parents=True)
    (home.releases / SECOND).symlink_to(outside)
    left = home.releases / "20250801T000000Z-aaaaaa"
    (left / "parquet").mkdir(parents=True)
    (left / "manifest.json").touch()

    for _ in range(releases.KEPT_RELEASES + 1):
        releases.recover(home)
        record.close_interrupted(home, releases.published_run(home))
        publish.publish(home, new_record(home), {})

    assert [path for path in kept if not path.exists()] == []
    assert (home.root / "published.mine.tmp").is_symlink()
    assert (outside / "parquet").is_dir()
    assert not left.exists()


def test_a_folder_with_other_content_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "releases" / "2024").mkdir(parents=True)
    (tmp_path / "thesis.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    for refuse in (marker.look, marker.enter):
        with pytest.raises(AforoError, match="holds something else"):
            refuse(Home(tmp_path))
    with pytest.raises(AforoError, match="holds something else"), lock.exclusive(Home(tmp_path), "aforo run"):
        pass
    assert sorted(tmp_path.rglob("*")) == before


def test_a_home_of_before_is_adopted(tmp_path: Path) -> None:
    by_warehouse, by_runs = Home(tmp_path / "a"), Home(tmp_path / "b")
    by_warehouse.root.mkdir()
    write_marts(by_warehouse, 12, rows=3)
    by_runs.runs.mkdir(parents=True)
    (by_runs.runs / f"{FIRST}.json").write_text("{")
    for home in (by_warehouse, by_runs):
        (home.root / "notes.txt").touch()
        marker.enter(home)
        assert json.loads((home.root / marker.MARKER).read_text())["format"] == marker.FORMAT
    (by_runs.root / marker.MARKER).write_text('{"format": 99}')
    with pytest.raises(AforoError, match="made by a newer Aforo"):
        marker.look(by_runs)


@pytest.mark.parametrize("moved", [False, True])
def test_nothing_outside_a_copied_or_moved_home_is_written(home: Home, moved: bool) -> None:
    run = record.start(Settings(source=parse("/source"), home=home))
    run.pid = 2**22 + 1  # A run that was killed: the copy closes its own record of it.
    run.save()
    copy = Home(home.root.parent / "copy")
    if moved:
        home.root.rename(copy.root)
    else:
        shutil.copytree(home.root, copy.root, symlinks=True)
    before = {path: path.stat().st_mtime_ns for path in home.root.rglob("*")}

    with lock.exclusive(copy, "aforo run"):
        releases.recover(copy)
        record.close_interrupted(copy, releases.published_run(copy))
        publish.publish(copy, new_record(copy), {})

    assert home.root.exists() is not moved
    assert {path: path.stat().st_mtime_ns for path in home.root.rglob("*")} == before
    statuses = {found.run_id: found.status for found in record.read_all(copy)[0]}
    assert statuses[run.run_id] == "interrupted"
    assert json.loads((copy.runs / f"{run.run_id}.json").read_text())["home"] == str(copy.root)


def test_the_default_home_of_a_fresh_clone_is_taken(tmp_path: Path) -> None:
    command = ["git", "-C", str(PROJECT), "ls-files", "-z", DEFAULT_HOME.name]
    files = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    (tmp_path / DEFAULT_HOME.name).mkdir()
    for name in filter(None, files):
        (tmp_path / name).write_bytes((PROJECT / name).read_bytes())
    home = Home(tmp_path / DEFAULT_HOME.name)
    marker.enter(home)
    assert marker.is_home(home)
