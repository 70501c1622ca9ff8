"""Foreign SQL, a mapping's or a view's, can only select from what is delivered."""

from pathlib import Path
from typing import cast

import duckdb
import pytest

from flows.dbt import box

SECRET = "what only this file says"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A box with `entrega` in it."""
    file = tmp_path / "box.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table entrega as select 1 as \"Período\", 'x' as archivo, 1 as fila")
    return file


@pytest.fixture
def institute(tmp_path: Path) -> Path:
    """A source that is a DuckDB file, with views that reach for more than they may."""
    (tmp_path / "secret.txt").write_text(SECRET)
    file = tmp_path / "academico.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table cursos as select 'A1' as curso_actual")
        connection.execute("create view cursos_hoy as from cursos")
        connection.execute(f"create view files as from read_text('{tmp_path}/secret.txt')")
        connection.execute(f"create macro reach() as table from read_text('{tmp_path}/secret.txt')")
        connection.execute("create view reached as from reach()")
    return file


def answer(file: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(f"from {box.ANSWER}").fetchall()


def test_a_mapping_selects_from_what_is_delivered(file: Path, institute: Path) -> None:
    query = 'select "Período" + 1 as periodo, curso_actual from entrega, instituto.cursos_hoy'
    box.run(file, institute, {box.ANSWER: query})
    assert answer(file) == [(2, "A1")]


@pytest.mark.parametrize(
    "query",
    [
        "from read_text('{folder}/secret.txt')",
        "from '{folder}/table.csv'",
        "from glob('{folder}/*')",
        "from read_csv('https://example.org/x.csv')",
        "select * from entrega where aforo_attach('copy (select 1) to ''{folder}/written.csv''')",
        "select aforo_box('{{}}') from entrega",
        "select getenv('HOME')",
        "from sniff_csv('{folder}/table.csv')",
        "from postgres_scan('host=127.0.0.1', 'public', 't')",
        "from local_frame",
        "from instituto.files",
        "from instituto.reached",
    ],
)
def test_a_mapping_reaches_nothing_else(file: Path, institute: Path, tmp_path: Path, query: str) -> None:
    (tmp_path / "table.csv").write_text("a\n1\n")
    before = sorted(tmp_path.iterdir())
    # Were variables of Python in reach, this would be one.
    local_frame = duckdb.sql("select 1 as a")
    with pytest.raises(duckdb.Error):
        box.run(file, institute, {box.ANSWER: query.format(folder=tmp_path)})
    assert sorted(tmp_path.iterdir()) == before
    assert local_frame


@pytest.mark.parametrize(
    "statement",
    [
        "copy (select 1 as x) to '{folder}/written.csv'",
        "attach '{folder}/other.duckdb'",
        "set enable_external_access = true",
        "create table instituto.t as select 1 as x",
        "load httpfs",
        "export database '{folder}/exported'",
    ],
)
def test_not_even_a_statement_could_leave_the_box(
    file: Path, institute: Path, tmp_path: Path, statement: str
) -> None:
    with box.opened(file, institute) as connection, pytest.raises(duckdb.Error):
        connection.execute(statement.format(folder=tmp_path))
    assert not (tmp_path / "written.csv").exists()
    assert not (tmp_path / "other.duckdb").exists()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("select 1; drop table x", "it has 2 statements"),
        ("", "it has 0 statements"),
        ("-- files: a.csv", "it has 0 statements"),
        ("delete from entrega", "only a select"),
        ("copy (select 1) to 'x.csv'", "only a select"),
        ("call pragma_version()", "only a select"),
        ("pragma version", "only a select"),
        ("with d as (delete from entrega returning *) from d", "a SELECT"),
        ("selec 1", "syntax error"),
        ("select 1) union (select 2", "syntax error"),
    ],
)
def test_a_mapping_that_is_not_one_select(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        box.parse(text)


def test_comments_and_a_semicolon_may_stand_around_a_select(file: Path) -> None:
    query = box.parse("-- files: *.csv\nfrom entrega -- all;\n;\n")
    box.run(file, None, {box.ANSWER: query.text})
    assert answer(file) == [(1, "x", 1)]


def test_a_query_that_does_not_end_is_ended(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The query would count for days.
    monkeypatch.setattr(box, "MOST_SECONDS", 0.3)
    with pytest.raises(ValueError, match="did not end within"):
        box.run(
            file, None, {box.ANSWER: "select count(*) from range(1000000000000) as r(x) where hash(x) = 1"}
        )


def test_a_query_with_too_many_rows_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box, "MOST_ROWS", 10)
    box.run(file, None, {box.ANSWER: "select 1 as x from range(10)"})
    with pytest.raises(ValueError, match="more than 10 rows"):
        box.run(file, None, {"more": "select 1 as x from range(1000000000000)"})


def test_what_a_mapping_leaves_out_is_nowhere_kept(tmp_path: Path) -> None:
    """Of a Postgres source the named tables stand in the file `instituto`, and of a column its name alone."""
    file, institute = tmp_path / "box.duckdb", tmp_path / "instituto.duckdb"
    query = box.parse('select "código" from entrega join instituto.acad."No \'tas" using (k) -- "Docente"')
    with duckdb.connect() as warehouse:
        warehouse.execute("attach ':memory:' as instituto")
        warehouse.execute("create schema instituto.acad")
        warehouse.execute(
            """create table instituto.acad."No 'tas" as select 1 as k, 'Juana Canario' as nota"""
        )
        delivered = (
            "(select 1 as k, 'A1' as \"código\", 'Pedro Canario' as \"Docente\", 'f' as archivo, 1 as fila)"
        )
        box.fill(warehouse, file, institute, query, delivered)
    with duckdb.connect(str(file), read_only=True) as connection:
        assert connection.execute("from entrega").fetchall() == [(1, "A1", None, "f", 1)]
    assert b"Canario" not in file.read_bytes() + institute.read_bytes()
    box.run(file, institute, {box.ANSWER: query.text})
    assert answer(file) == [("A1",)]


def test_a_box_is_opened_though_another_query_still_looks_at_it(tmp_path: Path) -> None:
    """dbt's other thread lists all databases; DuckDB keeps a detached one for as long."""
    file = tmp_path / "box.duckdb"
    query = box.parse("select a from entrega")
    with duckdb.connect() as warehouse, warehouse.cursor() as other:
        with box._attached(warehouse, file) as name:
            warehouse.execute(f"create table {name}.entrega as select 1 as a")
            other.execute("begin")
            other.execute(f"from {name}.entrega").fetchall()
        box.run(file, None, {box.ANSWER: query.text})
    assert answer(file) == [(1,)]


def test_a_star_takes_every_column() -> None:
    for text in ("from entrega", "select e.* from entrega as e", "select columns('.*a') from entrega"):
        assert box.parse(text).wants("Docente")
    assert not box.parse("select count(*), curso from entrega group by all").wants("Docente")


def test_a_file_is_asked_without_its_views_being_trusted(institute: Path) -> None:
    assert box.ask(institute, "select count(*) from instituto.cursos_hoy") == [(1,)]
    with pytest.raises(duckdb.Error) as refused:
        box.ask(institute, "from instituto.files")
    assert SECRET not in str(refused.value)


def test_a_box_is_written_once_nobody_looks_at_it() -> None:
    """DuckDB refuses that at times while another thread works: seen on busy machines, never at will."""
    asked = []

    class Busy:
        def execute(self, sql: str) -> None:
            asked.append(sql)
            if len(asked) < 3:
                raise duckdb.TransactionException("TransactionContext Error: Cannot CHECKPOINT")

    box.checkpoint(cast(duckdb.DuckDBPyConnection, Busy()), "filled")
    assert asked == ["checkpoint filled"] * 3
