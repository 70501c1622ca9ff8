"""What is a person's is refused, wherever it stands, and what only resembles it is not."""

from pathlib import Path

import pandas as pd
import pytest

from tests import sources
from tests.landing import Land

pytestmark = pytest.mark.slow

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


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("horario", "Juana Zutanita", "a person's name"),
        ("curso", "ZUTANITA CANARIO, ROSA (40302010)", "a person's name"),
        ("sede", "Juana  Zutanita", "a person's name"),
        ("aula", "40302010", "a document or telephone number"),
        ("curso", "40.302.010", "a document or telephone number"),
    ],
)
def test_what_is_typed_into_a_few_rows_of_a_place_or_a_slot(
    land: Land, tables: sources.Tables, tmp_path: Path, column: str, value: str, said: str
) -> None:
    """A person's name or number is refused there too: row and column are named, and not the value."""
    sections = tables["programacion"].assign(aula="A-101")
    sections.loc[[5, 6], column] = value
    landed = land(sources.write(tables | {"programacion": sections}, tmp_path), fails=True)
    output = " ".join(landed.output.split())
    assert f"Table programacion, column {column}: a value looks like {said} (row 6, 7 of" in output
    assert "programacion" not in landed.tables
    assert not [word for word in ("zutanita", "canario", "40302010", "302.010") if word in output.lower()]


def test_values_that_only_resemble_persons_are_not(
    land: Land, tables: sources.Tables, tmp_path: Path
) -> None:
    count = len(tables["programacion"])

    def repeated(*values: str) -> list[str]:
        return [values[row % len(values)] for row in range(count)]

    sections = tables["programacion"].assign(
        seccion_id=[f"{10_000_000 + row * 977}" for row in range(count)],
        # Rare ones too: places, and two hours.
        horario=["0700-0830", "1900 2030", "Turno Ana", *["07:00 - 08:30"] * (count - 3)],
        modalidad=["Sede Juan Pablo", *["PRESENCIAL"] * (count - 1)],
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
