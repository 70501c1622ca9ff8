"""Tables that go wrong while the rest of the source is sound: each falls back alone, and the run publishes.

After a good run the same source is run again; then one run meets a fault in each of several tables, and one a
loss that is accepted beside others. What they say, record and publish is asked fault by fault.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd
import pytest

from tests import sources
from tests.harness import Institute, Outcome

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Faulty:
    """The institute after a run on a faulty source: what it said, what it recorded, and the run before it."""

    institute: Institute
    outcome: Outcome
    record: dict[str, Any]
    forecast_before: list[Any]
    health: dict[str, dict[str, Any]]

    def reason(self, table: str) -> str:
        """Why the table fell back, the same in the record, the published mart and what was read."""
        assert self.health[table]["estado"] == "respaldo"
        motivo: str = self.health[table]["motivo_estado"]
        assert self.record["fallbacks"][table] == motivo
        assert motivo in self.outcome.out
        return motivo


def truncated(tables: sources.Tables, institute: Institute) -> None:
    """Writes the tables, the first half of programacion's file alone."""
    sources.write(tables, institute.source)
    file = institute.source / "programacion.parquet"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def run_on(institute: Institute, forecast_before: list[Any], *arguments: str) -> Faulty:
    outcome = institute.aforo("run", *arguments)
    assert outcome.exit_code == 0, outcome.err
    assert institute.leftovers() == []
    record = institute.records()[-1]
    assert record["status"] == "published"
    return Faulty(institute, outcome, record, forecast_before, institute.health())


@pytest.fixture(scope="module")
def again(good: Institute) -> tuple[dict[str, dict[str, Any]], Faulty]:
    """A run on the source of the run before it, and the health of that."""
    before = good.health()
    return before, run_on(good, good.forecast())


def test_yesterdays_file_again(again: tuple[dict[str, dict[str, Any]], Faulty]) -> None:
    """It is sound: captured as unchanged, and said to be so."""
    before, run = again
    assert run.institute.forecast() == run.forecast_before
    assert {state["estado"] for name, state in run.health.items() if name != "calendario"} == {"viva"}
    assert run.health["programacion"]["cambio_en"] == before["programacion"]["cambio_en"]
    assert run.health["programacion"]["capturada_en"] > before["programacion"]["capturada_en"]
    assert [step["state"] for step in run.record["steps"]][2:4] == ["unchanged", "unchanged"]


@pytest.fixture(scope="module")
def faulty(good: Institute, again: object) -> Iterator[Faulty]:  # noqa: ARG001
    """A run on a source in which every table but one has a fault of its own."""
    tables = sources.institute()
    tables["cursos"] = pd.concat([tables["cursos"], tables["cursos"].head(1)])
    tables["horarios"] = tables["horarios"].rename(columns={"horario_actual": "horario_de_hoy"})
    tables["minimos_apertura"] = tables["minimos_apertura"].assign(minimo_alumnos="ocho")
    tables["vacantes_estandar"] = tables["vacantes_estandar"].drop(columns="nivel")
    tables["sedes"] = tables["sedes"].head(0)
    tables["equivalencia_cursos"] = tables["equivalencia_cursos"].assign(comentario="una columna más")
    truncated(tables, good)
    yield run_on(good, good.forecast())
    sources.write(sources.institute(), good.source)


def test_keys_that_are_there_twice(faulty: Faulty) -> None:
    """The table falls back alone; the key and its rows are named."""
    reason = faulty.reason("cursos")
    assert "column curso_actual" in reason
    assert "the key is there 2 times: 'A1'" in reason


def test_a_column_that_is_renamed(faulty: Faulty) -> None:
    """The table falls back alone; the column that is missing is named."""
    reason = faulty.reason("horarios")
    assert "horario_actual is required and missing" in reason


def test_a_column_of_another_type(faulty: Faulty) -> None:
    """The table falls back alone; the column is named, and of a value that may be a person's the length."""
    reason = faulty.reason("minimos_apertura")
    assert "column minimo_alumnos" in reason
    assert "is not a whole number: <text of 4 characters>" in reason


def test_a_column_that_is_dropped(faulty: Faulty) -> None:
    """The table falls back alone; the column that is missing is named."""
    assert "nivel is required and missing" in faulty.reason("vacantes_estandar")


def test_a_column_that_is_added(faulty: Faulty) -> None:
    """It is ignored; the table is live."""
    assert faulty.health["equivalencia_cursos"]["estado"] == "viva"
    assert "equivalencia_cursos" not in faulty.record["fallbacks"]


def test_an_empty_table(faulty: Faulty) -> None:
    """Its rows are not captured as deleted: it falls back alone."""
    assert "there are 0 rows where the last good capture has 60" in faulty.reason("sedes")


def test_a_file_that_is_cut_in_the_middle(faulty: Faulty) -> None:
    """The table falls back alone; the file is named."""
    reason = faulty.reason("programacion")
    assert "programacion.parquet" in reason
    assert "is not a Parquet file, or it is cut off" in reason


def test_faults_in_six_tables_at_once(faulty: Faulty) -> None:
    """The forecast of their last captures is published; every row of it names the six."""
    assert faulty.institute.forecast() == faulty.forecast_before
    stamps = faulty.institute.published(
        "select distinct estado_fuente, tablas_respaldo from marts.prediccion_detalle"
    )
    assert stamps == [
        ("respaldo", "cursos, horarios, minimos_apertura, programacion, sedes, vacantes_estandar"),
    ]
    assert [step["state"] for step in faulty.record["steps"]] == [
        "done", "fallback", "unchanged", "unchanged", "done",
    ]  # fmt: skip
    assert "FALLBACK programacion: captured" in faulty.outcome.out


@pytest.fixture(scope="module")
def changed(good: Institute, faulty: Faulty) -> Iterator[Faulty]:
    """A run after the last period's counts were corrected and half of two tables lost, of one rightly."""
    tables = sources.institute()
    last = tables["programacion"]["periodo"] == 202506
    tables["programacion"].loc[last, "matriculados"] += 5
    tables["sedes"] = tables["sedes"].iloc[::2]
    tables["cursos"] = tables["cursos"].drop(columns="curso_siguiente")
    tables["minimos_apertura"] = tables["minimos_apertura"].iloc[1::2]
    sources.write(tables, good.source)
    yield run_on(good, faulty.forecast_before, "--accept", "minimos_apertura")
    sources.write(sources.institute(), good.source)


def test_half_of_the_rows(changed: Faulty) -> None:
    """They are not captured as deleted: the table falls back alone."""
    reason = changed.reason("sedes")
    assert "there are 30 rows where the last good capture has 60: more than 10 % are gone" in reason


def test_last_periods_counts_that_changed(changed: Faulty) -> None:
    """They are captured as a change, and the students expected follow; points may keep to the season."""
    warehouse = str(changed.institute.home / "aforo_warehouse.duckdb")
    with duckdb.connect(warehouse, read_only=True) as connection:
        cambios = connection.sql(
            """select arg_max(cambios, capturada_en) from landing.capturas where tabla = 'programacion'"""
        ).fetchone()
    assert cambios == (36,)
    assert changed.health["programacion"]["estado"] == "viva"
    [(expected,)] = changed.institute.published("select sum(media) from marts.prediccion_detalle")
    assert expected > 1.02 * sum(students for *_, students in changed.forecast_before)


def test_an_optional_column_that_is_gone(changed: Faulty) -> None:
    """It is not captured as empty, which would end the cohort flow: the table falls back alone."""
    reason = changed.reason("cursos")
    assert "column curso_siguiente" in reason
    assert "there are 0 values where the last good capture has 4" in reason


def test_losses_that_are_accepted(changed: Faulty) -> None:
    """With --accept they are captured as they are, and those of no other table."""
    assert changed.health["minimos_apertura"]["estado"] == "viva"
    assert changed.health["minimos_apertura"]["filas"] == 10
    assert set(changed.record["fallbacks"]) == {"sedes", "cursos"}


@pytest.fixture(scope="module")
def checked(good: Institute, changed: Faulty) -> Iterator[Outcome]:  # noqa: ARG001
    """What `check-source` says of sections of which a month is there twice, and a third has new codes."""
    tables = sources.institute()
    again = tables["programacion"][tables["programacion"]["periodo"] == 202501]
    again = again.assign(seccion_id="again-" + again["seccion_id"])
    codes = {"curso": {"A1": "A1-2025", "B1": "B1-2025"}}
    tables["programacion"] = pd.concat([tables["programacion"], again]).replace(codes)
    sources.write(tables, good.source)
    yield good.aforo("check-source")
    sources.write(sources.institute(), good.source)


def test_a_month_that_is_delivered_twice(checked: Outcome) -> None:
    """The table is refused, and the period is named."""
    assert checked.exit_code == 1
    assert (
        "there are 72 rows where the last good capture has 36: is the period there twice?: '202501'"
        in checked.out
    )


def test_a_code_without_mapping(good: Institute, checked: Outcome) -> None:
    """A few sections of unknown codes are set aside; where they are many, the mapping is at fault."""
    assert good.health()["programacion"]["en_cuarentena"] == 2
    states = dict(line.split()[:2] for line in checked.out.splitlines()[1:9])
    assert states["programacion"] == "refused"
    assert "sections have a code that no mapping knows: 'A1-2025'" in checked.out
