"""What `aforo check-source` says of tables that someone sends who has not read the contract."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Institute

pytestmark = pytest.mark.slow

HEADING = "periodo,sede,curso,horario,matriculados\n"
# Each table has faults of its own.
INCONSISTENT = {
    "programacion": HEADING
    + "".join(
        f"{period},{sede},{course},{slot},20\n"
        for period in (20231, 20232, 20241, 20242)
        for sede, course, slot in (
            ("N", "A1", "H1"),
            ("n ", "A 1", "H2"),
            ("S", "A1", "H2"),
            ("T", "A1", "H2"),
        )
    ),
    "calendario": "periodo,indice,estacion,fecha_inicio,fecha_fin\n"
    "20231,1,1,2023-03-01,2023-07-31\n"
    "20232,2,2,2023-07-15,2023-12-20\n"
    "20241,3,2,2024-03-01,2024-02-01\n"
    "20242,5,1,2024-08-01,2024-12-20\n",
    "cursos": "curso_actual,curso_siguiente\nA1,A2\nA2,old\nA3,A1\nB1,A1\nC1,C1\n",
    "equivalencia_cursos": "curso,curso_actual\nA1,A1\nA 1,A1\nold,A3\noldest,older\nolder,A2\n",
    "horarios": "horario,horario_actual,hora_inicio,hora_fin\n"
    "H1,H1,9,7\nH2,H2,7,9\nH0,H9,8,10\nH9,H2,830,10\n",
    "sedes": "periodo,sede,hora_apertura,hora_cierre\n"
    "20242,N,22,7\n20242,S,12,14\n20242,T,6,24\n20231,T,12,14\n",
}
NAMES = "\n".join(f"202302,Juan Soto {chr(65 + n)}{'a' * n}rce,7,22" for n in range(22))
AMBIGUOUS = {
    "programacion": HEADING
    + "".join(f"{year}{term:02},N,A,H,9\n" for year in (2022, 2023) for term in (1, 2)),
    "cursos": "curso_actual,nivel,nivel,color,color\nA,1,2,3,4\n",
    "equivalencia_cursos": "curso,curso_actual,color,color\nA,A,3,4\n",
    "vacantes_estandar": "periodo;linea;nivel;vacantes_estandar\n"
    "202301;L;N;1.000\n202302;L;N;1,000\n202201;L;N;12.0\n",
    "sedes": f"periodo,sede,hora_apertura,hora_cierre\n{NAMES}\n",
}


def checked(source: Path, tables: dict[str, str], *arguments: str) -> dict[str, dict[str, Any]]:
    """table -> what check-source says of it."""
    source.mkdir(exist_ok=True)
    for name, text in tables.items():
        (source / f"{name}.csv").write_text(text)
    institute = Institute(source, source.with_name("home"), {})
    outcome = institute.aforo("check-source", "--json", *arguments)
    assert "Traceback" not in outcome.err
    return {table["table"]: table for table in json.loads(outcome.out)}


@pytest.fixture(scope="module")
def inconsistent(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return checked(tmp_path_factory.mktemp("inconsistent") / "source", INCONSISTENT)


@pytest.fixture(scope="module")
def ambiguous(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    source = tmp_path_factory.mktemp("ambiguous") / "source"
    return source, checked(source, AMBIGUOUS)


def problems(table: dict[str, Any], kind: str = "problems") -> set[tuple[str, str, tuple[int, ...]]]:
    """(column, what, rows) of each."""
    return {(p.get("column", ""), p["what"], tuple(p.get("rows", ()))) for p in table[kind]}


def test_calendars_that_can_not_be(inconsistent: dict[str, dict[str, Any]]) -> None:
    assert problems(inconsistent["calendario"]) == {
        ("fecha_inicio", "the period begins before the one before it has ended", (2,)),
        ("fecha_fin", "the period ends before it begins", (3,)),
        ("estacion", "does not follow the season before it", (3,)),
        ("indice", "does not follow the index before it", (4,)),
    }


def test_successors_in_a_circle(inconsistent: dict[str, dict[str, Any]]) -> None:
    # One leads into the circle, one is its own successor: both are taken as before.
    assert problems(inconsistent["cursos"]) == {
        ("curso_siguiente", "leads back to the course itself, over its successors", (1, 2, 3))
    }


def test_codes_that_are_mapped_to_old_codes(inconsistent: dict[str, dict[str, Any]]) -> None:
    said = "is mapped to another code itself"
    assert ("curso_actual", said, (4,)) in problems(inconsistent["equivalencia_cursos"])
    assert ("horario_actual", said, (3,)) in problems(inconsistent["horarios"])


def test_hours_that_leave_no_slot(inconsistent: dict[str, dict[str, Any]]) -> None:
    assert {
        ("hora_fin", "is not after hora_inicio", (1, 4)),
        ("hora_inicio", "is above 24", (4,)),
    } <= problems(inconsistent["horarios"])
    said = problems(inconsistent["sedes"])
    assert ("hora_cierre", "is not after hora_apertura", (1,)) in said
    none = "none of the campus's slots lies inside of its opening hours, so it has no candidate to forecast"
    # What the hours of T once were is no matter.
    assert {rows for _, what, rows in said if what == none} == {(1, 2)}


def test_codes_that_differ_in_case_or_spaces_are_a_warning(inconsistent: dict[str, dict[str, Any]]) -> None:
    assert {column for column, what, _ in problems(inconsistent["programacion"], "warnings")} == {
        "sede",
        "curso",
    }


def test_semesters_are_not_taken_for_months(ambiguous: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    [(column, what, _)] = problems(ambiguous[1]["programacion"])
    assert column == "periodo"
    assert "10 months of each year have no section: there are 2 periods a year" in what
    assert "aforo init-source drafts one" in ambiguous[1]["programacion"]["problems"][0]["remedy"]


def test_two_columns_of_one_heading(ambiguous: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    [(_, what, _)] = problems(ambiguous[1]["cursos"])
    assert "column nivel" in what
    assert "has it 2 times, as columns 2, 3" in what
    # Those that nothing is read of are no matter.
    assert ambiguous[1]["equivalencia_cursos"]["state"] == "sound"


def test_a_separator_of_thousands_is_ambiguous(ambiguous: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    assert problems(ambiguous[1]["vacantes_estandar"]) == {
        ("vacantes_estandar", "may be a thousand or a decimal", (1, 2))
    }


def test_a_column_may_be_declared_to_be_of_places(ambiguous: tuple[Path, dict[str, dict[str, Any]]]) -> None:
    source, before = ambiguous
    [(_, what, _)] = problems(before["sedes"])
    assert "look like persons' names (half of them or more hold a common given name)" in what
    remedy = before["sedes"]["problems"][0]["remedy"]
    assert "say so on top of the mapping sedes.sql: -- not_personal: sede" in remedy
    assert "Juan" not in what + remedy
    mapping = source.with_name("mapping")
    mapping.mkdir()
    (mapping / "sedes.sql").write_text("-- not_personal: sede\nselect * from entrega\n")
    after = checked(source, {}, "--mapping", str(mapping))["sedes"]
    assert (after["state"], after["rows"]) == ("sound", 22)
