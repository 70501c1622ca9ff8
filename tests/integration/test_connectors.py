"""Every kind of source lands the very rows that a folder of Parquet files does."""

import functools
import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from flows import child
from flows.dbt.extensions import extension_file
from flows.dbt.runner import AUDIT
from flows.project import contract_tables, version_variables
from tests import sources
from tests.postgres import PASSWORD, Postgres

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
Rows = list[tuple[Any, ...]]
LASTING = json.dumps(version_variables())


@dataclass(frozen=True)
class Landed:
    """What a landing left: its tables' rows without where they are from, and the warehouse to ask more."""

    warehouse: Path
    output: str

    def query(self, sql: str) -> Rows:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    @property
    def tables(self) -> dict[str, Rows]:
        landed = self.query("select table_name from duckdb_tables() where schema_name = 'landing'")
        return {
            name: self.query(f"select * exclude (archivo, fila) from landing.{name} order by all")
            for name in sorted(contract_tables())
            if (name,) in landed
        }


Land = Callable[..., Landed]


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Land]:
    """Lands a source with dbt alone, in a home of its own; its tests, the audit, must pass unless `fails`."""
    home = tmp_path_factory.mktemp("home")

    def run(source: Path | str, fails: bool = False, **environment: str) -> Landed:
        chosen = {"AFORO_SOURCE": str(source), "AFORO_HOME": str(home)}
        places = ["--target-path", str(home / "target"), "--log-path", str(home)]
        call = {
            "results": str(home / "results.json"),
            "arguments": [*AUDIT, *places, "--vars", LASTING],
            "environment": {**os.environ, **chosen, **environment},
        }
        dbt.write(json.dumps(call))
        output = ""
        for line in dbt.stdout or ():
            if line.startswith('{"ended"'):
                break
            output += line
        assert (json.loads(line)["ended"] != 0) == fails, output
        warehouse = tmp_path_factory.mktemp("landed") / "warehouse.duckdb"
        (home / "aforo_warehouse.duckdb").rename(warehouse)
        return Landed(warehouse, output)

    # dbt as `aforo` calls it, which is quicker than by hand.
    with child.running("flows.dbt.warm", [LASTING], stderr=None) as dbt:
        yield run


@pytest.fixture(scope="module")
def tables() -> sources.Tables:
    """The small institute, with what is hard to write as text: accents, a dash, fractions, moments, nulls."""
    tables = sources.institute()
    sections = tables["programacion"]
    moments = pd.Timestamp("2024-01-09 08:05:30") + pd.to_timedelta(range(len(sections)), unit="min")
    tables["programacion"] = sections.assign(
        sede=sections["sede"].replace("NORTE", "BREÑA"),
        aula=pd.Series(["Aula \u2013 1" if row % 2 else None for row in range(len(sections))]),
        fecha_creacion=moments.floor("s"),
    )
    return tables


@pytest.fixture(scope="module")
def expected(land: Land, tables: sources.Tables, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """What the Parquet folder lands."""
    landed = land(sources.write(tables, tmp_path_factory.mktemp("parquet"))).tables
    assert {name: len(rows) for name, rows in landed.items() if rows} == {
        name: len(table) for name, table in tables.items()
    }
    return landed


def as_people_write(table: pd.DataFrame) -> pd.DataFrame:
    """The table as a Spanish spreadsheet shows it: 8,5 and 09/01/2024 08:05:30 and sí."""
    shown = table.copy()
    for name in shown:
        if shown[name].dtype == float:
            shown[name] = shown[name].map(lambda value: f"{value}".replace(".", ","))
        elif shown[name].dtype.kind == "M":
            shown[name] = shown[name].dt.strftime("%d/%m/%Y %H:%M:%S")
        elif shown[name].dtype == bool:
            shown[name] = shown[name].map({True: "Sí", False: "no"})
    return shown


def write_workbook(table: pd.DataFrame, file: Path, title: str | None = None) -> None:
    """The table as an .xlsx of text cells, below a title if there is one."""
    with duckdb.connect() as connection:
        connection.execute(f"load '{extension_file('excel')}'")
        connection.register("written", table)
        heading = ", ".join(f"'{name}' as c{position}" for position, name in enumerate(table))
        body = ", ".join(f'"{name}"::varchar as c{position}' for position, name in enumerate(table))
        rows = f"select 2 as o, {heading} union all by name (select 3 as o, {body} from written)"
        if title:
            rows = f"select 1 as o, '{title}' as c0 union all by name {rows}"
        connection.execute(
            f"copy (select * exclude (o) from ({rows}) order by o) to '{file}' (format xlsx, header false)"
        )


@pytest.mark.parametrize(
    ("encoding", "separator", "decimal", "stated"),
    [
        ("utf-8-sig", ",", ".", ("UTF-8", ",", ".")),
        ("cp1252", ";", ",", ("windows-1252", ";", ",")),
        ("utf-16", "\t", ",", ("UTF-16", "tab", ",")),
    ],
)
def test_text_files_of_any_make(
    land: Land,
    tables: sources.Tables,
    expected: dict[str, Rows],
    tmp_path: Path,
    encoding: str,
    separator: str,
    decimal: str,
    stated: tuple[str, str, str],
) -> None:
    for name, table in tables.items():
        shown = as_people_write(table) if decimal == "," else table
        shown.to_csv(tmp_path / f"{name}.csv", sep=separator, encoding=encoding, index=False)
    landed = land(tmp_path)
    assert landed.tables == expected
    [horarios] = landed.query(
        "select codificacion, separador, decimal from landing.lecturas where tabla = 'horarios'"
    )
    assert horarios == stated


def test_files_of_one_table_may_differ(
    land: Land, tables: sources.Tables, expected: dict[str, Rows], tmp_path: Path
) -> None:
    sources.write(tables, tmp_path)
    (tmp_path / "programacion.parquet").unlink()
    folder = tmp_path / "programacion"
    folder.mkdir()
    makes = [("utf-8", ","), ("cp1252", ";"), ("utf-16", "\t")]
    for position, (month, rows) in enumerate(tables["programacion"].groupby("periodo")):
        encoding, separator = makes[position % 3]
        # The column that not every month has is null in the others.
        kept = rows if rows["aula"].notna().any() else rows.drop(columns="aula")
        kept.to_csv(folder / f"{month}.csv", sep=separator, encoding=encoding, index=False)
    (folder / "~$202401.csv").write_text("what a spreadsheet leaves while the file is open")
    landed = land(tmp_path)
    assert landed.tables == expected
    first, last = landed.query(
        """select parse_filename(archivo), min(fila), max(fila) from landing.programacion
        group by archivo order by archivo"""
    )[:2]
    months = tables["programacion"].groupby("periodo").size()
    assert first == (f"{months.index[0]}.csv", 1, months.iloc[0])
    assert last == (f"{months.index[1]}.csv", 1, months.iloc[1])


def test_workbooks_with_and_without_a_title(
    land: Land, tables: sources.Tables, expected: dict[str, Rows], tmp_path: Path
) -> None:
    for name, table in tables.items():
        title = "PROGRAMACIÓN ACADÉMICA" if name in ("programacion", "sedes") else None
        write_workbook(as_people_write(table), tmp_path / f"{name}.xlsx", title)
    landed = land(tmp_path)
    assert landed.tables == expected
    # The sheet's own rows: below the heading, and below the title and the heading.
    assert landed.query("select min(fila) from landing.cursos") == [(2,)]
    assert landed.query("select min(fila) from landing.sedes") == [(3,)]


def test_cells_that_excel_counts_as_days(land: Land, tables: sources.Tables, tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"load '{extension_file('excel')}'")
        connection.register("written", tables["programacion"].head(80))
        connection.execute(
            f"copy (from written) to '{tmp_path}/programacion.xlsx' (format xlsx, header true)"
        )
    landed = land(tmp_path)
    assert landed.query("select fecha_creacion from landing.programacion order by fila") == [
        (moment.to_pydatetime(),) for moment in tables["programacion"]["fecha_creacion"].head(80)
    ]


def test_a_duckdb_file(land: Land, tables: sources.Tables, expected: dict[str, Rows], tmp_path: Path) -> None:
    file = tmp_path / "academico.duckdb"
    with duckdb.connect(str(file)) as connection:
        for position, (name, table) in enumerate(tables.items()):
            connection.register("arriving", table)
            # A table, or a view on one elsewhere.
            connection.execute(f"create schema s{position}")
            connection.execute(f"create table s{position}.t as from arriving")
            if position % 2:
                connection.execute(f"create view {name} as from s{position}.t")
            else:
                connection.execute(f"alter table s{position}.t rename to {name}")
    assert land(file).tables == expected


def test_a_postgres_server(
    land: Land, tables: sources.Tables, expected: dict[str, Rows], postgres: Postgres
) -> None:
    postgres.load(tables)
    landed = land(postgres.url, PGPASSWORD=PASSWORD)
    assert landed.tables == expected
    assert landed.query("select distinct formato from landing.lecturas") == [("postgres",)]
    assert PASSWORD not in landed.output

    postgres.load({"programacion": tables["programacion"].head(100)}, schema="otra")
    other = land(f"{postgres.url}?schema=otra", PGPASSWORD=PASSWORD).tables
    assert {name: len(rows) for name, rows in other.items() if rows} == {"programacion": 100}


def test_a_password_in_the_url_is_refused_by_hand(land: Land, postgres: Postgres) -> None:
    url = postgres.url.replace("@", ":secreto@")
    landed = land(url, fails=True)
    assert "PGPASSWORD" in landed.output
    assert "secreto" not in landed.output


def test_a_locked_table_fails_alone(land: Land, tables: sources.Tables, postgres: Postgres) -> None:
    postgres.load(tables)
    with duckdb.connect() as holder:
        holder.execute(f"load '{extension_file('postgres_scanner')}'")
        holder.execute(f"attach '{postgres.admin_url}' as pg (type postgres)")
        holder.execute("begin")
        holder.execute("call postgres_execute('pg', 'lock table public.cursos in access exclusive mode')")
        url = f"{postgres.url}?options=-c%20lock_timeout%3D500"
        landed = land(url, fails=True, PGPASSWORD=PASSWORD)
        holder.execute("rollback")
    assert "lock timeout" in landed.output
    assert "cursos" not in landed.tables
    assert len(landed.tables["programacion"]) == len(tables["programacion"])


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A folder, and the address at which it is served on loopback."""
    folder = tmp_path / "web"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/entrega", folder / "entrega"
        server.shutdown()


def test_a_folder_on_the_web(
    land: Land, tables: sources.Tables, expected: dict[str, Rows], web: tuple[str, Path]
) -> None:
    url, folder = web
    sources.write(tables, folder)
    for name in ("cursos", "horarios"):
        (folder / f"{name}.parquet").unlink()
    tables["cursos"].to_csv(folder / "cursos.csv", sep=";", encoding="cp1252", index=False)
    write_workbook(as_people_write(tables["horarios"]), folder / "horarios.xlsx")
    (folder / "files.txt").write_text("\n".join(file.name for file in folder.iterdir()))
    assert land(url).tables == expected


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
    columns = ", ".join(names)
    with duckdb.connect() as connection:
        wanted = connection.execute(f"select {columns} from sections order by all").fetchall()

    # It lies in the source, so it is anyone's SQL: not run until its folder is named.
    refused = " ".join(land(tmp_path, fails=True).output.split())
    assert f"the source brings a mapping of its own, {tmp_path}/mapping/programacion.sql" in refused
    assert f"--mapping {tmp_path}/mapping" in refused

    landed = land(tmp_path, AFORO_MAPPING=str(tmp_path / "mapping"))
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


def test_a_server_of_files_cannot_name_one_elsewhere(
    land: Land, tables: sources.Tables, web: tuple[str, Path]
) -> None:
    url, folder = web
    sources.write({"programacion": tables["programacion"]}, folder)
    elsewhere = "cursos.x/../../../../../../../../tmp/aforo_elsewhere.csv"
    (folder / "files.txt").write_text(f"programacion.parquet\n{elsewhere}\n")
    assert land(url).query("select count(*) from landing.cursos") == [(0,)]


PERSONAL = {
    "correo": ("contacto", [f"persona{n}@example.com" for n in range(30)], "e-mails"),
    "dni": (
        "responsable",
        [f"{(n * 48271 * 7919) % 89_999_999 + 10_000_000}" for n in range(1, 400)],
        "document",
    ),
    "nombre": (
        "a_cargo",
        ["Pérez Soto, Juan", "QUISPE MAMANI MARIA", "Rosa Elena Díaz", "Carlos O'Higgins", "J. Ugarte"],
        "persons' names",
    ),
}


@pytest.mark.parametrize("kind", PERSONAL)
def test_values_that_are_persons_are_refused(
    land: Land, tables: sources.Tables, tmp_path: Path, kind: str
) -> None:
    column, values, said = PERSONAL[kind]
    sections = tables["programacion"]
    spoilt = sections.assign(**{column: [values[row % len(values)] for row in range(len(sections))]})
    landed = land(sources.write(tables | {"programacion": spoilt}, tmp_path), fails=True)
    output = " ".join(landed.output.split())
    assert f"Table programacion, column {column}: its values look like {said}" in output
    assert "programacion" not in landed.tables


def test_a_column_called_as_personal_data_is_refused_however_it_is_spelt(land: Land, tmp_path: Path) -> None:
    sections = sources.minimal()["programacion"].assign(**{"Correo Electrónico": "-"})
    output = land(sources.write({"programacion": sections}, tmp_path), fails=True).output
    assert "column Correo Electrónico: a person's name or number" in " ".join(output.split())


def test_one_value_in_any_row_and_column_is_enough(
    land: Land, tables: sources.Tables, tmp_path: Path
) -> None:
    """E-mails, and documents and telephones that say so: the row is named, and not the value."""
    values = {
        "nota1": "escribir a zutanita@example.org.",
        "nota2": "DNI 40302010",
        "nota3": "+51 987 654 321",
        "nota4": "RUT 12.345.678-5",
        "nota5": "123.456.789-09",
        "nota6": "GOMC850101HDFRRL09",
        "nota7": "Cédula: 0102030405",
        "matriculados": "Zutanita DNI 40302010",
        "aula": "cel. 987654321",
        "fecha_creacion": "zutanita@example.org",
    }
    # More rows than a sample would hold, and the values in the last ones.
    sections = pd.concat([tables["programacion"]] * 100, ignore_index=True).astype(object)
    count = len(sections)
    for position, (column, value) in enumerate(values.items()):
        if column not in sections:
            sections[column] = "-"
        sections.loc[count - 1 - position, column] = value
    source = sources.write({"programacion": sections}, tmp_path, "csv")
    output = " ".join(land(source, fails=True).output.split())
    for position, (column, value) in enumerate(values.items()):
        assert f"column {column}: its values look like" in output
        assert f"(row {count - position} of {source}/programacion.csv)" in output
        assert value not in output


def test_places_may_be_called_after_persons(land: Land, tables: sources.Tables, tmp_path: Path) -> None:
    persons = ["Miguel Grau", "José Olaya", "Jorge Chávez", "Francisco Bolognesi", "María Parado de Bellido"]
    count = len(tables["programacion"])
    named = [persons[row % 5] for row in range(count)]
    sections = tables["programacion"].assign(sede=named, aula=named, nivel=named)
    landed = land(sources.write({"programacion": sections}, tmp_path / "places"))
    assert len(landed.tables["programacion"]) == count
    given = ["Juan", "Rosa", "Luis", "Ana", "Pedro"]
    teachers = sections.assign(aula=[f"Soto, {given[row % 5]}" for row in range(count)])
    output = land(sources.write({"programacion": teachers}, tmp_path / "teachers"), fails=True).output
    assert "column aula: its values look like persons' names" in " ".join(output.split())


def test_values_that_only_resemble_persons_are_not(
    land: Land, tables: sources.Tables, tmp_path: Path
) -> None:
    count = len(tables["programacion"])

    def repeated(*values: str) -> list[str]:
        return [values[row % len(values)] for row in range(count)]

    sections = tables["programacion"].assign(
        seccion_id=[f"{10_000_000 + row * 977}" for row in range(count)],
        sede=repeated(
            "San Juan", "Jesús María", "Santa Rosa", "CENTRO", "Miraflores", "Daniel Alcides Carrión"
        ),
        aula=repeated("Aula José Olaya", "Sala María", "Lab. Daniel", "Pabellón Carlos", "A-101"),
        registro=[20_000_000 + row for row in range(count)],
        dia=[f"{20240101 + row % 28}" for row in range(count)],
        ingreso=[f"{1_500_000 + 37_000 * row}" for row in range(count)],
        descripcion=repeated(
            "Introducción al Inglés", "Basic One Diario", "Ana's Book Club", "Preparación TOEFL"
        ),
    )
    assert land(sources.write(tables | {"programacion": sections}, tmp_path)).tables["programacion"]
