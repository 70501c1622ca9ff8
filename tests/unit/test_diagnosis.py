"""What dbt and DuckDB say becomes what a person reads."""

import re
import sqlite3
import textwrap
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from flows.dbt import diagnosis
from flows.dbt.runner import DbtResult, NodeFailure
from flows.dbt.wording import without_values
from flows.errors import AforoError, Problem, TransientError, as_text
from flows.settings import Home
from python_models.forecasting.panel import SeriesError
from tests.harness import small_disk

AUDIT = '"aforo_warehouse"."auditoria"."a_test"'


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "logs").mkdir()
    return Home(tmp_path)


def error_of(message: str, home: Home) -> AforoError:
    failed = NodeFailure("model.aforo.landing__cursos", "error", message)
    return diagnosis.failure(DbtResult(1, failures=[failed]), home)


def duckdb_error(query: str) -> str:
    """What DuckDB itself says, as dbt hands it on."""
    said = duckdb_said(query)
    return f"Runtime Error in model landing__cursos (models/landing/landing__cursos.sql)\n  {said}"


def duckdb_said(query: str) -> str:
    with pytest.raises(duckdb.Error) as caught:
        duckdb.sql(query).fetchall()
    return str(caught.value)


def store_audit_rows(home: Home, rows: str) -> DbtResult:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(f"create schema auditoria; create table auditoria.a_test as {rows}")
    return DbtResult(1, failures=[NodeFailure("test.aforo.a_test.1234", "fail", "Got 9 results", AUDIT)])


def test_rows_of_an_audit_are_grouped_by_what_is_wrong(home: Home) -> None:
    result = store_audit_rows(
        home,
        """select 'programacion' as tabla, 'p.csv' as archivo, fila, 'matriculados' as columna,
            '-' || fila::varchar as valor, 'is below 0' as problema, 'correct the value' as remedio
        from range(1, 9) as r (fila)
        union all select 'cursos', 'c.csv', null, null, null, 'has no rows', 'deliver it whole'""",
    )
    error = diagnosis.failure(result, home)
    assert [as_text(problem) for problem in error.problems] == [
        ["cursos, c.csv", "  has no rows", "  -> deliver it whole"],
        [
            "programacion, column matriculados, p.csv, rows 1, 2, 3, 4, 5 and 3 more",
            "  is below 0: '-1', '-2', '-3', '-4', '-5', …",
            "  -> correct the value",
        ],
    ]
    assert not isinstance(error, TransientError)


def test_what_is_wrong_in_many_files_is_said_once(home: Home) -> None:
    result = store_audit_rows(
        home,
        """select 'programacion' as tabla, archivo || '.csv' as archivo, fila, 'curso' as columna,
            null as valor, 'is empty' as problema, 'fill it in' as remedio
        from range(10, 58) as a (archivo), range(1, 3) as r (fila)""",
    )
    [problem] = diagnosis.failure(result, home).problems
    assert as_text(problem) == [
        "programacion, column curso, 10.csv and 47 more files, rows 1, 2 and 94 more",
        "  is empty",
        "  -> fill it in",
    ]
    assert problem.more_files[-1] == "57.csv"


def test_a_failed_test_without_audit_rows_is_named_with_the_log(home: Home) -> None:
    result = store_audit_rows(home, "select 1 as uid")
    [problem] = diagnosis.failure(result, home).problems
    assert problem.what == "a_test: Got 9 results"
    assert str(home.log) in problem.remedy


def test_a_message_of_the_project_is_shown_without_dbts_frame(home: Home) -> None:
    [problem] = error_of(
        "Compilation Error in model landing__cursos (models/landing/landing__cursos.sql)\n"
        "  [aforo] Table cursos: column curso_actual is\n  missing. Add the column.\n  \n"
        "  > in macro stop (macros/x.sql)",
        home,
    ).problems
    assert problem == Problem("Table cursos: column curso_actual is missing", "Add the column.")


def test_a_file_that_is_no_parquet(home: Home, tmp_path: Path) -> None:
    for content in ("x", "some text that is not a Parquet file at all"):
        file = tmp_path / "cursos.parquet"
        file.write_text(content)
        [problem] = error_of(duckdb_error(f"from '{file}'"), home).problems
        assert (problem.table, problem.file) == ("cursos", str(file))
        assert "not a Parquet file" in problem.what


def test_a_copy_in_utf8_is_called_as_the_file_itself(home: Home) -> None:
    [problem] = error_of(
        "Invalid Input Error: CSV Error on Line: 3\n"
        "Expected Number of Columns: 2 Found: 1\n"
        "  file = /tmp/aforo_utf8_x1y2/datos/programacion/marzo.csv",
        home,
    ).problems
    assert (problem.table, problem.file) == ("programacion", "/datos/programacion/marzo.csv")
    assert problem.rows == (2,)


UNREACHABLE = 'IO Error: Unable to connect to Postgres at "postgresql://u@h:1/db": '


@pytest.mark.parametrize(
    ("said", "understood", "transient"),
    [
        (f'{UNREACHABLE}connection to server at "h", port 1 failed: Connection refused', "not answer", True),
        (f'{UNREACHABLE}FATAL:  password authentication failed for user "u"', "refuses the login", False),
        (f'{UNREACHABLE}FATAL:  database "db" does not exist', 'login: database "db" does not exist', False),
        ("ERROR:  permission denied for table cursos", "may not read table cursos", False),
        ("ERROR:  canceling statement due to lock timeout", "is locked by another session", True),
        ("ERROR:  canceling statement due to statement timeout", "took too long", True),
        ("server closed the connection unexpectedly", "does not answer", True),
        ("HTTP Error: HTTP GET error on 'http://127.0.0.1/files.txt' (HTTP 404)", "HTTP 404", True),
    ],
)
def test_what_a_source_says(home: Home, said: str, understood: str, transient: bool) -> None:
    error = error_of(said, home)
    assert understood in error.problems[0].what
    assert isinstance(error, TransientError) == transient


def test_a_mapping_that_does_not_run_is_named(home: Home) -> None:
    said = 'Binder Error: Referenced column "Perido" not found in FROM clause!\nCandidate bindings: "Periodo"'
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            "create schema landing; "
            "create table landing.lecturas as select 'cursos' as tabla, '/m/c.sql' as mapeo"
        )
    [problem] = error_of(f"Runtime Error in model landing__cursos (x.sql)\n  {said}", home).problems
    assert (problem.table, problem.file) == ("cursos", "/m/c.sql")
    assert problem.what == f"the mapping does not run: {' '.join(said.split())}"


def test_foreign_sql_that_reaches_for_more_is_named(home: Home) -> None:
    said = 'Permission Error: Cannot access file "/etc/hostname" - file system operations are disabled'
    [problem] = error_of(f"Runtime Error in model landing__cursos (x.sql)\n  {said}", home).problems
    assert problem.table == "cursos"
    assert problem.what == f"a view of the source reads more than is delivered: {said}"


def test_a_csv_row_with_too_few_values(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "cursos.csv"
    file.write_text("a,b\n1,2\n3\n")
    query = (
        f"from read_csv('{file}', header = true, auto_detect = false, columns = {{'a': 'int', 'b': 'int'}})"
    )
    [problem] = error_of(duckdb_error(query), home).problems
    assert (problem.table, problem.file, problem.rows) == ("cursos", str(file), (2,))
    assert "Expected Number of Columns: 2 Found: 1" in problem.what


def test_a_csv_row_with_too_many_values_is_named_by_its_file(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "cursos.csv"
    file.write_text("a,b\n1,2\nZutanita,Canario,3\n")
    # As macros/sources/files.sql asks for the heading.
    dialect = "delim = ',', quote = '\"', escape = '\"', header = false, skip = 0, all_varchar = true"
    query = f"from read_csv('{file}', {dialect}, null_padding = true, strict_mode = false, sample_size = 1)"
    [problem] = error_of(without_values(duckdb_said(query)), home).problems
    assert (problem.table, problem.file) == ("cursos", str(file))
    assert problem.what == "a row can't be read as CSV"


def test_a_warehouse_that_is_open_elsewhere_may_pass(home: Home) -> None:
    error = error_of(
        'IO Error: Could not set lock on file "/x/aforo_warehouse.duckdb": Conflicting lock is held in '
        "/usr/bin/python3.11 (PID 4711) by user root.",
        home,
    )
    assert isinstance(error, TransientError)
    assert "process 4711" in error.problems[0].what


def test_one_lasting_problem_beside_one_that_may_pass_is_lasting(home: Home) -> None:
    nodes = [
        NodeFailure("model.aforo.a", "error", "Connection refused"),
        NodeFailure("model.aforo.b", "error", "Binder Error: no such column"),
    ]
    assert type(diagnosis.failure(DbtResult(1, failures=nodes), home)) is AforoError


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ('IO Error: Could not write file "x": No space left on device', "disk of"),
        ("sqlite3.OperationalError: database or disk is full", "disk of"),
        ("Out of Memory Error: could not allocate block of size 256.0 KiB (953.6 MiB used)", "more memory"),
        ('IO Error: Cannot open file "/data/x": Permission denied', "no permission to read or write /data/x"),
    ],
)
def test_errors_of_the_machine_are_known(home: Home, said: str, understood: str) -> None:
    assert understood in error_of(said, home).problems[0].what


def full_disk_errors(disk: Path) -> Iterator[str]:
    """What DuckDB (its file, its temporary files), SQLite, Python and pyarrow say of a disk without room."""
    tries: list[Callable[[], object]] = [
        lambda: duckdb.connect(str(disk / "x.duckdb")).execute(
            "create table t as select md5(range::varchar) from range(1000000)"
        ),
        lambda: (
            duckdb.connect(config={"temp_directory": str(disk), "memory_limit": "20MB", "threads": 1})
            .execute("select md5(range::varchar) as m from range(2000000) order by m")
            .fetchall()
        ),
        lambda: sqlite3.connect(disk / "x.db").executescript(f"create table t as select zeroblob({2**22})"),
        lambda: (disk / "x.txt").write_text("x" * 2**22),
        lambda: pd.DataFrame({"x": np.random.default_rng(0).random(2**20)}).to_parquet(disk / "x.parquet"),
    ]
    for attempt in tries:
        with pytest.raises((duckdb.Error, sqlite3.Error, OSError)) as caught:
            attempt()
        yield f"{type(caught.value).__name__}: {caught.value}"
        for file in disk.iterdir():
            file.unlink()


def test_a_full_disk_is_called_so_wherever_it_strikes(home: Home, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "2m") as disk:
        found = [error_of(said, home).problems[0].what for said in full_disk_errors(disk)]
    assert len(found) == 5
    assert all(re.fullmatch("the disk of .* is full", what) for what in found), found


def test_a_failure_on_a_full_disk_that_does_not_say_so(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "512k") as disk:
        full = f"the disk of {disk} is full"
        assert diagnosis.failure(DbtResult(1), Home(disk)).problems[0].what == full
        assert diagnosis.explain_exception(ValueError("HTTP 500"), Home(disk)).problems[0].what == full


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SeriesError('series: no rows')", "m: SeriesError: series: no rows"),
        ("assert False", "m: AssertionError"),
        ("1 / 0", "m: ZeroDivisionError: division by zero"),
        ("raise MemoryError", "the run needed more memory than there is"),
    ],
)
def test_a_python_model_that_fails_says_why(home: Home, code: str, said: str) -> None:
    try:
        exec(code, {"SeriesError": SeriesError})
    except Exception as error:
        # As dbt-duckdb hands it on, and dbt indents it.
        traced = f"Python model failed:\n{''.join(traceback.format_exception(error))}"
    message = "Runtime Error in model m (python_models/m.py)\n" + textwrap.indent(traced, "  ")
    failed = DbtResult(1, failures=[NodeFailure("model.aforo.m", "error", message)])
    assert diagnosis.failure(failed, home).problems[0].what == said


def test_a_dbt_that_was_killed_or_ran_too_long_says_so(home: Home) -> None:
    [killed] = diagnosis.failure(DbtResult(-9), home).problems
    assert killed.what == "dbt was killed from outside"
    assert "if nobody did it, the machine may have run out of memory" in killed.remedy
    late = DbtResult(-9, timed_out=True, seconds_allowed=20)
    assert "did not end within 20 seconds" in diagnosis.failure(late, home).problems[0].what


def test_any_other_exception_is_one_line_and_the_log(home: Home) -> None:
    error = diagnosis.explain_exception(ValueError("a\nb"), home)
    assert error.problems == [
        Problem("ValueError: a", f"the details are in {home.log} and {home.logs / 'dbt.log'}")
    ]


def test_a_log_that_is_not_there_is_not_named(tmp_path: Path) -> None:
    [problem] = diagnosis.explain_exception(ValueError("a"), Home(tmp_path / "none")).problems
    assert problem.remedy == "`aforo run` writes a log with the details"


def test_the_cause_of_an_exception_is_understood(home: Home) -> None:
    error = RuntimeError("Prefect is out of order")
    error.__cause__ = OSError(28, "No space left on device")
    assert "disk of" in diagnosis.explain_exception(error, home).problems[0].what
