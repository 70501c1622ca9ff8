"""What a source and its mapping bring is the SQL and names of others: it gives rows, with no say beyond."""

from pathlib import Path

import duckdb
import pytest

from tests import sources
from tests.landing import Cell, Land, Rows, as_people_write, write_workbook, write_xlsx
from tests.postgres import PASSWORD, Postgres

pytestmark = pytest.mark.slow

MAPPING = """-- files: meses/*.xlsx
-- sheet: Sheet1
-- header_row: 2
select
    "Código" as seccion_id, "Ciclo" as periodo, "Local" as sede, "Cód. Curso" as curso, "Hora" as horario,
    "Cant. Matriculados" as matriculados, split_part("Estado", '. ', 2) as estado, archivo, fila
from entrega;
"""


def test_a_mapping_turns_an_export_into_the_contract(
    land: Land, tables: sources.Tables, tmp_path: Path
) -> None:
    sections = tables["programacion"]
    names = {
        "seccion_id": "Código", "periodo": "Ciclo", "sede": "Local", "curso": "Cód. Curso", "horario": "Hora",
        "matriculados": "Cant. Matriculados", "estado": "Estado",
    }  # fmt: skip
    export = sections[list(names)].rename(columns=names)
    export["Estado"] = "Cur. " + export["Estado"]
    # What the mapping does not select stays out, whoever it names.
    export["Docente"] = "Pérez Soto, Juan"
    (tmp_path / "meses").mkdir()
    for month, rows in export.groupby("Ciclo"):
        write_workbook(rows, tmp_path / "meses" / f"{month}.xlsx", "Reporte")
    (tmp_path / "mapping").mkdir()
    (tmp_path / "mapping" / "programacion.sql").write_text(MAPPING)
    # A sheet for each line of courses, say.
    half = len(tables["cursos"]) // 2
    codes: list[list[Cell]] = [[code] for code in tables["cursos"]["curso_actual"]]
    heading: list[list[Cell]] = [["curso_actual"]]
    sheets: dict[str, list[list[Cell]]] = {
        "Inglés": heading + codes[:half],
        "Notas": [["x"]],
        "Francés": heading + codes[half:],
    }
    write_xlsx(tmp_path / "cursos.xlsx", sheets)
    (tmp_path / "mapping" / "cursos.sql").write_text("-- files: cursos.xlsx\n-- sheet: *\nfrom entrega\n")
    columns = ", ".join(names)
    with duckdb.connect() as connection:
        wanted = connection.execute(f"select {columns} from sections order by all").fetchall()

    # It lies in the source, so it is anyone's SQL: not run until its folder is named.
    refused = " ".join(land(tmp_path, fails=True).output.split())
    assert f"the source brings a mapping of its own, {tmp_path}/mapping/programacion.sql" in refused
    assert f"--mapping {tmp_path}/mapping" in refused

    (tmp_path / "mapping" / "cursos.sql").rename(tmp_path / "cursos.sql")
    refused = " ".join(land(tmp_path, fails=True).output.split())
    assert "cursos.xlsx has 1 more sheets with the heading of the first, such as Francés" in refused

    (tmp_path / "cursos.sql").rename(tmp_path / "mapping" / "cursos.sql")
    landed = land(tmp_path, AFORO_MAPPING=str(tmp_path / "mapping"))
    read = landed.query("select curso_actual from landing.cursos order by all")
    assert read == sorted((code,) for [code] in codes)
    assert landed.query(f"select {columns} from landing.programacion order by all") == wanted
    assert landed.query("select min(fila), count(distinct archivo) from landing.programacion") == [(3, 20)]


def test_a_mapping_on_a_database(
    land: Land, tables: sources.Tables, postgres: Postgres, tmp_path: Path
) -> None:
    postgres.load({"secciones": tables["programacion"], "notas": tables["cursos"]}, schema="academico")
    columns = "periodo, sede, curso, horario, matriculados"
    (tmp_path / "programacion.sql").write_text(
        f"-- table: academico.secciones\nselect {columns} from entrega"
    )
    (tmp_path / "cursos.sql").write_text(
        "select n.curso_actual, count(*) as duracion_meses from instituto.academico.notas as n group by all"
    )
    # A mapping sees the tables that it names, not the server: none of its functions.
    (tmp_path / "horarios.sql").write_text("from postgres_query('instituto', 'select 1 as horario')")
    landed = land(postgres.url, fails=True, PGPASSWORD=PASSWORD, AFORO_MAPPING=str(tmp_path))
    assert 'name "postgres_query" is not in the catalog' in " ".join(landed.output.split())
    assert len(landed.tables["programacion"]) == len(tables["programacion"])
    assert landed.query("select distinct archivo from landing.programacion") == [
        (str(tmp_path / "programacion.sql"),)
    ]
    assert landed.query("select count(*), max(duracion_meses), max(fila) from landing.cursos") == [(6, 1, 6)]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("select 1; drop table x", "is not one select"),
        ("delete from entrega", "is not one select: only a select"),
        ("selec 1", "is not one select: syntax error"),
        ("-- files: nada*.csv\nselect * from entrega", "no file in"),
        ("-- files: ../*.csv\nselect * from entrega", "a folder outside of the source"),
        ("-- header_row: dos\nselect * from entrega", "header_row is not a row number"),
    ],
)
def test_a_mapping_that_is_none(land: Land, tmp_path: Path, mapping: str, said: str) -> None:
    sources.write(sources.minimal(), tmp_path / "source")
    folder = tmp_path / "mapping"
    folder.mkdir()
    (folder / "programacion.sql").write_text(mapping)
    landed = land(tmp_path / "source", fails=True, AFORO_MAPPING=str(folder))
    output = " ".join(landed.output.split())
    assert said in output
    assert f"Mapping file {folder / 'programacion.sql'}" in output


STRANGE = "we[ird]* 'q' \"x\" {{ none() }}; drop table x; --"


def test_names_are_data(
    land: Land, tables: sources.Tables, expected: dict[str, Rows], tmp_path: Path
) -> None:
    """Neither SQL nor a pattern nor a template, whatever folder, files and columns are called."""
    source = sources.write(tables, tmp_path / STRANGE)
    for file in ("horarios", "cursos", "programacion"):
        (source / f"{file}.parquet").unlink()
    slots = tables["horarios"].assign(**{STRANGE: "x"})
    slots.to_csv(source / "horarios.csv", index=False, encoding="cp1252")
    write_workbook(as_people_write(tables["cursos"]), tmp_path / "cursos.xlsx")
    (tmp_path / "cursos.xlsx").rename(source / "cursos.xlsx")
    sections = tables["programacion"].assign(**{STRANGE: "x", "\"; '": "y"})
    (source / "programacion").mkdir()
    # Read as patterns, the second would match the third; '#' is no part of an address, '=' no partition.
    names = [f"{STRANGE}.csv", "c[1].csv", "c1.csv", "d#1.csv", "d#2.csv", "sede=OTRA.csv"]
    for position, name in enumerate(names):
        part = sections.iloc[position :: len(names)]
        encoding = "cp1252" if "#" in name else "utf-8"
        # The dash is in both, and in windows-1252 no byte of UTF-8.
        part.to_csv(source / "programacion" / name, index=False, encoding=encoding)

    landed = land(source)

    assert landed.tables == expected
    read = landed.query("select parse_filename(archivo) from landing.lecturas where tabla = 'programacion'")
    assert sorted(read) == sorted((name,) for name in names)


def test_a_database_has_no_say_beyond_its_rows(land: Land, tables: sources.Tables, tmp_path: Path) -> None:
    """Views of a DuckDB file with SQL that reaches for more, and columns with quotes in their names."""
    file = tmp_path / f"{STRANGE}.duckdb"
    written = tmp_path / "written.csv"
    with duckdb.connect(str(file)) as connection:
        connection.register("arriving", tables["programacion"].assign(**{STRANGE: "x"}))
        connection.execute("create table programacion as from arriving")
        # A view is bound where it is read: here this is a function, there it would be the project's.
        connection.create_function("aforo_attach", lambda _: True, ["VARCHAR"], "BOOLEAN")
        reach = f"aforo_attach('copy (select 1) to ''{written}''')"
        connection.execute(f"create view cursos as select 'A1' as curso_actual where {reach}")
        connection.execute("create view sedes as select content as sede from read_text('/etc/hostname')")
    landed = land(file, fails=True)
    assert not written.exists()
    assert len(landed.tables["programacion"]) == len(tables["programacion"])
    assert "cursos" not in landed.tables
    assert "sedes" not in landed.tables
