"""The marts in a DuckLake: whole at any moment, institutes beside each other, nothing lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import lake, push, push_target
from flows.dbt.extensions import extension_file
from flows.errors import AforoError
from flows.home import releases
from flows.settings import MARTS_FILE, Home
from tests.postgres import PASSWORD, READER, Postgres

pytestmark = pytest.mark.slow

LOADS = "; ".join(f"load '{extension_file(name)}'" for name in ("postgres_scanner", "ducklake"))
PUBLICATIONS = 4
# What a reader sees of an institute in one query: the runs and numbers of all its marts, and its rows.
QUERY = """
    select
        (select list(distinct run_id) from lake.{institute}.aforo_publicacion),
        list(distinct n), count(*)
    from (from lake.{institute}.a select n union all from lake.{institute}.b select n)
"""
# A reader on its own: asks until its standard input ends, then prints what it saw.
READING = f"""
import json, sys, threading, duckdb
over = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
connection = duckdb.connect()
connection.execute({LOADS!r})
connection.execute(sys.argv[1])
seen = set()
while not over.is_set():
    seen.add(json.dumps(connection.execute(sys.argv[2]).fetchone()))
print(json.dumps(sorted(seen)))
"""
# A publisher on its own: pushes the files that it is given, one after the other.
PUBLISHING = """
import sys
from pathlib import Path
from flows import lake, push_target
for file in map(Path, sys.argv[2:]):
    lake.write(file, f"run-{file.stem}", push_target.target(sys.argv[1]))
"""
# One that is killed when all is written and nothing is committed.
KILLED = """
import os, signal, sys
from pathlib import Path
from flows import lake, push_target
replace = lake._replace
def then_die(*arguments):
    replace(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
lake._replace = then_die
lake.write(Path(sys.argv[2]), "run-killed", push_target.target(sys.argv[1]))
"""


class Lake:
    """A lake in the test's Postgres, with its folder."""

    def __init__(self, database: Postgres, folder: Path) -> None:
        self.database = database
        self.folder = folder

    def address(self, institute: str = "marts", url: str | None = None) -> str:
        """As `--push` takes it."""
        return f"ducklake:{url or self.database.admin_url}?data={self.folder}&institute={institute}"

    def write(self, file: Path, institute: str = "marts") -> dict[str, int]:
        """Pushes a file; its run is named after it."""
        return lake.write(file, f"run-{file.stem}", push_target.target(self.address(institute)))

    def attach(self, url: str | None = None) -> str:
        """What a reader runs."""
        return f"attach 'ducklake:postgres:{url or self.database.admin_url}' as lake (read_only)"

    def ask(self, query: str, url: str | None = None) -> list[Any]:
        """What a reader of its own gets."""
        with duckdb.connect() as connection:
            connection.execute(LOADS)
            connection.execute(self.attach(url))
            return connection.execute(query).fetchall()

    def files(self) -> set[Path]:
        """All files of the folder."""
        return {path for path in self.folder.rglob("*") if path.is_file()}


@pytest.fixture
def empty(postgres: Postgres, tmp_path: Path) -> Iterator[Lake]:
    """A database without a lake, and a folder that is not there yet."""
    postgres.execute("drop schema if exists public cascade", "create schema public")
    yield Lake(postgres, tmp_path / "lago")
    postgres.execute("drop schema if exists public cascade", "create schema public")


def published(folder: Path, number: int, more: str = "") -> Path:
    """A published file whose rows all hold `number`; its rows are 3,000 and twice the number."""
    folder.mkdir(exist_ok=True)
    file = folder / f"{number}.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            f"""
            create schema marts;
            create table marts.a (
                "PERIODO" integer not null, sede varchar, n double not null, parte decimal(12, 4),
                cuando timestamp, dia date, q double[], si boolean {more}, primary key ("PERIODO")
            );
            comment on table marts.a is 'It''s the forecast of {{all}}';
            comment on column marts.a.sede is 'Sede; "null": ninguna';
            insert into marts.a by name select
                i as "PERIODO", nullif('Ñ''' || i, 'Ñ''3') as sede, {number} as n, i / 3 as parte,
                timestamp '2025-01-01 10:11:12.123456' as cuando, date '2025-01-01' as dia, [.5, i] as q,
                i % 2 = 0 as si
            from range({2000 + number}) as t (i);
            create table marts.b as select i, {number} as n from range({1000 + number}) as t (i);
            """
        )
    return file


def test_readers_see_one_publication_whole_while_two_institutes_publish_at_once(
    empty: Lake, tmp_path: Path
) -> None:
    numbers = {"norte": range(1, PUBLICATIONS + 1), "sur": range(101, PUBLICATIONS + 101)}
    files = {who: [published(tmp_path, number) for number in of] for who, of in numbers.items()}
    for institute, of in files.items():
        empty.write(of[0], institute)
    readers = [
        (institute, _start(READING, empty.attach(), QUERY.format(institute=institute)))
        for institute in numbers
        for _ in range(2)
    ]
    publishers = [
        _start(PUBLISHING, empty.address(institute), *map(str, of[1:])) for institute, of in files.items()
    ]
    told = [publisher.communicate(timeout=120) for publisher in publishers]
    seen = [(institute, reader.communicate(timeout=60)) for institute, reader in readers]

    assert [publisher.returncode for publisher in publishers] == [0, 0], told
    for institute, (out, err) in seen:
        assert out, err
        whole = [[[f"run-{n}"], [float(n)], 3000 + 2 * n] for n in numbers[institute]]
        found = [json.loads(one) for one in json.loads(out)]
        assert all(one in whole for one in found), found
        assert len(found) > 1, "it did not read while it was published"
    # Nothing is lost: each publication is a snapshot, and is read as it was.
    snapshots = empty.ask(
        "select author, commit_message, snapshot_id from lake.snapshots() where author <> ''"
    )
    assert sorted((author, run) for author, run, _ in snapshots) == sorted(
        (institute, f"run-{n}") for institute, of in numbers.items() for n in of
    )
    for author, run, version in snapshots:
        earlier = f"from lake.{author}.a at (version => {version}) select distinct 'run-' || n::integer"
        assert empty.ask(earlier) == [(run,)]


def test_two_first_pushes_at_once_make_one_lake(empty: Lake, tmp_path: Path) -> None:
    publishers = [
        _start(PUBLISHING, empty.address(institute), str(published(tmp_path, number)))
        for number, institute in enumerate(("norte", "sur"))
    ]
    told = [publisher.communicate(timeout=60) for publisher in publishers]
    assert [publisher.returncode for publisher in publishers] == [0, 0], told
    for number, institute in enumerate(("norte", "sur")):
        assert empty.ask(f"select distinct n from lake.{institute}.b") == [(number,)]


def test_names_types_comments_and_rows_are_those_of_the_published_file(empty: Lake, tmp_path: Path) -> None:
    file = published(tmp_path, 1)
    assert empty.write(file) == {"a": 2001, "b": 1001}
    described = (
        "select column_name, data_type, is_nullable, comment from duckdb_columns() where {} order by all"
    )
    with duckdb.connect(str(file), read_only=True) as connection:
        expected = connection.execute("from marts.a order by all").fetchall()
        columns = connection.execute(described.format("table_name = 'a'")).fetchall()
    assert empty.ask("from lake.marts.a order by all") == expected
    assert empty.ask(described.format("database_name = 'lake' and table_name = 'a'")) == columns
    [(note,)] = empty.ask(
        "select comment from duckdb_tables() where database_name = 'lake' and table_name = 'a'"
    )
    assert note == "It's the forecast of {all}"

    wider = published(tmp_path, 2, more=", nueva integer")
    with duckdb.connect(str(wider)) as connection:
        connection.execute("drop table marts.b")
    assert empty.write(wider) == {"a": 2002}
    assert [name for name, *_ in empty.ask("show tables from lake.marts")] == ["a", "aforo_publicacion"]
    assert empty.ask("select count(*), count(nueva), max(n) from lake.marts.a") == [(2002, 0, 2.0)]
    assert empty.ask("select max(n) from lake.marts.a at (version => 1)") == [(1.0,)]


def test_a_publisher_killed_before_its_commit_leaves_the_former_publication(
    empty: Lake, tmp_path: Path
) -> None:
    empty.write(published(tmp_path, 1))
    known = empty.files()
    killed = _start(KILLED, empty.address(), str(published(tmp_path, 2)))
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert empty.ask(QUERY.format(institute="marts")) == [(["run-1"], [1.0], 3002)]
    left_over = empty.files() - known
    assert left_over, "it was killed before it wrote"

    # What is left over may be another's who still writes: only after two days is it nobody's.
    empty.write(published(tmp_path, 3))
    assert left_over <= empty.files()
    three_days_ago = time.time() - 3 * 86_400
    for file in left_over:
        os.utime(file, (three_days_ago, three_days_ago))
    empty.write(published(tmp_path, 4))
    assert not left_over & empty.files()
    assert empty.ask(QUERY.format(institute="marts")) == [(["run-4"], [4.0], 3008)]
    assert empty.ask("select max(n) from lake.marts.a at (version => 1)") == [(1.0,)]


def test_what_is_wrong_with_a_lake_is_said_and_changes_nothing(empty: Lake, tmp_path: Path) -> None:
    file = published(tmp_path, 1)
    mine = tmp_path / "mine"
    (mine / "deep").mkdir(parents=True)
    (mine / "deep" / "x.parquet").write_text("mine")
    url = empty.database.admin_url

    def refused(address: str) -> str:
        with pytest.raises((AforoError, duckdb.Error)) as error:
            lake.write(file, "run-1", push_target.target(address))
        found = error.value
        problem = found.problems[0] if isinstance(found, AforoError) else push.explained(str(found))
        assert "then run `aforo push` with the same address" in problem.remedy
        return problem.what

    assert refused(f"ducklake:{url}") == (
        "the database holds no lake yet, and the address does not say where its data goes"
    )
    assert "holds files already" in refused(f"ducklake:{url}?data={mine}")
    assert "the lake's data can't be written" in refused(f"ducklake:{url}?data={file}/below")
    with pytest.raises(duckdb.Error, match="does not exist"):
        empty.ask("select 1")

    empty.write(file)
    assert "the lake's data is elsewhere: DATA_PATH" in refused(f"ducklake:{url}?data={tmp_path}/other")
    empty.folder.rename(tmp_path / "unmounted")
    assert "is not there on this machine, or empty" in refused(f"ducklake:{url}")
    (tmp_path / "unmounted").rename(empty.folder)
    empty.database.execute("update public.ducklake_metadata set value = '9.9' where key = 'version'")
    assert "the lake's catalogue is of another version: catalog version is 9.9" in refused(f"ducklake:{url}")
    empty.database.execute("update public.ducklake_metadata set value = '1.0' where key = 'version'")
    assert empty.ask(QUERY.format(institute="marts")) == [(["run-1"], [1.0], 3002)]


def test_a_push_shows_no_password_and_a_reader_needs_to_read_alone(
    empty: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    run_id = "20250101T000000Z-abcdef"
    (home.releases / run_id).mkdir(parents=True)
    published(tmp_path, 1).rename(home.releases / run_id / MARTS_FILE)
    releases.switch(home, run_id)
    locked = empty.address("norte", empty.database.url.replace(READER, f"{READER}:secreto%2Fmalo"))
    with pytest.raises(AforoError) as refused:
        push.push(home, push_target.target(locked))
    [problem] = refused.value.problems
    assert 'the database refuses the login: password authentication failed for user "lector"' in problem.what
    assert "secreto" not in str(problem)

    pushed = push.push(home, push_target.target(empty.address("norte")))
    assert pushed.as_text() == (f"Pushed to {empty.address('norte')}, schema norte: 2 tables, 3,002 rows")
    empty.database.execute(
        f"grant usage on schema public to {READER}",
        f"grant select on all tables in schema public to {READER}",
    )
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    snapshots = empty.ask("select author, commit_message from lake.snapshots()", empty.database.url)
    assert snapshots == [(None, None), ("norte", run_id)]
    assert empty.ask("select max(n) from lake.norte.a", empty.database.url) == [(1.0,)]


def _start(program: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
