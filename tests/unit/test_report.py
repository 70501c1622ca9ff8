"""The report's content is the marts' own, and its page carries it whole."""

import json
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.report import content, library, page
from tests import published


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published.write(tmp_path_factory.mktemp("published") / "aforo_marts.duckdb")


@pytest.fixture(scope="module")
def data(marts: Path) -> dict[str, Any]:
    return content_of(marts)


def content_of(file: Path, change: str = "select 1") -> dict[str, Any]:
    with duckdb.connect(str(file), read_only=change == "select 1") as connection:
        connection.execute(change)
        return content.of(connection)


def row_of(columns: dict[str, Any], **wanted: object) -> dict[str, Any]:
    """The one row of columns with these values."""
    lists = {name: values for name, values in columns.items() if name in wanted or len(values)}
    places = [
        place
        for place in range(len(lists[next(iter(wanted))]))
        if all(lists[name][place] == value for name, value in wanted.items())
    ]
    assert len(places) == 1, (wanted, places)
    return {name: values[places[0]] for name, values in lists.items() if len(values) > places[0]}


def test_periods_are_the_known_and_the_forecast_ones(data: dict[str, Any]) -> None:
    assert data["periodos"]["periodo"] == [*range(202401, 202413), 202501, 202502, 202503, 202504]
    assert data["periodos"]["h"] == [None] * 14 + [1, 2]
    assert data["periodos"]["inicio"][14] == "2025-03-01"


def test_the_glance_has_the_last_period_and_the_last_year_beside(data: dict[str, Any]) -> None:
    first, second = data["resumen"]
    # Three cells of 25.25: the published sum, 75.75.
    assert (first["h"], first["alumnos"], first["banda"]) == (1, 76, [65.8, 85.8, 55.8, 95.8])
    # February 2025 is index 14: three cells of 23; March 2024 is index 3: two of 12.
    assert first["anterior"] == {"p": 13, "alumnos": 69, "secciones": 3}
    assert first["anio"] == {"p": 2, "alumnos": 24, "secciones": 2}
    assert second["anterior"] == first["anterior"]
    assert second["anio"]["alumnos"] == 26
    assert first["plan"] == {
        "secciones": 3, "vacantes": 60, "cancelaciones": 0.6, "rechazados": 12, "programadas": 6,
        "faltante": 0, "sobrante": 3, "abrir": 1, "abrir_menos": 0, "vigilar": 1, "unir": 1,
        "no_abrir": 0, "sin_decidir": 0, "falta": None,
    }  # fmt: skip


def test_heat_adds_up_to_the_students_expected(data: dict[str, Any]) -> None:
    heat = data["calor"]
    first = [n for n, h in zip(heat["alumnos"], heat["h"], strict=True) if h == 1]
    assert first == pytest.approx([25.2, 25.2, 25.2], abs=0.1)
    north = row_of(heat, h=1, sede=data["sedes"].index("NORTE"))
    assert data["horarios"]["nombre"][north["horario"]] == "10:00 - 11:30"
    assert (north["q10"], north["q90"]) == (15.2, 35.2)


def test_every_level_has_its_history_and_forecast(data: dict[str, Any]) -> None:
    series = data["series"]
    level = series["niveles"].index
    total = row_of(series, nivel=level("total"))
    assert total["alumnos"] == [2 * (9 + i) for i in range(1, 13)] + [66, 69]
    # media, q10, q90, q025, q975 of each horizon.
    assert total["pronostico"] == [75.8, 65.8, 85.8, 55.8, 95.8, 79.5, 69.5, 89.5, 59.5, 99.5]
    north, centre = data["sedes"].index("NORTE"), data["sedes"].index("CENTRO")
    cell = row_of(series, nivel=level("celda"), sede=north)
    assert (cell["desde"], cell["alumnos"], cell["pronostico"][:5]) == (12, [22, 23], [25.2, 16, 32, 10, 40])
    assert row_of(series, nivel=level("sede"), sede=centre)["alumnos"][-1] == 46
    assert row_of(series, nivel=level("sede_horario"), sede=north)["alumnos"] == [22, 23]


def test_bands_of_several_campuses_are_not_added_up(data: dict[str, Any]) -> None:
    series = data["series"]
    level = series["niveles"].index("programa")
    adults = row_of(series, nivel=level, programa=data["programas"].index("Adultos"))
    children = row_of(series, nivel=level, programa=data["programas"].index("Niños"))
    assert adults["pronostico"][:5] == [50.5, None, None, None, None]
    assert children["pronostico"][:5] == [25.2, 15.2, 35.2, 5.2, 45.2]


def test_plan_rows_carry_what_the_mart_says(data: dict[str, Any]) -> None:
    plan = data["plan"]
    row = row_of(plan, h=1, sede=data["sedes"].index("NORTE"))
    assert plan["acciones"][row["accion"]] == "vigilar"
    assert (row["alumnos"], row["secciones"], row["prob"], row["sobrante"]) == (25.2, 1, 81, 1)
    assert row["razon"] == "Razón de NORTE"


def test_accuracy_is_beside_the_best_simple_rule(data: dict[str, Any]) -> None:
    everything = row_of(data["exactitud"]["cortes"], corte="todo")
    assert (everything["wape"], everything["regla"], everything["sesgo"]) == (19.4, 22.6, 1.2)
    assert data["exactitud"]["regla"] == "flujo"
    assert row_of(data["exactitud"]["cortes"], valor="NORTE")["regla"] is None
    # The origin 202410, index 10: what was forecast is the period after it.
    assert data["exactitud"]["periodos"] == {
        "p": [10, 11, 12, 13], "real": [50, 51, 52, 53], "pronostico": [52, 54, 55, 56]
    }  # fmt: skip


def test_what_was_published_is_beside_what_came(data: dict[str, Any]) -> None:
    assert data["publicados"]["periodos"] == {
        "p": [13], "pronostico": [60], "real": [69], "error": [9], "dentro": [100]
    }  # fmt: skip
    assert len(data["publicados"]["fallos"]["sede"]) == 3


def test_sources_are_told_in_spanish_whatever_the_readers_language(
    marts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFORO_LANG", "en")
    absent = row_of(content_of(marts)["fuentes"], tabla="sedes")
    assert absent["motivo"].startswith("no entregada: ")


def test_it_stands_without_plan_accuracy_and_publications(tmp_path: Path) -> None:
    file = published.write(tmp_path / "aforo_marts.duckdb", plan=False)
    found = content_of(
        file,
        "delete from marts.exactitud; delete from marts.pronostico_y_real; delete from marts.dim_horarios",
    )
    assert (found["plan"], found["frontera"], found["resumen"][0]["plan"]) == (None, {}, None)
    assert found["exactitud"]["cortes"] == {
        name: [] for name in ("corte", "valor", "alumnos", "wape", "sesgo", "regla", "dentro", "origenes")
    }
    assert found["horarios"]["nombre"] == ["08:00 - 09:30", "10:00 - 11:30"]


def test_what_a_plan_lacks_is_said(tmp_path: Path) -> None:
    file = published.write(tmp_path / "aforo_marts.duckdb")
    found = content_of(
        file,
        "update marts.plan_apertura set accion = null, secciones = null, falta_dato = 'el mínimo'",
    )
    assert found["plan"]["h"] == []
    assert found["resumen"][0]["plan"]["falta"] == "el mínimo"
    assert found["resumen"][0]["plan"]["secciones"] is None


def test_names_end_no_element_of_the_page(data: dict[str, Any]) -> None:
    # A course of the fixture is called 'Adultos </script><b>1'.
    made = page.render(data, "library('</script>')")
    assert made.count("</script>") == 3
    found = re.search(r'<script type="application/json" id="datos">(.*?)</script>', made, re.DOTALL)
    assert found is not None
    assert json.loads(found[1]) == data


def test_the_page_names_nothing_outside_of_it(data: dict[str, Any]) -> None:
    made = page.render(data, "")
    addresses = set(re.findall(r"""(?:src|href)=["']([^"'#]+)""", made))
    assert addresses == {"data:,"}
    assert "url(" not in made
    assert "@import" not in made


def test_the_library_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "PROJECT", tmp_path)
    monkeypatch.setattr(library, "_SCRIPT", "print('made', end='')")
    assert library.script() == "made"
    monkeypatch.setattr(library, "_SCRIPT", "raise SystemExit(1)")
    assert library.script() == "made"
