"""`aforo plan` and `aforo export`, on a small published file: the project's own SQL, no run."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import python_calamine

from flows import plan
from flows.commands import export
from flows.commands import plan as command
from flows.errors import AforoError
from flows.screen import summary

# Students of a cell for certain, seats 20, minimum 6: 27 need two sections, 5 none, 12 one.
# NORTE has a room for one.
CELLS = [
    ("CENTRO", "A1", "07:00", 27, None, 2),
    ("CENTRO", "A1", "08:00", 5, None, 0),
    ("NORTE", "B1", "07:00", 12, 1, 1),
    ("NORTE", "A2", "07:00", 14, 1, 0),
]
INPUTS = """
create schema marts;
create table marts.plan_insumos as
select
    202507 as periodo, 1 as horizonte, 10 as indice, 9 as indice_origen, sede, curso_actual, horario_actual,
    'P' as programa, 'N' as nivel, 'inicial' as tipo_demanda, 'mañana' as turno, 'diario' as franja,
    hour(cast(horario_actual as time))::double as hora_inicio, hora_inicio + 1 as hora_fin,
    true as es_candidata,
    n::double as media, n::double as punto, [n::double for i in range(39)] as cuantiles,
    0.0 as prob_sin_dictar, {minimum} as minimo_alumnos, {seats} as vacantes_estandar, aulas,
    programadas as secciones_programadas, 10.0 as costo_cancelacion, 1.0 as costo_rechazado, 0.0 as costo_hora
from (values {cells}) as v (sede, curso_actual, horario_actual, n, aulas, programadas);
"""


def publish(file: Path, minimum: str = "6", seats: str = "20") -> Path:
    """A file as a run publishes it, with the plan that its own SQL makes."""
    cells = ", ".join(
        f"('{sede}', '{course}', '{slot}', {n}, {rooms or 'null::integer'}, {planned})"
        for sede, course, slot, n, rooms, planned in CELLS
    )
    with duckdb.connect(str(file)) as connection:
        connection.execute(INPUTS.format(cells=cells, minimum=minimum, seats=seats))
        connection.execute("comment on table marts.plan_insumos is 'x'")
    with plan.planned(file, plan.Choice()) as connection:
        made = {name: connection.sql(f"from {name}").df() for name in ("plan_apertura", "plan_resumen")}
    with duckdb.connect(str(file)) as connection:
        for name, table in made.items():
            connection.register("made", table)
            connection.execute(f"create table marts.{name} as from made")
            connection.execute(f"comment on column marts.{name}.secciones is 'Secciones que conviene abrir'")
            connection.unregister("made")
    return file


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small institute's published file."""
    return publish(tmp_path_factory.mktemp("published") / "aforo_marts.duckdb")


Found = dict[tuple[str, str, str], dict[str, object]]


def by_cell(file: Path, choice: plan.Choice) -> Found:
    """cell -> its row of the plan."""
    found = command.compute(file, choice, None, "true", [])["cells"]
    return {(c["sede"], c["curso_actual"], c["horario_actual"]): c for c in found}


def test_what_is_certain_is_planned_so(published: Path) -> None:
    cells = by_cell(published, plan.Choice())
    two = cells["CENTRO", "A1", "07:00"]
    assert (two["secciones"], two["accion"], two["vacantes"]) == (2, "abrir", 40)
    assert (two["faltante"], two["sobrante"]) == (0, 0)
    assert two["cancelaciones_esperadas"] == pytest.approx(0, abs=0.05)
    # 12 and 14 in one slot with one room: those who save more get it.
    assert cells["NORTE", "A2", "07:00"]["secciones"] == 1
    without_room = cells["NORTE", "B1", "07:00"]
    assert (without_room["secciones"], without_room["secciones_sin_limite"]) == (0, 1)
    assert without_room["sobrante"] == 1


def test_a_cell_that_can_not_stand_alone_joins_its_neighbour(published: Path) -> None:
    cells = by_cell(published, plan.Choice())
    alone, other = cells["CENTRO", "A1", "08:00"], cells["CENTRO", "A1", "07:00"]
    assert (alone["accion"], alone["secciones"]) == ("unir", 0)
    assert (alone["unir_con_sede"], alone["unir_con_horario"]) == ("CENTRO", "07:00")
    assert "Juntar con CENTRO a las 07:00" in str(alone["razon"])
    assert other["secciones_con_union"] == 2
    assert "Recibe a CENTRO a las 08:00" in str(other["razon"])


def test_beside_nothing_programmed_nothing_is_missing_or_too_much(tmp_path: Path) -> None:
    file = publish(tmp_path / "aforo_marts.duckdb")
    with duckdb.connect(str(file)) as connection:
        connection.execute("update marts.plan_insumos set secciones_programadas = null")
    for cell in by_cell(file, plan.Choice()).values():
        assert (cell["faltante"], cell["sobrante"]) == (None, None)


@pytest.mark.parametrize(
    ("choice", "sections"),
    [
        (plan.Choice(), 2),
        (plan.Choice(minimum=8), 1),
        (plan.Choice(seats=10), 3),
        (plan.Choice(cost_hour=7.0), 1),
        (plan.Choice(cost_turned_away=0.0), 0),
    ],
)
def test_what_if_changes_the_plan(published: Path, choice: plan.Choice, sections: int) -> None:
    assert by_cell(published, choice)["CENTRO", "A1", "07:00"]["secciones"] == sections


def test_a_doubtful_section_opens_where_a_cancelled_one_costs_little(tmp_path: Path) -> None:
    file = publish(tmp_path / "aforo_marts.duckdb")
    with duckdb.connect(str(file)) as connection:
        # 8 students or nobody, as likely.
        connection.execute(
            """update marts.plan_insumos set media = 4, prob_sin_dictar = 0.5,
            cuantiles = [case when i < 20 then 0 else 8 end::double for i in range(39)]
            where sede = 'CENTRO' and horario_actual = '08:00'"""
        )
    dear = by_cell(file, plan.Choice(cost_cancel=10))["CENTRO", "A1", "08:00"]
    cheap = by_cell(file, plan.Choice(cost_cancel=3))["CENTRO", "A1", "08:00"]
    assert (dear["secciones"], cheap["secciones"]) == (0, 1)
    assert cheap["accion"] == "vigilar"


def test_without_minimum_and_seats_the_plan_says_what_it_lacks(tmp_path: Path) -> None:
    file = publish(tmp_path / "aforo_marts.duckdb", "null::integer", "null::integer")
    for cell in by_cell(file, plan.Choice()).values():
        assert (cell["secciones"], cell["accion"], cell["vacantes"], cell["faltante"]) == (None,) * 4
        assert cell["falta_dato"] == "el mínimo de apertura, las vacantes estándar"
        assert "falta el mínimo de apertura y las vacantes estándar" in str(cell["razon"])
    # A minimum alone is not enough, and is not taken for the seats.
    assert by_cell(file, plan.Choice(minimum=6))["CENTRO", "A1", "07:00"]["secciones"] is None
    assert by_cell(file, plan.Choice(minimum=6, seats=20))["CENTRO", "A1", "07:00"]["secciones"] == 2


def test_the_same_as_text_csv_and_json(published: Path) -> None:
    found = command.compute(published, plan.Choice(minimum=8), None, "sede = 'CENTRO'", ["CENTRO"])
    text = "\n".join(command.as_text(found, all_cells=False))
    assert "Plan for 202507." in text
    assert "sections 2 1" in " ".join(text.split())
    rows = list(csv.DictReader(command.as_csv(found).splitlines()))
    assert {row["sede"] for row in rows} == {"CENTRO"}
    assert [int(row["secciones"]) for row in rows] == [
        c["secciones"] for c in json.loads(json.dumps(found))["cells"]
    ]
    assert (found["published_sums"]["secciones"], found["sums"]["secciones"]) == (2, 1)


def test_a_name_that_the_plan_does_not_have_is_refused_with_those_it_has(published: Path) -> None:
    with pytest.raises(AforoError, match="the plan has no sede SUR") as raised:
        plan.require_known(published, sede=["SUR", "NORTE"], periodo=202507)
    assert raised.value.problems[0].remedy == "name one of CENTRO, NORTE"
    assert len(raised.value.problems) == 1


@pytest.mark.parametrize("write", [export.write_workbook, export.write_csv])
def test_the_sheet_has_a_row_a_cell(
    published: Path, tmp_path: Path, write: Callable[[dict[str, list[dict[str, object]]], Path], None]
) -> None:
    sheets = export.read(published, None, None)
    to = tmp_path / f"plan.{'csv' if write is export.write_csv else 'xlsx'}"
    write(sheets, to)
    if write is export.write_csv:
        rows = list(csv.DictReader(to.read_text("utf-8-sig").splitlines()))
        assert [row["horario_actual"] for row in rows] == ["07:00", "08:00", "07:00", "07:00"]
        return
    book = python_calamine.CalamineWorkbook.from_path(str(to))
    assert book.sheet_names == ["Plan", "Columnas", "Por sede"]
    cells = book.get_sheet_by_name("Plan").to_python()
    assert len(cells) == 1 + len(CELLS)
    assert cells[0] == list(sheets["Plan"][0])
    meaning = book.get_sheet_by_name("Columnas").to_python()
    assert ["Plan", "secciones", "Secciones que conviene abrir"] in meaning
    assert {row[1] for row in meaning} >= set(sheets["Plan"][0])
    sums = book.get_sheet_by_name("Por sede").to_python()
    assert [row[0] for row in sums] == ["sede", "CENTRO", "NORTE"]


def test_the_summary_ends_with_the_plan_or_with_what_it_lacks() -> None:
    sums = dict.fromkeys(summary.PLAN_COLUMNS, 3)
    lines = summary.plan_lines({"plan": sums, "plan_lacks": []})
    assert lines[0].startswith(
        "Plan: 3 sections to open, in 3 cells without a doubt; 3 cells to watch, 3 to join."
    )
    assert "3 sections too few, 3 too many" in lines[1]
    none = summary.plan_lines(
        {"plan": sums | {"celdas_con_plan": 0}, "plan_lacks": ["el mínimo de apertura"]}
    )
    assert none == ["Plan: none. The source does not give the minimum (minimos_apertura)."]
    assert summary.plan_lines({"plan": None}) == []
