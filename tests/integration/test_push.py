"""The marts in Postgres: as they are published, whole at any moment, and as they were where a push fails."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import push
from flows.dbt.extensions import extension_file
from flows.errors import AforoError
from tests.harness import Institute
from tests.postgres import PASSWORD, READER, Postgres

pytestmark = pytest.mark.slow

COLUMNS = """
    select
        table_name, column_name, ordinal_position, data_type, is_nullable, numeric_precision, numeric_scale,
        col_description(format('marts.%I', table_name)::regclass, ordinal_position::int) as note,
        obj_description(format('marts.%I', table_name)::regclass) as table_note
    from information_schema.columns where table_schema = 'marts' and table_name in ('a', 'b') order by 1, 3
"""
KEYS = """
    select c.conrelid::regclass::text as t, pg_get_constraintdef(c.oid) as d from pg_constraint c
    where c.connamespace = 'marts'::regnamespace and c.contype = 'p' order by 1
"""
HOLDER = f"""
import sys, time, duckdb
connection = duckdb.connect()
connection.execute("load '{extension_file("postgres_scanner")}'")
connection.execute(f"attach '{{sys.argv[1]}}' as pg (type postgres)")
connection.execute("begin")
connection.execute("call postgres_execute('pg', ?)", [sys.argv[2]])
time.sleep(600)
"""


@pytest.fixture
def database(postgres: Postgres) -> Postgres:
    """The server without marts."""
    postgres.execute("drop schema if exists marts cascade", f"grant create on database postgres to {READER}")
    return postgres


def published(folder: Path, number: int, more: str = "") -> Path:
    """A published file whose rows all hold `number`."""
    file = folder / f"{number}{'+' if more else ''}.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            f"""
            create schema marts;
            create table marts.a (
                "PERIODO" integer not null, sede varchar, n double not null, parte decimal(12, 4),
                cuando timestamp, dia date, q double[], si boolean,
                filas bigint {more}, primary key ("PERIODO")
            );
            comment on table marts.a is 'It''s the forecast';
            comment on column marts.a.sede is 'Sede; "null": ninguna';
            insert into marts.a by name select
                i as "PERIODO", nullif('Ñ''' || i, 'Ñ''3') as sede, {number} as n, i / 3 as parte,
                timestamp '2025-01-01 10:11:12.123456' as cuando, date '2025-01-01' as dia, [.5, i] as q,
                i % 2 = 0 as si, i * 10000000000 as filas
            from range({3000 + number}) as t (i);
            create table marts.b as select i, {number} as n from range({1000 + number}) as t (i);
            """
        )
    return file


@contextlib.contextmanager
def session(database: Postgres) -> Iterator[duckdb.DuckDBPyConnection]:
    """A reader's session on the server."""
    with duckdb.connect() as connection:
        connection.execute(f"load '{extension_file('postgres_scanner')}'")
        connection.execute(f"attach '{database.admin_url}' as pg (type postgres)")
        yield connection


def asked(database: Postgres, query: str) -> list[Any]:
    """What a session of its own gets."""
    with session(database) as connection:
        return connection.execute("from postgres_query('pg', ?)", [query]).fetchall()


def test_names_types_comments_keys_and_rows_are_those_of_the_published_file(
    database: Postgres, tmp_path: Path
) -> None:
    file = published(tmp_path, 1)
    assert push.write(file, "run-1", database.admin_url) == {"a": 3001, "b": 1001}

    columns = asked(database, COLUMNS)
    assert [(row[1], row[3], row[4]) for row in columns if row[0] == "a"] == [
        ("PERIODO", "integer", "NO"),
        ("sede", "text", "YES"),
        ("n", "double precision", "NO"),
        ("parte", "numeric", "YES"),
        ("cuando", "timestamp without time zone", "YES"),
        ("dia", "date", "YES"),
        ("q", "ARRAY", "YES"),
        ("si", "boolean", "YES"),
        ("filas", "bigint", "YES"),
    ]
    assert next(row[5:] for row in columns if row[1] == "parte")[:2] == (12, 4)
    assert next(row[7:] for row in columns if row[1] == "sede") == (
        'Sede; "null": ninguna',
        "It's the forecast",
    )
    assert ("marts.a", 'PRIMARY KEY ("PERIODO")') in asked(database, KEYS)
    with duckdb.connect(str(file), read_only=True) as connection:
        expected = connection.execute("from marts.a order by all").fetchall()
    assert sorted(asked(database, "select * from marts.a"), key=lambda row: row[0]) == expected
    log = asked(database, "select tabla, run_id, filas from marts.aforo_publicacion order by 1")
    assert log == [("a", "run-1", 3001), ("b", "run-1", 1001)]


def test_readers_in_a_loop_see_no_error_and_one_publication_each_time(
    database: Postgres, tmp_path: Path
) -> None:
    push.write(published(tmp_path, 0), "run-0", database.admin_url)
    query = """
        select min(n), max(n), sum(rows) from (
            select n, count(*) as rows from marts.a group by n
            union all select n, count(*) from marts.b group by n
        ) as t
    """
    seen: set[tuple[float, float, int]] = set()
    failed: list[Exception] = []
    over = threading.Event()

    def read() -> None:
        try:
            with session(database) as connection:
                while not over.is_set():
                    seen.update(connection.execute("from postgres_query('pg', ?)", [query]).fetchall())
        except Exception as error:
            failed.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, 11):
            push.write(published(tmp_path, number), f"run-{number}", database.admin_url)
    finally:
        over.set()
        for reader in readers:
            reader.join()
    assert not failed
    whole = {(number, number, 4000 + 2 * number) for number in range(11)}
    assert seen <= whole
    assert len(seen) > 2, "the readers did not read while it was pushed"


def test_rights_and_views_outlive_a_push_and_a_new_column_says_what_it_breaks(
    database: Postgres, tmp_path: Path
) -> None:
    push.write(published(tmp_path, 1), "run-1", database.admin_url)
    database.execute(
        "create view public.mia as select sum(n) as n from marts.a",
        f"grant usage on schema marts to {READER}",
        f"grant select on all tables in schema marts to {READER}",
    )
    push.write(published(tmp_path, 2), "run-2", database.admin_url)
    assert asked(database, "select n from public.mia") == [(2.0 * 3002,)]
    assert asked(database, "select has_table_privilege('lector', 'marts.a', 'select')") == [(True,)]

    wider = published(tmp_path, 3, more=", nueva integer")
    with pytest.raises(duckdb.Error) as refused:
        push.write(wider, "run-3", database.admin_url)
    problem = push.explained(str(refused.value))
    assert "something of yours depends on its table: cannot drop table marts.a" in problem.what
    assert asked(database, "select distinct run_id from marts.aforo_publicacion") == [("run-2",)]
    assert asked(database, "select distinct n from marts.b") == [(2,)]

    database.execute("drop view public.mia")
    push.write(wider, "run-3", database.admin_url)
    assert asked(database, "select count(*), count(nueva) as filled from marts.a") == [(3003, 0)]


def test_a_mart_that_is_no_more_goes_and_a_table_of_others_stays(database: Postgres, tmp_path: Path) -> None:
    push.write(published(tmp_path, 1), "run-1", database.admin_url)
    database.execute("create table marts.mia as select 1 as uno")
    file = published(tmp_path, 2)
    with duckdb.connect(str(file)) as connection:
        connection.execute("drop table marts.b")
    push.write(file, "run-2", database.admin_url)
    tables = asked(database, "select tablename::text from pg_tables where schemaname = 'marts' order by 1")
    assert tables == [("a",), ("aforo_publicacion",), ("mia",)]


def test_a_schema_that_no_push_made_is_left_alone(database: Postgres, tmp_path: Path) -> None:
    database.execute("create schema marts", "create table marts.a as select 1 as uno")
    with pytest.raises(AforoError, match="a schema marts that no push made, with a in it"):
        push.write(published(tmp_path, 1), "run-1", database.admin_url)
    assert asked(database, "select * from marts.a") == [(1,)]


def test_a_push_that_fails_leaves_the_publication_and_says_how_to_go_on(
    good: Institute, database: Postgres
) -> None:
    locked = database.url.replace(READER, f"{READER}:secreto%2Fmalo")
    before = good.fingerprint()["release"]
    failed = good.aforo("run", "--offline", "--push", locked)

    assert failed.exit_code == 1
    assert "the forecast is published; its copy in the database is as it was before" in failed.err
    assert 'the database refuses the login: password authentication failed for user "lector"' in failed.err
    assert "then run `aforo push` with the same address" in failed.err
    assert good.fingerprint()["release"] != before
    record = good.records()[-1]
    assert record["status"] == "published"
    assert [step["state"] for step in record["steps"] if step["name"] == "push"] == ["failed"]
    assert "refuses the login" in record["problems"][0]["what"]
    assert "refuses the login" in good.aforo("status").out
    told = (
        failed.out
        + failed.err
        + "".join(
            path.read_text(errors="replace")
            for folder in ("logs", "runs")
            for path in (good.home / folder).rglob("*")
            if path.is_file()
        )
    )
    assert "secreto" not in told

    good.environment["PGPASSWORD"] = PASSWORD
    try:
        pushed = good.aforo("push", database.url)
    finally:
        del good.environment["PGPASSWORD"]
    assert pushed.exit_code == 0, pushed.err
    assert pushed.out.startswith(f"Pushed to {database.url}, schema marts: ")
    [(run_id,)] = asked(database, "select distinct run_id from marts.aforo_publicacion")
    assert run_id == record["run_id"]
    rows = asked(
        database,
        'select "PERIODO", "SEDE", "CURSO_ACTUAL", "HORARIO_ACTUAL", "PREDICT_ALUMNOS"'
        " from marts.prediccion_alumnos",
    )
    assert sorted(rows) == sorted(good.forecast())


def test_a_database_that_goes_away_during_a_push_is_a_problem_in_words(
    good: Institute, database: Postgres, tmp_path: Path
) -> None:
    push.write(published(tmp_path, 1), "run-1", database.admin_url)
    lock = "lock table marts.aforo_publicacion"
    # A process of its own: DuckDB's extension ends the one that it is in where the server goes away.
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, database.admin_url, lock], stderr=subprocess.DEVNULL
    )
    try:
        _wait_until(database, "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted")
        pushing = good.start("push", database.admin_url)
        _wait_until(database, "select count(*) from pg_locks where not granted")
        database.stop()
        out, err = pushing.communicate(timeout=120)
    finally:
        holder.kill()
        holder.wait()
    database.start()
    assert pushing.returncode == 1, out
    assert "aforo: can't do that.\n" in err
    assert "then run `aforo push` with the same address" in err
    assert asked(database, "select distinct run_id from marts.aforo_publicacion") == [("run-1",)]


def _wait_until(database: Postgres, count: str) -> None:
    for _ in range(200):
        if asked(database, count) != [(0,)]:
            return
        time.sleep(0.1)
    raise AssertionError(f"still none: {count}")
