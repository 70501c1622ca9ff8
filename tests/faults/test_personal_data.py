"""A person's data in every place that a source has for it: it is refused, and nowhere written down or said.

One run meets, in each table, a value in another place; afterwards everything that the run wrote is searched.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests import sources
from tests.harness import Institute, Outcome

pytestmark = pytest.mark.slow

NAME, DOCUMENT, MAIL = "Zutanita Canario", "40302010", "zutanita@example.org"
# What none of the places may hold, in any case.
CANARIES = ("zutanita", "canario", "40302010")


@dataclass(frozen=True)
class Searched:
    """The institute after the run, and what it and `check-source` said."""

    institute: Institute
    run: Outcome
    check: Outcome

    def reason(self, table: str) -> str:
        """Why the table fell back."""
        reason: str = self.institute.records()[-1]["fallbacks"][table]
        return reason


@pytest.fixture(scope="module")
def searched(good: Institute, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searched]:
    """A run on a source in which every table but one holds the canary somewhere."""
    tables = sources.institute()
    sections = tables["programacion"].astype({"matriculados": "object"})
    sections.loc[5, "matriculados"] = f"{NAME} nueva"
    sections.loc[6, "estado"] = NAME
    tables["programacion"] = sections
    tables["cursos"]["ApellidoPaterno"] = NAME
    tables["vacantes_estandar"]["observacion"] = [*["-"] * (sources.MONTHS - 1), f"DNI {DOCUMENT}"]
    tables["equivalencia_cursos"].loc[0, "curso_actual"] = MAIL
    source = sources.write(tables, good.source, "csv")
    # A heading that is missing, a row that is too short, a mapping that fails on a value.
    (source / "minimos_apertura.csv").write_text(f"{NAME},{DOCUMENT},8\n202311,ADULTOS,8\n")
    (source / "horarios.csv").write_text(f"horario,horario_actual,turno\nH1,H1,\n{NAME},{MAIL}\n")
    mapping = tmp_path_factory.mktemp("mapping")
    (source / "datos.csv").write_text(f"mes,local\n202311,CENTRO\n{NAME},NORTE\n")
    query = 'select "mes"::int as periodo, "local" as sede, error("mes") as hora_apertura from entrega'
    (mapping / "sedes.sql").write_text(f"-- files: datos.csv\n{query}\n")
    asked = ("--mapping", str(mapping))
    check = good.aforo("check-source", *asked)
    yield Searched(good, good.aforo("run", *asked), check)
    for file in source.iterdir():
        file.unlink()
    sources.write(sources.institute(), good.source)


def test_a_persons_data_in_any_place(searched: Searched) -> None:
    """The table falls back; the value is in no message, record, log or file, nor in Prefect's database."""
    assert searched.run.exit_code == 0, searched.run.err
    for outcome in (searched.run, searched.check):
        for canary in CANARIES:
            assert canary not in (outcome.out + outcome.err).lower()
    homes = [searched.institute.home, Path(searched.institute.environment["PREFECT_HOME"])]
    files = [file for home in homes for file in home.rglob("*") if file.is_file()]
    assert any(file.name == "dbt.log" for file in files)
    found = [(str(file), c) for file in files for c in CANARIES if c.encode() in file.read_bytes().lower()]
    assert found == []


def test_a_persons_data_in_no_table(searched: Searched) -> None:
    # DuckDB may compress texts: a search of the file's bytes alone would not do.
    with duckdb.connect(
        str(searched.institute.home / "aforo_warehouse.duckdb"), read_only=True
    ) as connection:
        names = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
        for schema, table in names:
            for canary in CANARIES:
                query = f'select count(*) from "{schema}"."{table}" as t where contains(lower(t::varchar), ?)'
                assert connection.execute(query, [canary]).fetchone() == (0,), (schema, table, canary)


def test_what_is_said_instead_leads_to_the_value(searched: Searched) -> None:
    programacion = searched.reason("programacion")
    assert "programacion.csv, row 6" in programacion
    assert "is not a whole number: <text of 22 characters>" in programacion
    assert "<text of 16 characters>" in programacion
    assert "column ApellidoPaterno: a person's name or number" in searched.reason("cursos")
    documents = searched.reason("vacantes_estandar")
    assert "column observacion: its values look like documents or telephones (row 20 of" in documents
    assert "column curso_actual: its values look like e-mails (row 1 of" in searched.reason(
        "equivalencia_cursos"
    )
    assert "column periodo, programa, minimo_alumnos is required" in searched.reason("minimos_apertura")
    assert "It has: (a name of 16 characters), (a name of 8 characters), (a name of 1" in searched.check.out
    assert "horarios.csv, row 2" in searched.reason("horarios")
    assert "the mapping does not run" in searched.reason("sedes")
