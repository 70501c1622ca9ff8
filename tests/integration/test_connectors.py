"""Every kind of source lands the very rows that a folder of Parquet files does."""

from pathlib import Path

import duckdb
import pytest

from flows.dbt.extensions import extension_file
from tests import sources
from tests.landing import Land, Rows, as_people_write, write_workbook
from tests.postgres import PASSWORD, Postgres

pytestmark = pytest.mark.slow


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


def test_a_server_of_files_cannot_name_one_elsewhere(
    land: Land, tables: sources.Tables, web: tuple[str, Path]
) -> None:
    url, folder = web
    sources.write({"programacion": tables["programacion"]}, folder)
    elsewhere = "cursos.x/../../../../../../../../tmp/aforo_elsewhere.csv"
    (folder / "files.txt").write_text(f"programacion.parquet\n{elsewhere}\n")
    assert land(url).query("select count(*) from landing.cursos") == [(0,)]
