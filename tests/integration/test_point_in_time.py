"""What was known at a moment can be rebuilt, whatever came later; a vacuum takes nothing published from it.

One institute's story: a first forecast; a capture that nothing was published from; a second forecast after
corrections; a third after more of them.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml

from flows.dbt.runner import AUDIT, Dbt, Variables, capture_of
from flows.project import contract_tables, schema_of, version_variables
from flows.settings import resolve
from tests import sources
from tests.harness import Institute

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# What says which run made a row, not what it says.
OF_THE_RUN = ("run_id", "estado_fuente", "datos_al", "as_of", "git_commit", "tablas_respaldo")
CORRECTED, GONE_AND_BACK, ADDED = "202408-NORTE-A1-0", "202503-CENTRO-B1-1", "202506-NORTE-A1-9"
# Positions in the contract's programacion.
SECCION_ID, MATRICULADOS = 0, 10

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Moment:
    """What was forecast at a publication, from what, and when that was captured and published."""

    forecast: dict[str, Rows]
    raw: dict[str, Rows]
    datos_al: str
    published_at: str


@dataclass(frozen=True)
class Story:
    """The institute after its three forecasts, what each was, and when the unpublished capture was made."""

    institute: Institute
    dbt: Dbt
    first: Moment
    unpublished_at: str
    second: Moment
    third: Moment


@pytest.fixture(scope="module")
def story(good: Institute) -> Iterator[Story]:
    institute = good
    tables = sources.institute()
    first = moment(institute)
    with Dbt() as dbt:
        sources.write(unpublished(tables), institute.source)
        call(dbt, institute, AUDIT, run_id="unpublished")
        call(dbt, institute, capture_of(list(contract_tables())), run_id="unpublished")
        latest = "select max(capturada_en)::varchar from landing.capturas"
        unpublished_at = query(institute.home, latest)[0][0]
        sources.write(corrected(tables), institute.source)
        second = published(institute)
        sources.write(corrected_again(tables), institute.source)
        yield Story(institute, dbt, first, unpublished_at, second, published(institute))


def unpublished(tables: sources.Tables) -> sources.Tables:
    """A count that nobody published anything from."""
    return {**tables, "programacion": with_students(tables["programacion"], 77)}


def corrected(tables: sources.Tables) -> sources.Tables:
    """A past count corrected, a course renamed, a section gone, another one there."""
    sections = with_students(tables["programacion"], 31)
    added = sections[sections["seccion_id"] == "202506-NORTE-A1-0"].assign(seccion_id=ADDED, matriculados=9)
    sections = pd.concat([sections[sections["seccion_id"] != GONE_AND_BACK], added])
    renamed = {"A3": "A3N"}
    return {
        **tables,
        "programacion": sections,
        "cursos": tables["cursos"].replace({"curso_actual": renamed, "curso_siguiente": renamed}),
        "equivalencia_cursos": tables["equivalencia_cursos"].replace({"curso_actual": renamed}),
    }


def corrected_again(tables: sources.Tables) -> sources.Tables:
    """The count corrected once more, the section that was gone is back, the added one gone."""
    return {**corrected(tables), "programacion": with_students(tables["programacion"], 12)}


def with_students(sections: pd.DataFrame, students: int) -> pd.DataFrame:
    """The sections with another count in CORRECTED."""
    return sections.assign(
        matriculados=sections["matriculados"].mask(sections["seccion_id"] == CORRECTED, students)
    )


def published(institute: Institute, *flags: str) -> Moment:
    """Runs `aforo`, which must publish, and reads what it forecast and what it stood on."""
    outcome = institute.aforo("run", *flags)
    assert outcome.exit_code == 0, outcome.err
    return moment(institute)


def moment(institute: Institute) -> Moment:
    """What the last run forecast and what it stood on."""
    file = institute.home / "published" / "aforo_marts.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        forecast = {
            mart: connection.execute(
                f"select columns(c -> c not in {OF_THE_RUN}) from marts.{mart} order by all"
            ).fetchall()
            for mart in ("prediccion_alumnos", "prediccion_detalle")
        }
        [(datos_al,)] = connection.execute(
            "select distinct datos_al::varchar from marts.prediccion_detalle"
        ).fetchall()
    assert all(forecast.values())
    manifest = json.loads((institute.home / "published" / "manifest.json").read_text())
    return Moment(forecast, raw(institute.home), datos_al, manifest["published_at"])


def raw(home: Path) -> dict[str, Rows]:
    """The raw tables, as the last run left their views."""
    schema = schema_of("raw")
    return {table: query(home, f"from {schema}.{table} order by all") for table in contract_tables()}


def raw_as_of(story: Story, moment: str) -> dict[str, Rows]:
    """The raw tables as of a moment, by dbt alone."""
    call(story.dbt, story.institute, ["run", "--select", "path:models/raw"], as_of=moment)
    return raw(story.institute.home)


def query(home: Path, sql: str) -> Rows:
    """What the warehouse answers."""
    with duckdb.connect(str(home / "aforo_warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def call(dbt: Dbt, institute: Institute, arguments: list[str], **of_run: str) -> None:
    """dbt alone, as `aforo` calls it."""
    asked = resolve(str(institute.source), str(institute.home))
    result = dbt.run(arguments, asked, Variables(version_variables(), dict(of_run)))
    assert result.ok, result


def sections_of(state: dict[str, Rows]) -> dict[str, int]:
    """Students of the sections that the story is about."""
    students = {row[SECCION_ID]: row[MATRICULADOS] for row in state["programacion"]}
    return {name: students[name] for name in (CORRECTED, GONE_AND_BACK, ADDED) if name in students}


def test_the_three_forecasts_differ(story: Story) -> None:
    students = [sections_of(moment.raw) for moment in (story.first, story.second, story.third)]
    assert [set(sections) for sections in students] == [
        {CORRECTED, GONE_AND_BACK},
        {CORRECTED, ADDED},
        {CORRECTED, GONE_AND_BACK},
    ]
    assert [sections[CORRECTED] for sections in students][1:] == [31, 12]
    assert story.first.forecast != story.second.forecast != story.third.forecast
    assert {row[2] for row in story.first.forecast["prediccion_alumnos"]} & {"A3", "A3N"} == {"A3"}
    assert {row[2] for row in story.second.forecast["prediccion_alumnos"]} & {"A3", "A3N"} == {"A3N"}


def test_the_published_file_says_what_its_tables_and_columns_are(story: Story) -> None:
    silent = """select table_name from duckdb_tables() where schema_name = 'marts' and comment is null
        union all
        select table_name || '.' || column_name from duckdb_columns()
        where schema_name = 'marts' and comment is null"""
    assert story.institute.published(silent) == []


def test_every_moment_is_there_as_it_was(story: Story) -> None:
    # datos_al is when programacion was captured: the tables captured after it in that run belong to it.
    assert raw_as_of(story, story.first.datos_al) == story.first.raw
    assert raw_as_of(story, story.second.published_at) == story.second.raw
    between = raw_as_of(story, story.unpublished_at)
    assert sections_of(between)[CORRECTED] == 77


def test_what_changed_is_listed(story: Story) -> None:
    changes = query(
        story.institute.home,
        """select seccion_id, tipo, matriculados_antes, matriculados_despues, columnas
        from marts.cambios_programacion order by seccion_id, cambiado_en""",
    )
    before = sections_of(story.first.raw)
    assert changes == [
        (CORRECTED, "cambiada", before[CORRECTED], 77, "matriculados"),
        (CORRECTED, "cambiada", 77, 31, "matriculados"),
        (CORRECTED, "cambiada", 31, 12, "matriculados"),
        (GONE_AND_BACK, "borrada", before[GONE_AND_BACK], None, None),
        (GONE_AND_BACK, "repuesta", None, before[GONE_AND_BACK], None),
        (ADDED, "nueva", None, 9, None),
        (ADDED, "borrada", 9, None, None),
    ]


def examples() -> dict[str, list[str]]:
    """mart -> the queries of its description: what is indented there."""
    files = sorted((ROOT / "models" / "marts").glob("*.yml"))
    models = [model for file in files for model in yaml.safe_load(file.read_text()).get("models", [])]
    return {
        model["name"]: re.findall(r"(?:^    .*\n|(?<=\n)\n(?=    ))+", model["description"], flags=re.M)
        for model in models
    }


def test_the_example_queries_of_the_marts_run(story: Story) -> None:
    published_file = story.institute.home / "published" / "aforo_marts.duckdb"
    with duckdb.connect(str(published_file), read_only=True) as connection:
        for mart, queries in examples().items():
            assert queries, mart
            for query in queries:
                connection.execute(query)


@pytest.mark.parametrize("page", ["querying.md", "point_in_time.md", "guia.md"])
def test_the_queries_of_the_docs_run(story: Story, page: str) -> None:
    blocks = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / page).read_text(), flags=re.DOTALL)
    assert blocks
    published_file = story.institute.home / "published" / "aforo_marts.duckdb"
    for block in blocks:
        file = story.institute.home / "aforo_warehouse.duckdb" if "snapshots." in block else published_file
        with duckdb.connect(str(file), read_only=True) as connection:
            for statement in connection.extract_statements(block):
                connection.execute(statement)


def test_a_vacuum_keeps_what_was_published_and_refuses_what_is_gone(story: Story) -> None:
    """A moment that it keeps gives the forecast of then, whatever was captured and folded since."""
    before = story.institute.fingerprint()
    vacuumed = story.institute.aforo("vacuum", "--keep-days", "0", "--json")
    assert vacuumed.exit_code == 0, vacuumed.err
    sections = json.loads(vacuumed.out)["tables"]["programacion"]
    # The count of the capture that nothing was published from.
    assert sections["before"] - sections["after"] == 1
    assert story.institute.fingerprint() == before

    refused = story.institute.aforo("run", "--as-of", story.unpublished_at)
    assert refused.exit_code == 1
    assert "`aforo vacuum` has folded the history" in refused.err
    assert "or one of the published forecasts: 20" in refused.err
    assert story.institute.fingerprint() == before

    assert raw_as_of(story, story.second.datos_al) == story.second.raw
    rebuilt = published(story.institute, "--as-of", story.first.datos_al)
    assert rebuilt.raw == story.first.raw
    assert rebuilt.forecast == story.first.forecast
    listed = query(story.institute.home, "select count(*) from marts.cambios_programacion")
    assert listed == [(0,)]
