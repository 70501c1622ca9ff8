"""What is recognised in a source, and the mapping that is drafted from it."""

from pathlib import Path

import duckdb
import pytest

from flows.commands import init_source
from flows.dbt.extensions import extension_file
from flows.errors import AforoError
from flows.settings import resolve

EXPORT = """
select * from (values
    ('Ciclo', 'Local', 'Código de Curso', 'Horario', 'Cant. Matriculados', 'Situación'),
    ('202501', 'NORTE', 'A1', '07:00', '12', 'Cur. Cerrado'),
    ('202502', 'NORTE', 'A1', '07:00', '9', 'Cur. Cancelado'),
    ('202502', 'NORTE', 'A2', '07:00', '9', 'En revisión')
) as t (a, b, c, d, e, f)
"""


def looked_at(source: Path) -> tuple[list[init_source.Found], list[init_source.Match]]:
    found = init_source.look(resolve(str(source)))
    return found, init_source.match(found)


def write_workbook(file: Path, title: bool) -> None:
    above = "select 'Reporte de programación' as a union all by name" if title else ""
    with duckdb.connect() as connection:
        connection.execute(f"load '{extension_file('excel')}'")
        connection.execute(f"copy ({above} {EXPORT}) to '{file}' (format xlsx, header false)")


@pytest.mark.parametrize(("title", "row"), [(False, 1), (True, 2)])
def test_a_workbook_of_an_export(tmp_path: Path, title: bool, row: int) -> None:
    for month in ("202501", "202502"):
        write_workbook(tmp_path / f"{month}.xlsx", title)
    [found], [match] = looked_at(tmp_path)
    assert found.leads == ("-- files: *.xlsx", f"-- header_row: {row}")
    assert match.table == "programacion"
    assert match.columns == {
        "periodo": "Ciclo",
        "sede": "Local",
        "curso": "Código de Curso",
        "horario": "Horario",
        "estado": "Situación",
        "matriculados": "Cant. Matriculados",
    }
    drafted = init_source.draft(match)
    assert "when 'Cur. Cerrado' then 'cerrado'\n" in drafted
    assert "when 'En revisión' then 'En revisión'  -- not recognised" in drafted
    entrega = "(select *, 'x' as archivo, 1 as fila from (select {}))".format(
        ", ".join(f'null as "{column}"' for column in found.columns)
    )
    with duckdb.connect() as connection:
        answer = connection.execute(f"with entrega as {entrega} select * from ({drafted})").description
    assert [column[0] for column in answer][:2] == ["periodo", "sede"]


def test_a_required_column_that_is_not_there_is_left_to_fill_in(tmp_path: Path) -> None:
    (tmp_path / "programacion.csv").write_text("periodo;sede;curso;horario\n202501;N;A1;07:00\n")
    [match] = looked_at(tmp_path)[1]
    assert match.missing == ["matriculados"]
    assert "-- Required and not recognised" in init_source.draft(match)
    assert "null as matriculados" in init_source.draft(match)


def test_tables_as_the_contract_has_them_need_no_mapping(tmp_path: Path) -> None:
    (tmp_path / "cursos.csv").write_text("curso_actual,nombre,color\nA1,Uno,rojo\n")
    matches = looked_at(tmp_path)[1]
    assert [(match.table, match.is_contract) for match in matches] == [("cursos", True)]
    assert init_source.write(matches, tmp_path / "mapping") == []
    assert not (tmp_path / "mapping").exists()


def test_a_database_and_a_draft_that_is_there_already(tmp_path: Path) -> None:
    file = tmp_path / "academico.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema acad")
        connection.execute(
            "create table acad.secciones as "
            "select 1 as ciclo, 'N' as local, 'A' as curso, 'H' as horario, 3 as alumnos"
        )
    matches = looked_at(file)[1]
    folder = tmp_path / "mapping"
    [(path, new)] = init_source.write(matches, folder)
    assert new
    assert path.read_text().startswith("-- table: acad.secciones\nselect\n")
    path.write_text("mine")
    assert init_source.write(matches, folder) == [(path, False)]
    assert path.read_text() == "mine"


STRANGE = 'a\'; drop table x; -- "b", [c] *'


def test_names_with_quotes_and_patterns_are_names(tmp_path: Path) -> None:
    heading = 'Ciclo,Local,"Código ""de"" Curso",curso,Horario,alumnos,Situación'
    row = '202501,N,A1,A1,07:00,3,"o\'clock"'
    folder = tmp_path / STRANGE
    folder.mkdir()
    (folder / f"{STRANGE}.csv").write_text(f"{heading}\n{row}\n")
    (folder / "a'; drop table x; -- c.csv").write_text("other\n1\n")
    [match] = looked_at(folder)[1]
    assert match.columns["curso"] == "curso"
    # The comma that separates patterns is one sign, any; the rest is as it is called.
    assert match.found.leads == ('-- files: a\'; drop table x; -- "b"? [[]c] [*].csv',)
    assert "when 'o''clock'" in init_source.draft(match)

    file = tmp_path / f"academico {STRANGE}.duckdb"
    with duckdb.connect(str(file)) as connection:
        quoted = '"' + STRANGE.replace('"', '""') + '"'
        connection.execute(f"create schema {quoted}")
        connection.execute(f"create table {quoted}.{quoted} as select 1 as {quoted}, 2 as periodo")
    assert looked_at(file)[0][0].columns == (STRANGE, "periodo")


def test_a_view_of_a_file_reads_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "academico.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create view cursos as select content as estado from read_text('/etc/hostname')")
    with pytest.raises(AforoError, match="can't be read: Permission Error"):
        init_source.look(resolve(str(file)))


def test_what_may_be_a_persons_is_neither_said_nor_drafted(tmp_path: Path) -> None:
    (tmp_path / "programacion.csv").write_text(
        "periodo,sede,curso,horario,alumnos,estado\n1,N,A,H,1,Juan Soto\n"
    )
    found, matches = looked_at(tmp_path)
    assert "Juan" not in init_source.draft(matches[0])
    (tmp_path / "programacion.csv").write_text("202501,Juan Soto,12345678\n202502,Rosa Soto,12345679\n")
    found, matches = looked_at(tmp_path)
    said = "\n".join(init_source.as_text(resolve(str(tmp_path)), found, matches, []))
    assert "Juan" not in said
    assert "12345678" not in said


def test_a_source_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AforoError, match="has no table"):
        init_source.look(resolve(str(tmp_path)))
    with pytest.raises(AforoError, match="can't be read"):
        init_source.look(resolve(str(tmp_path / "none.duckdb")))
