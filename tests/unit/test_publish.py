"""A release is whole and verified, or it is not there."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from flows.errors import AforoError
from flows.home import record, releases
from flows.home.record import Record
from flows.report import library
from flows.settings import Home, Settings
from flows.source import parse
from flows.steps import publish
from tests import published

VERSIONS = {"raw_version": "v1"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    write_marts(home, students=12)
    return home


def write_marts(home: Home, students: int, rows: int = 4000) -> None:
    """A warehouse with the marts that publishing needs, of a few thousand rows."""
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute(
            f"""
            create or replace table marts.prediccion_alumnos (
                PERIODO integer not null, SEDE varchar not null, PREDICT_ALUMNOS integer not null,
                primary key (PERIODO, SEDE), check (PREDICT_ALUMNOS >= 0)
            );
            insert into marts.prediccion_alumnos
                select 202506 + i % 2, 'S' || i, {students} from range({rows}) as r (i);
            comment on table marts.prediccion_alumnos is 'It''s the forecast';
            comment on column marts.prediccion_alumnos.SEDE is 'Campus';
            create or replace table marts.prediccion_detalle as
                select i as fila, {students} / 3 as media, ['a'] as lista from range({rows}) as r (i);
            create or replace table marts.prediccion_jerarquia as select {students} as media;
            """
        )


def new_record(home: Home) -> Record:
    return record.start(Settings(source=parse("/source"), home=home))


def published_students(home: Home) -> int:
    with duckdb.connect(str(home.published_file), read_only=True) as connection:
        [(students,)] = connection.execute(
            "select any_value(PREDICT_ALUMNOS) from marts.prediccion_alumnos having count(*) = 4000"
        ).fetchall()
    return int(students)


def test_a_release_holds_the_marts_with_constraints_and_comments(home: Home) -> None:
    run = new_record(home)
    manifest = publish.publish(home, run, VERSIONS)

    assert releases.published_run(home) == run.run_id
    with duckdb.connect(str(home.published_file), read_only=True) as connection:
        query = "select sql from duckdb_tables() where table_name = 'prediccion_alumnos'"
        ddl = connection.execute(query).fetchall()
        query = "select comment from duckdb_columns() where column_name = 'SEDE'"
        comments = connection.execute(query).fetchall()
        assert "PRIMARY KEY" in ddl[0][0]
        assert "CHECK" in ddl[0][0]
        assert "NOT NULL" in ddl[0][0]
        assert comments == [("Campus",)]
    parquet = home.published / "parquet" / "prediccion_alumnos.parquet"
    assert duckdb.sql(f"select count(*), sum(PREDICT_ALUMNOS) from '{parquet}'").fetchall() == [(4000, 48000)]
    assert manifest["periods"] == [202506, 202507]
    assert manifest["rows"] == {
        "prediccion_alumnos": 4000,
        "prediccion_detalle": 4000,
        "prediccion_jerarquia": 1,
    }
    assert json.loads((home.published / "manifest.json").read_text()) == manifest
    assert set(manifest["sha256"]) == {"aforo_marts.duckdb"} | {
        f"parquet/{name}.parquet" for name in manifest["rows"]
    }


def test_a_release_holds_the_macros_that_read_its_marts(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            """create macro marts.desde(n) as table
            select d.fila, list_sum([x for x in [d.fila, n] if x > 1]) as suma
            from marts.prediccion_detalle as d where d.fila >= n"""
        )
    publish.publish(home, new_record(home), VERSIONS)
    with duckdb.connect(str(home.published_file), read_only=True) as connection:
        assert connection.sql("select count(*), min(suma) from marts.desde(3990)").fetchall() == [(10, 7980)]


def test_published_files_are_read_only(home: Home) -> None:
    publish.publish(home, new_record(home), VERSIONS)
    files = [file for file in (home.published / "").rglob("*") if file.is_file()]
    assert len(files) == 5
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o444}


def test_history_keeps_what_releases_drop(home: Home) -> None:
    runs = []
    for students in range(1, 6):
        write_marts(home, students)
        runs.append(f"2025060{students}T000000Z-aaaaaa")
        run = new_record(home)
        run.run_id = runs[-1]
        publish.publish(home, run, VERSIONS)
    assert published_students(home) == 5
    assert sorted(path.name for path in home.releases.iterdir()) == runs[-releases.KEPT_RELEASES :]
    assert sorted(path.stem for path in home.history.iterdir()) == runs


def test_an_open_reader_keeps_the_release_that_it_opened(home: Home) -> None:
    publish.publish(home, new_record(home), VERSIONS)
    with duckdb.connect(str(home.published_file), read_only=True) as reader:
        write_marts(home, students=99)
        publish.publish(home, new_record(home), VERSIONS)
        query = "select any_value(PREDICT_ALUMNOS) from marts.prediccion_alumnos"
        assert reader.execute(query).fetchall() == [(12,)]
    assert published_students(home) == 99


@pytest.mark.parametrize(
    "spoil", ["drop table marts.prediccion_jerarquia", "delete from marts.prediccion_detalle"]
)
def test_a_prediction_that_is_missing_or_empty_is_not_published(home: Home, spoil: str) -> None:
    publish.publish(home, new_record(home), VERSIONS)
    before = releases.published_run(home)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(spoil)
    with pytest.raises(AforoError, match="made no forecast"):
        publish.publish(home, new_record(home), VERSIONS)
    assert releases.published_run(home) == before
    assert len(list(home.releases.iterdir())) == 1
    assert len(list(home.history.iterdir())) == 1


def test_what_was_written_wrong_is_seen(home: Home, tmp_path: Path) -> None:
    (tmp_path / "parquet").mkdir()
    marts = publish.copy_marts(home.warehouse, tmp_path, "run")
    publish.verify(tmp_path, marts)
    file = tmp_path / "parquet" / "prediccion_jerarquia.parquet"
    duckdb.sql(f"copy (select 13 as media) to '{file}'")
    with pytest.raises(AforoError, match="prediccion_jerarquia is not what was read"):
        publish.verify(tmp_path, marts)


def test_what_a_killed_run_left_is_set_right(home: Home) -> None:
    run = new_record(home)
    publish.publish(home, run, VERSIONS)
    history = home.history / f"{run.run_id}.parquet"
    # Killed after the switch: the history is still pending.
    history.rename(history.with_name(f"{history.name}.pending"))
    # Others, killed before theirs.
    (home.releases / ".building-20300101T000000Z-aaaaaa").mkdir()
    (home.releases / "20300101T000000Z-bbbbbb").mkdir()
    (home.history / "20300101T000000Z-bbbbbb.parquet.pending").touch()
    (home.root / "published.20300101T000000Z-bbbbbb.tmp").symlink_to("releases")

    releases.recover(home)

    assert [path.name for path in home.history.iterdir()] == [history.name]
    assert [path.name for path in home.releases.iterdir()] == [run.run_id]
    assert list(home.root.glob("published.*")) == []
    assert published_students(home) == 12


def test_a_copy_has_every_constraint_and_comment(home: Home, tmp_path: Path) -> None:
    query = """
        select table_name, null, sql, comment from duckdb_tables() where database_name = '{0}'
        union all
        select table_name, column_name, data_type, comment from duckdb_columns() where database_name = '{0}'
        order by all
    """
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            """create table marts."una tabla" (
                "la llave" integer unique, lista struct(a integer)[] not null, check ("la llave" <> 3)
            );
            comment on column marts."una tabla"."la llave" is 'It''s "quoted"';"""
        )
        expected = connection.execute(query.format("aforo_warehouse")).fetchall()
    (tmp_path / "parquet").mkdir()
    publish.copy_marts(home.warehouse, tmp_path, "20250601T000000Z-aaaaaa")
    with duckdb.connect(str(tmp_path / "aforo_marts.duckdb"), read_only=True) as connection:
        assert connection.execute(query.format("aforo_marts")).fetchall() == expected


def runs_of(folder: Path) -> set[str]:
    """The runs that a query over several Parquet files of a folder reads, by what the files say."""
    query = "select decode(value) from parquet_kv_metadata($files) where decode(key) = 'aforo_run'"
    with duckdb.connect() as connection:
        rows = connection.execute(query, {"files": str(folder / "parquet" / "*.parquet")}).fetchall()
    assert len(rows) == 3
    return {run for (run,) in rows}


SWITCH_FOR_EVER = """
import itertools, sys
from pathlib import Path
root = Path(sys.argv[1])
for number, run in enumerate(itertools.cycle(sys.argv[2:])):
    link = root / "published.x.tmp"
    link.symlink_to(f"releases/{run}")
    link.replace(root / "published")
    print(number, flush=True)
"""


def test_readers_of_the_resolved_folder_never_mix_releases_while_it_is_switched(home: Home) -> None:
    runs = []
    for students in (1, 2):
        write_marts(home, students, rows=10)
        runs.append(publish.publish(home, new_record(home), VERSIONS)["run_id"])
        assert runs_of(home.published) == {runs[-1]}
    switching = subprocess.Popen(
        [sys.executable, "-c", SWITCH_FOR_EVER, str(home.root), *runs], stdout=subprocess.DEVNULL
    )
    try:
        seen: dict[str, int] = {}
        while len(seen) < 2 or min(seen.values()) < 20:
            folder = releases.require_published(home)
            assert runs_of(folder) == {folder.name}
            seen[folder.name] = seen.get(folder.name, 0) + 1
    finally:
        switching.kill()
        switching.wait()


def test_a_resolved_folder_outlives_the_next_publications(home: Home) -> None:
    publish.publish(home, new_record(home), VERSIONS)
    folder = releases.require_published(home)
    for _ in range(releases.KEPT_RELEASES - 1):
        publish.publish(home, new_record(home), VERSIONS)
    assert runs_of(folder) == {folder.name}
    assert releases.require_published(home) != folder


PUBLISH_FOR_EVER = """
import sys
from pathlib import Path
from flows.home import record, releases
from flows.steps import publish
from tests import published
from flows.settings import Home, Settings
from flows.source import parse
home = Home(Path(sys.argv[1]))
while True:
    releases.recover(home)
    publish.publish(home, record.start(Settings(source=parse("/source"), home=home)), {})
    print("published", flush=True)
"""


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_a_whole_release(home: Home) -> None:
    publish.publish(home, new_record(home), VERSIONS)
    for attempt in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", PUBLISH_FOR_EVER, str(home.root)],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdout is not None
        # It works: what is killed is a publication.
        assert process.stdout.readline() == b"published\n"
        time.sleep(0.04 * attempt)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert published_students(home) == 12
        release = releases.published_run(home)
        assert release is not None
        releases.recover(home)
        assert (home.history / f"{release}.parquet").exists()
        assert {path.name for path in home.releases.iterdir()} <= {
            path.stem for path in home.history.iterdir()
        }


def with_report_marts(home: Home) -> None:
    """The marts that the report reads, in the warehouse."""
    home.warehouse.unlink()
    published.write(home.warehouse)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            """create table marts.prediccion_alumnos as select periodo as "PERIODO", sede as "SEDE",
            predict_alumnos as "PREDICT_ALUMNOS" from marts.prediccion_detalle"""
        )


def test_the_report_is_part_of_the_release(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "script", lambda: "")
    with_report_marts(home)
    run = new_record(home)
    manifest = publish.publish(home, run, VERSIONS)
    report = home.published / releases.REPORT
    assert manifest["sha256"][releases.REPORT] == releases.sha256(report)
    assert stat.S_IMODE(report.stat().st_mode) == 0o444
    assert "Razón de NORTE" in report.read_text("utf-8")
    assert manifest["sha256"][releases.CARD] == releases.sha256(home.published / releases.CARD)
    assert releases.damage(home.published) == []
    assert run.hints == []
    # A release that goes takes its report along.
    releases.delete(home.published.resolve(), run.run_id)
    assert list(home.releases.iterdir()) == []


def test_a_report_that_cannot_be_made_stops_no_publication(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_report_marts(home)

    def fail() -> str:
        raise FileNotFoundError("no library")

    monkeypatch.setattr(library, "script", fail)
    run = new_record(home)
    manifest = publish.publish(home, run, VERSIONS)
    assert releases.published_run(home) == run.run_id
    assert releases.REPORT not in manifest["sha256"]
    assert not (home.published / releases.REPORT).exists()
    assert run.hints == [
        "reporte.html could not be made (FileNotFoundError: see the log); the marts are published without it"
    ]
