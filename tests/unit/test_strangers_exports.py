"""Exports as registrars make them: totals, sheets and files for each period, letters for days, blanks."""

from pathlib import Path

import duckdb
import pytest

from tests.drafts import looked_at, rows_of, said_of
from tests.landing import Cell, write_xlsx


def test_days_that_are_letters_stand_in_their_order(tmp_path: Path) -> None:
    rows = "".join(
        f"202310,N,A1,1,35,{day},07:00,09:00\n202330,N,A1,1,35,{day},07:00,09:00\n" for day in "FMW"
    )
    plan = f"Periodo,Sede,Curso,Sección,Inscritos,Día,Hora Inicio,Hora Fin\n{rows}"
    (tmp_path / "plan.csv").write_text(plan)
    drafted = rows_of(looked_at(tmp_path)[1]["programacion"], plan)
    assert [row["horario"] for row in drafted] == ["M-W-F 07:00-09:00"] * 2


def test_totals_and_blank_lines_are_no_sections(tmp_path: Path) -> None:
    section = "A1,Sur,07:00-09:00,12,2023-1\nA2,Sur,07:00-09:00,11,2023-2\nA1,Sur,,9,2023-2\n"
    export = f"Curso,Sede,Horario,Inscritos,Ciclo\n{section * 3}Total Sur,,,96,\n,,,,\n"
    (tmp_path / "export.csv").write_text(export)
    said = said_of(tmp_path)
    assert (
        "left out as totals or blank lines: 2 of 11 rows, which lack two or more of Ciclo, Sede, Curso"
        in said
    )
    drafted = rows_of(looked_at(tmp_path)[1]["programacion"], export)
    assert "matriculados is blank" not in said
    # A section that lacks one thing is for the audit to name.
    assert sorted(str(row["matriculados"]) for row in drafted) == sorted(["12", "11", "9"] * 3)


def test_a_file_with_a_column_more_is_of_the_same_table(tmp_path: Path) -> None:
    for month in (1, 2, 3):
        (tmp_path / f"{month}.csv").write_text(
            f"Curso,Sede,Horario,Inscritos,Mes\nA1,N,7-9,12,2023-0{month}\n"
        )
    (tmp_path / "4.csv").write_text("Curso,Sede,Horario,Inscritos,Mes,Nota\nA1,N,7-9,12,2023-04,x\n")
    (tmp_path / "cursos.csv").write_text("curso_actual,curso_siguiente,linea\nA1,A2,L\n")
    seen, _ = looked_at(tmp_path)
    assert seen.sections
    assert seen.sections.match.found.leads == ("-- files: 1.csv, 2.csv, 3.csv, 4.csv",)
    assert seen.sections.periods
    assert seen.sections.periods.summary.startswith("4 periods")
    assert seen.not_used == []
    assert "the draft names its files: add a later export" in said_of(tmp_path)
    assert {table.name for table in seen.tables} == {"cursos", "1.csv"}


def test_students_that_are_blank_are_asked_about(tmp_path: Path) -> None:
    export = "Curso,Sede,Horario,Inscritos,Ciclo\nA1,Sur,07:00-09:00,12,2023-1\nA2,Sur,07:00-09:00,,2023-2\n"
    (tmp_path / "export.csv").write_text(export)
    assert "matriculados is blank in 1 rows: see the draft" in said_of(tmp_path)
    drafted = looked_at(tmp_path)[1]["programacion"]
    advice = "coalesce(nullif(trim(\"Inscritos\"::varchar), ''), '0')"
    assert f"-- Blank in 1 rows, which are refused; if that means no students: {advice}\n" in drafted
    as_advised = drafted.replace('    "Inscritos" as', f"    {advice} as")
    assert [row["matriculados"] for row in rows_of(as_advised, export.replace(",,", ", ,"))] == ["12", "0"]


def test_sheets_of_one_heading_are_one_table_and_their_names_may_be_its_periods(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["Curso", "Sede", "Horario", "Inscritos"], ["A1", "N", "07:00-09:00", 12]]
    terms = ["Fall 2021", "Spring 2022", "Fall 2022", "Spring 2023"]
    write_xlsx(tmp_path / "schedule.xlsx", {"Notes": [["x"]], **dict.fromkeys(terms, rows)})
    seen, files = looked_at(tmp_path)
    assert seen.sections
    assert seen.sections.match.found.leads == ("-- files: schedule.xlsx", "-- sheet: *")
    assert seen.sections.values["periodo"].of == ("hoja",)
    assert "4 periods, Fall 2021 to Spring 2023, 2 a year" in said_of(tmp_path)
    assert "calendario" in files
    # As the contract has it, but over two sheets: a run would read the first.
    other = tmp_path / "other"
    other.mkdir()
    contract: list[list[Cell]] = [["periodo", "sede", "curso", "horario", "matriculados"]]
    months: dict[str, list[list[Cell]]] = {
        f"{year}": [*contract, [year * 100 + 1, "N", "A", "H", 9]] for year in (2022, 2023)
    }
    write_xlsx(other / "programacion.xlsx", months)
    assert "-- sheet: *" in looked_at(other)[1]["programacion"]


@pytest.mark.parametrize(
    ("names", "periods"),
    [
        (["Reporte ENE-2023", "Reporte FEB-2023"], ["202301", "202302"]),
        (["2023-1 horarios", "2023-2 horarios"], ["20231", "20232"]),
        (["turmas2023_1", "turmas2023_2", "turmas2024_1"], ["20231", "20232", "20241"]),
    ],
)
def test_the_names_of_the_files_may_be_the_periods(
    tmp_path: Path, names: list[str], periods: list[str]
) -> None:
    for name in names:
        (tmp_path / f"{name}.csv").write_text("Curso,Sede,Horario,Inscritos\nA1,N,07:00-09:00,12\n")
    seen, files = looked_at(tmp_path)
    assert seen.sections
    assert seen.sections.missing == []
    said = said_of(tmp_path)
    assert "periodo <- the files' names" in said
    # All files are meant, and those to come.
    assert "names its files" not in said
    with duckdb.connect() as connection:
        connection.execute(
            "create view entrega as select *, filename as archivo, 1 as fila"
            f" from read_csv('{tmp_path}/*.csv')"
        )
        drafted = connection.execute(f"select periodo from ({files['programacion']}) order by archivo")
        assert [period for (period,) in drafted.fetchall()] == periods
