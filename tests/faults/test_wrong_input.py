"""Input that is wrong: the exit code, what a person reads, and that nothing that was published is touched.

One good run publishes; then its source goes bad in one way after the other, on the same home.
"""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pytest

from tests import sources
from tests.harness import Institute, Outcome

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Published:
    """The institute after its good run, with that run's output and that of a second run at the same time."""

    institute: Institute
    first: Outcome
    meanwhile: Outcome
    record: dict[str, Any]


@pytest.fixture(scope="module")
def published(institute: Institute) -> Published:
    first = institute.start("run")
    assert first.stderr is not None
    said: list[str] = []
    while not any("[2/4 capture]" in line for line in said):
        line = first.stderr.readline()
        assert line, "the run ended before its capture"
        said.append(line)
    meanwhile = institute.aforo("run")
    out, err = first.communicate(timeout=600)
    good = Outcome(first.returncode, out, "".join(said) + err)
    return Published(institute, good, meanwhile, institute.records()[-1])


@pytest.fixture
def tables(published: Published) -> Iterator[sources.Tables]:
    """The tables of the good source, to be spoilt; afterwards the source is good again."""
    yield sources.institute()
    sources.write(sources.institute(), published.institute.source)


def refused(published: Published, *arguments: str) -> str:
    """Runs on the source as it is; sees that nothing was published or left behind; returns the message."""
    before = published.institute.fingerprint()
    outcome = published.institute.aforo("run", "--quiet", *arguments)
    assert outcome.exit_code == 1, outcome.err
    assert "Nothing was published; the forecast of " in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""
    assert published.institute.fingerprint() == before
    assert published.institute.leftovers() == []
    return outcome.err


def block_of(message: str, place: str) -> str:
    """The lines of a message that belong to the problem whose first line is `place`."""
    blocks = [block for block in message.split("\n\n") if block.strip().startswith(place)]
    assert len(blocks) == 1, f"{place!r} is not there once in:\n{message}"
    return blocks[0]


def test_the_good_run_publishes_and_counts_what_is_in_quarantine(published: Published) -> None:
    assert published.first.exit_code == 0, published.first.err
    assert "2 sections are in quarantine" in published.first.out
    assert "Forecast for 202507, 202508, 202509" in published.first.out
    assert published.institute.leftovers() == []
    assert published.record["status"] == "published"
    assert [step["state"] for step in published.record["steps"]] == ["done"] * 4


def test_the_line_to_try_works_when_pasted(published: Published) -> None:
    line = published.first.out.rsplit("Try:\n", 1)[1].strip()
    answer = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert all(sede in answer.stdout for sede in sources.SEDES)


def test_a_backtest_judges_and_publishes_nothing(published: Published) -> None:
    before = published.institute.fingerprint()
    outcome = published.institute.aforo("backtest", "--origins", "2", "--quiet")
    assert outcome.exit_code == 0, outcome.err
    heading, *rows = (line.split() for line in outcome.out.splitlines())
    assert heading == ["horizon", "model", "origins", "WAPE", "bias"]
    assert ["1", "aforo", "2"] in [row[:3] for row in rows]
    assert published.institute.fingerprint() == before


def test_a_second_run_at_the_same_time_is_refused(published: Published) -> None:
    assert published.meanwhile.exit_code == 1
    assert "is in use by process" in published.meanwhile.err
    assert "wait until it has ended" in published.meanwhile.err


def test_files_that_cannot_be_read(published: Published, tables: sources.Tables) -> None:
    source = published.institute.source
    tables["programacion"] = tables["programacion"].drop(columns="horario")
    sources.write(tables, source)
    (source / "cursos.parquet").write_text("curso_actual,nombre\nA1,this is no Parquet file\n")
    (source / "horarios.parquet").unlink()
    # Another encoding is read; a row that is too short is not, and is named where it stands.
    text = "horario;horario_actual;turno\nH1;H1;mañana\nH2;H2\nH3;H3;noche\n"
    (source / "horarios.csv").write_bytes(text.encode("latin-1"))

    message = refused(published)

    missing = block_of(message, "Table programacion")
    assert "column horario is required and missing" in missing
    assert str(source / "programacion.parquet") in missing
    assert "Add the column" in missing
    no_parquet = block_of(message, "cursos, ")
    assert str(source / "cursos.parquet") in no_parquet
    assert "is no Parquet file" in no_parquet
    assert "export it again" in no_parquet
    ragged = block_of(message, "horarios, ")
    assert f"{source / 'horarios.csv'}, row 2" in ragged
    assert "Expected Number of Columns: 3 Found: 2" in ragged
    assert "as many values as the header has" in ragged
    assert "`aforo run --offline` forecasts from the last good capture of this source" in message


def test_rows_that_are_wrong(published: Published, tables: sources.Tables) -> None:
    sections = tables["programacion"].astype({"matriculados": "object"})
    sections.loc[4, "matriculados"] = "doce"
    sections.loc[6, "matriculados"] = -3
    sections["matriculados"] = sections["matriculados"].astype(str)
    sections.loc[[8, 10], "periodo"] = 202313
    tables["programacion"] = sections
    tables["cursos"] = pd.concat([tables["cursos"], tables["cursos"].head(1)])
    file = published.institute.source / "programacion.parquet"
    sources.write(tables, published.institute.source)

    message = refused(published)

    lines = [line.strip() for line in message.splitlines()]
    wrong_type = lines.index(f"programacion, column matriculados, {file}, row 5")
    assert lines[wrong_type + 1] == "is no integer: 'doce'"
    assert lines[wrong_type + 2].startswith("-> correct the value")
    negative = lines.index(f"programacion, column matriculados, {file}, row 7")
    assert lines[negative + 1] == "is below 0: '-3'"
    calendar = lines.index(f"programacion, column periodo, {file}, rows 9, 11")
    assert lines[calendar + 1] == "is no month YYYYMM: '202313', …"
    assert "calendario" in lines[calendar + 2]
    duplicate = block_of(message, "cursos, column curso_actual")
    assert "rows 1, 7" in duplicate
    assert "the key is there 2 times: 'A1'" in duplicate
    assert "leave one row a key" in duplicate


def test_tables_that_are_missing(published: Published, tables: sources.Tables) -> None:
    del tables["programacion"], tables["cursos"]
    sources.write(tables, published.institute.source)
    message = refused(published)
    lost = block_of(message, "Table cursos is missing")
    assert "which delivered it before" in lost
    assert "Deliver it again" in lost
    assert "Table programacion is required and was not found" in message
    assert "Deliver " in message


def test_one_period_only(published: Published, tables: sources.Tables) -> None:
    sections = tables["programacion"]
    tables["programacion"] = sections[sections["periodo"] == sections["periodo"].max()]
    sources.write(tables, published.institute.source)
    block = block_of(refused(published), "programacion, column periodo")
    assert "all rows are of one period" in block
    assert "deliver at least two periods" in block


def test_a_source_folder_that_is_empty_or_missing(published: Published, tables: sources.Tables) -> None:
    source = published.institute.source
    sources.write({}, source)
    assert f"the source folder {source} is empty" in refused(published)
    missing = source.with_name("nowhere")
    message = refused(published, "--source", str(missing))
    assert f"the source folder {missing} does not exist" in message
    assert "--source or AFORO_SOURCE" in message
    assert list(tables) != []


def test_a_moment_before_the_first_capture(published: Published) -> None:
    message = refused(published, "--as-of", "2020-01-01")
    assert "nothing was captured yet at 2020-01-01" in message
    assert "after the first capture" in message


def test_offline_before_any_capture(published: Published) -> None:
    home = published.institute.home.with_name("new_home")
    outcome = replace(published.institute, home=home).aforo("run", "--offline")

    assert outcome.exit_code == 1
    assert f"nothing was captured yet in {home}" in outcome.err
    assert "run once without --offline" in outcome.err
