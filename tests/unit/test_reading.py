"""How text files and workbooks are read, whatever program has written them."""

import re
import zipfile
from pathlib import Path

import duckdb
import pytest

from flows.drafting import tables
from flows.quoting import literal
from flows.reading import copies, grid, texts, workbooks
from tests.landing import Cell, write_xlsx

XLS = Path(__file__).parents[1] / "data" / "secciones.xls"


@pytest.mark.parametrize(
    ("content", "separator", "heading", "skipped"),
    [
        ("a,b\n1,2\n", ",", "a b", 0),
        ("a;b;c\n1;7,5;3,5\n", ";", "a b c", 0),
        ("a\tb\n1,5\t2\n", "\t", "a b", 0),
        ("a|b\n1|2\n", "|", "a b", 0),
        ("Reporte de matrícula;;\n;;\na;b;c\n1;2;3\n", ";", "a b c", 2),
        ("Reporte, de 2023, enero\n\na;b;c\n1;2;3\n4;5;6\n7;8;9\n", ";", "a b c", 2),
        ("sep=;\na;b\n1,1;2\n", ";", "a b", 1),
        ("sep=,\r\na,b\r\n1,2\r\n", ",", "a b", 1),
        # A separator in what people write is none of the file's.
        ("a,b\n1,x;y;z;w\n2,x;y;z;v\n", ",", "a b", 0),
        ('a;b\n"1;1;1";2\n', ";", "a b", 0),
        ("a\n1\n", ",", "a", 0),
        # The second row names what stands below merged cells.
        ("Curso;Cupos;\n;Total;Usados\nA;20;12\n", ";", "Curso Total Usados", 1),
        # The upper row has fewer cells than the lower one, as most of them are merged.
        (
            "Listado;;;;;;;\nCiclo;Curso;;;;Cupo;;Sala\n;NRC;Área;Nº;Sec;Total;Usado;\n1;7;A;1;2;20;12;S1\n",
            ";",
            "Ciclo NRC Área Nº Sec Total Usado Sala",
            2,
        ),
        ("\ufeffa;b\n1;2\n", ";", "a b", 0),
    ],
)
def test_separator_and_heading_of_a_text(content: str, separator: str, heading: str, skipped: int) -> None:
    found = texts.look(content.encode())
    assert (found.separator, " ".join(found.heading), found.skipped) == (separator, heading, skipped)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_text_of_any_encoding_below_a_title(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "año.csv"
    file.write_bytes("Título \u2013 1\n\nsede;taller\nBreña;Writer\u2019s\n".encode(encoding))
    copy = copies.of_text(str(file), file.read_bytes(), tmp_path / "copies")
    assert Path(copy.path).read_text(encoding="utf-8") == "sede;taller\nBreña;Writer\u2019s\n"
    assert copy.columns == ["sede", "taller"]


def test_a_text_that_is_as_duckdb_reads_it_is_not_copied(tmp_path: Path) -> None:
    assert copies.of_text("/x/y.csv", b"a,b\n1,2\n", tmp_path).path == "/x/y.csv"
    assert list(tmp_path.iterdir()) == []


def test_a_text_of_two_encodings_is_refused_with_its_line(tmp_path: Path) -> None:
    content = "a;b\nñ;1\n".encode() + "é;2\n".encode("cp1252")
    with pytest.raises(ValueError, match=r"\[aforo\] /x/y.csv, line 3 is not UTF-8"):
        copies.of_text("/x/y.csv", content, tmp_path)


def test_two_columns_of_one_heading_are_called_after_their_places() -> None:
    heading = ["periodo", "Matriculados", "", "matriculados ", "aula"]
    assert grid.column_names(heading) == [
        "periodo",
        "Matriculados_2",
        "sin_nombre_3",
        "matriculados_4",
        "aula",
    ]
    assert grid.repeated(heading) == {"matriculados": [2, 4]}
    assert grid.repeated(["a", "b", ""]) == {}


HEADING: list[Cell] = ["Periodo", "Sede", "Curso", "Horario"]


def test_cells_of_a_workbook_are_what_a_person_sees(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        HEADING,
        [202301, "N", 101, 7 / 24],
        [202301.5, "N", "007", 18.5 / 24 - 1e-9],
        [202301, "N", "A", "07:00"],
    ]
    found = workbooks.read(write_xlsx(tmp_path / "a.xlsx", {"x": rows}).read_bytes())
    assert [row for _, row in found.rows] == [
        ["202301", "N", "101", "07:00"],
        ["202301.5", "N", "007", "18:30"],
        ["202301", "N", "A", "07:00"],
    ]


def test_merged_cells_a_second_heading_and_a_heading_on_each_page(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [
        ["Programación académica"],
        [],
        ["Sede", "Curso", "Matrícula", None],
        [None, None, "Inscritos", "Cupo"],
        ["Norte", "A1", 12, 20],
        [None, "A2", 9, 20],
        [],
        ["Sede", "Curso", "Inscritos", "Cupo"],
        ["Sur", "A1", 7, 20],
    ]
    found = workbooks.read(write_xlsx(tmp_path / "a.xlsx", {"x": rows}, "A5:A6").read_bytes())
    assert found.columns == ["Sede", "Curso", "Inscritos", "Cupo"]
    assert [(number, row[:3]) for number, row in found.rows] == [
        (5, ["Norte", "A1", "12"]),
        (6, ["Norte", "A2", "9"]),
        (9, ["Sur", "A1", "7"]),
    ]


def test_an_old_workbook() -> None:
    found = workbooks.read(XLS.read_bytes())
    assert found.heading_row == 3
    assert [row[:5] for _, row in found.rows] == [
        ["202301", "Norte", "A01", "07:00", "14"],
        ["202301", "Norte", "A02", "18:30", "9"],
    ]


def test_a_sheet_of_libre_office(tmp_path: Path) -> None:
    office = "urn:oasis:names:tc:opendocument:xmlns"
    texts_ = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>'
        for name in ("Periodo", "Horario")
    )
    values = (
        '<table:table-cell office:value-type="float" office:value="202301"/>'
        '<table:table-cell office:value-type="time" office:time-value="PT07H00M00S"/>'
    )
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{office}:manifest:1.0"/>')
        archive.writestr(
            "content.xml",
            f'<office:document-content xmlns:office="{office}:office:1.0" xmlns:table="{office}:table:1.0" '
            f'xmlns:text="{office}:text:1.0"><office:body><office:spreadsheet><table:table table:name="x">'
            f"<table:table-row>{texts_}</table:table-row><table:table-row>{values}</table:table-row>"
            "</table:table></office:spreadsheet></office:body></office:document-content>",
        )
    found = workbooks.read((tmp_path / "a.ods").read_bytes())
    assert [row for _, row in found.rows] == [["202301", "07:00"]]


def test_a_sheet_is_copied_with_its_own_row_numbers(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [["Título"], [], HEADING, [], [202301, "N", "A", "H"]]
    file = write_xlsx(tmp_path / "a.xlsx", {"Portada": [["Nada"]], "Datos": rows})
    copy = copies.of_workbook(str(file), file.read_bytes(), tmp_path, "Datos")
    with duckdb.connect() as connection:
        assert connection.execute(f"from read_parquet({literal(copy.path)})").fetchall() == [
            ("202301", "N", "A", "H", 5)
        ]


def test_sheets_that_a_pattern_names_are_one_table(tmp_path: Path) -> None:
    row: list[Cell] = [202301, "N", "A", "H"]
    sheets: dict[str, list[list[Cell]]] = {
        "Portada": [["Nada"], ["de nada"]],
        "Otoño": [HEADING, row],
        "Verano": [["Listado"], HEADING, row, row],
        # It lacks a column: what is read of it has an empty one, which the audit names.
        "Invierno": [HEADING[:3], row[:3]],
        "Leyenda": [["Código", "Qué es"], ["A", "abierto"]],
    }
    file = write_xlsx(tmp_path / "a.xlsx", sheets)
    copy = copies.of_workbook(str(file), file.read_bytes(), tmp_path, "*")
    with duckdb.connect() as connection:
        read = connection.execute(f"select hoja, fila, Horario from read_parquet({literal(copy.path)})")
        assert read.fetchall() == [
            ("Otoño", 2, "H"),
            ("Verano", 3, "H"),
            ("Verano", 4, "H"),
            ("Invierno", 2, None),
        ]
    alone = copies.of_workbook(str(file), file.read_bytes(), tmp_path, "O*")
    assert alone.columns == [*HEADING, "hoja"]
    with pytest.raises(ValueError, match=r"has no sheet X\* with a heading"):
        copies.of_workbook(str(file), file.read_bytes(), tmp_path, "X*")


def test_sheets_like_the_first_that_no_one_has_asked_for_are_named(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [HEADING, [202301, "N", "A", "H"]]
    file = write_xlsx(tmp_path / "a.xlsx", {"1": rows, "2": rows, "3": rows[:1], "4": [["x"], ["y"]]})
    content = file.read_bytes()
    assert copies.of_workbook(str(file), content, tmp_path).unread == ["2"]
    assert copies.of_workbook(str(file), content, tmp_path, "1").unread == []
    assert copies.of_workbook(str(file), content, tmp_path, "*").unread == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html><table><tr><td>1</td></tr></table></html>", "is a page of the web under a workbook's name"),
        (b"periodo,sede\n1,2\n", "is no workbook, or has a password"),
    ],
)
def test_what_is_no_workbook_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"The workbook x.xls {said}. Open it")):
        copies.of_workbook("x.xls", content, tmp_path)
    with pytest.raises(ValueError, match=r"has no sheet Notas\. It has: Datos"):
        copies.of_workbook("x.xls", XLS.read_bytes(), tmp_path, "Notas")
    with pytest.raises(ValueError, match="has no heading in row 99"):
        copies.of_workbook("x.xls", XLS.read_bytes(), tmp_path, None, 99)


def test_a_run_takes_the_same_for_a_workbook_and_for_nothing_as_init_source() -> None:
    """Jinja can't ask Python: what both state is held equal here."""
    macros = Path(__file__).parents[2] / "macros"
    assert tables._EMPTY in (macros / "landing.sql").read_text()
    assert str(list(workbooks.ENDINGS)) in (macros / "sources" / "files.sql").read_text()
