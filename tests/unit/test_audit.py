"""Which tables an invocation of dbt found at fault, and when it is the whole source or dbt itself."""

from pathlib import Path

import pytest

from flows.dbt.runner import DbtResult, NodeFailure
from flows.errors import AforoError
from flows.settings import Home
from flows.steps import audit

TABLES = ["programacion", "cursos", "calendario"]
PERIODS = "test.aforo.periodos_en_calendario_landing__programacion_ref_landing__calendario_.1"
CODES = "test.aforo.codigos_conocidos_landing__programacion_curso.2"
INSTITUTE = "test.aforo.mismo_instituto_landing__programacion_.3"
PROGRAMACION = "model.aforo.landing__programacion"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def landing(table: str, message: str) -> NodeFailure:
    return NodeFailure(f"model.aforo.landing__{table}", "error", message)


def test_each_table_has_its_own_problems(home: Home) -> None:
    failures = [
        landing("cursos", "[aforo] No column. Add it"),
        NodeFailure(CODES, "fail", "Got 1 result", attached=PROGRAMACION),
    ]
    found = audit.read(DbtResult(1, failures=failures), home, TABLES)
    assert {table: problems[0].what for table, problems in found.failed.items()} == {
        "cursos": "No column",
        "programacion": "codigos_conocidos_landing__programacion_curso: Got 1 result",
    }
    assert not found.down
    assert not found.transient


def test_one_reason_for_all_tables_is_a_source_that_is_down(home: Home) -> None:
    away = "Unable to connect to Postgres at x: connection to server failed"
    found = audit.read(DbtResult(1, failures=[landing(table, away) for table in TABLES]), home, TABLES)
    assert found.down
    assert found.transient


def test_periods_that_could_not_be_checked_are_not_captured(home: Home) -> None:
    skipped = [NodeFailure(test, "skipped", "", attached=PROGRAMACION) for test in (PERIODS, CODES)]
    result = DbtResult(1, failures=[landing("calendario", "[aforo] No column. Add it")], skipped=skipped)
    assert set(audit.read(result, home, TABLES).failed) == {"calendario", "programacion"}
    codes_only = DbtResult(1, failures=[landing("cursos", "[aforo] No column. Add it")], skipped=skipped[1:])
    assert set(audit.read(codes_only, home, TABLES).failed) == {"cursos"}


def test_a_reading_that_took_too_long_fails_all_tables_and_is_not_tried_again(home: Home) -> None:
    found = audit.read(DbtResult(-9, timed_out=True, seconds_allowed=20), home, TABLES)
    assert set(found.failed) == set(TABLES)
    assert found.problems[0].what == "the reading of the source did not end within 20 seconds"
    assert not found.transient


def test_a_hook_that_fails_is_no_table(home: Home) -> None:
    hook = NodeFailure("operation.aforo.aforo-on-run-start-0", "error", "Catalog Error: no such table")
    with pytest.raises(AforoError, match="no such table"):
        audit.read(DbtResult(1, failures=[hook]), home, TABLES)


@pytest.mark.parametrize(
    ("status", "same"), [("fail", False), ("error", None), ("skipped", None), ("warn", True)]
)
def test_whether_it_is_the_homes_institute_is_known_only_where_it_was_asked(
    home: Home, status: str, same: bool | None
) -> None:
    asked = NodeFailure(INSTITUTE, status, "another institute's", attached=PROGRAMACION)
    where = {"fail": "failures", "error": "failures", "skipped": "skipped", "warn": "warnings"}[status]
    other = NodeFailure(CODES, "fail", "Got 1 result", attached=PROGRAMACION)
    lists = {"failures": [other], "skipped": [], "warnings": []}
    lists[where] = [*lists[where], asked]
    found = audit.read(DbtResult(1, **lists), home, TABLES)  # type: ignore[arg-type]
    assert found.same_institute is same
    if same is False:
        assert "another institute" in found.failed["programacion"][0].what
