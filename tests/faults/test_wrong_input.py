"""Input that is wrong where there is nothing to fall back on: what a person reads; nothing is published.

One good run publishes, for what is asked of its home; the wrong input meets a home of its own.
"""

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
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
def published(good: Institute) -> Published:
    first = good.start("run")
    assert first.stderr is not None
    said: list[str] = []
    while not any("[2/5 audit]" in line for line in said):
        line = first.stderr.readline()
        assert line, "the run ended before its capture"
        said.append(line)
    meanwhile = good.aforo("run")
    out, err = first.communicate(timeout=600)
    outcome = Outcome(first.returncode, out, "".join(said) + err)
    return Published(good, outcome, meanwhile, good.records()[-1])


def before_its_first_run(institute: Institute, folder: Path) -> Institute:
    """The small institute with a home of its own and a source to spoil."""
    source = sources.write(sources.institute(), folder / "source")
    return replace(institute, source=source, home=folder / "home")


@pytest.fixture
def newcomer(institute: Institute, tmp_path: Path) -> Institute:
    """The small institute before its first run."""
    return before_its_first_run(institute, tmp_path)


def refused(newcomer: Institute, *arguments: str) -> str:
    """Runs on the source as it is; sees that nothing was published or left behind; returns the message."""
    outcome = newcomer.aforo("run", "--quiet", *arguments)
    assert outcome.exit_code == 1, outcome.err
    assert "Nothing was published." in outcome.err
    assert "Traceback" not in outcome.err
    assert outcome.out == ""
    assert not (newcomer.home / "published").exists()
    assert newcomer.leftovers() == []
    return outcome.err


def block_of(message: str, place: str) -> str:
    """The lines of a message that belong to the problem whose first line is `place`."""
    blocks = [block for block in message.split("\n\n") if block.strip().startswith(place)]
    assert len(blocks) == 1, f"{place!r} is not there once in:\n{message}"
    return blocks[0]


def test_the_good_run_publishes_and_counts_what_is_in_quarantine(published: Published) -> None:
    assert published.first.exit_code == 0, published.first.err
    assert "2 sections are in quarantine" in published.first.out
    assert "Forecast for 202507, published" in published.first.out
    assert published.institute.leftovers() == []
    assert published.record["status"] == "published"
    states = [step["state"] for step in published.record["steps"]]
    assert states == ["done", "done", "unchanged", "unchanged", "done"]


def test_the_line_to_try_works_when_pasted(published: Published) -> None:
    # Notes may follow it.
    line = published.first.out.rsplit("Try:\n", 1)[1].splitlines()[0].strip()
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
    """It names who holds the home."""
    assert published.meanwhile.exit_code == 1
    assert "is in use by process" in published.meanwhile.err
    assert "wait until it has ended" in published.meanwhile.err


@pytest.fixture(scope="module")
def unreadable(institute: Institute, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A source whose files can't be read or are not there, and what a first run says of it."""
    newcomer = before_its_first_run(institute, tmp_path_factory.mktemp("unreadable"))
    source = newcomer.source
    tables = sources.institute()
    del tables["programacion"]
    tables["vacantes_estandar"] = tables["vacantes_estandar"].drop(columns="nivel")
    sources.write(tables, source)
    (source / "cursos.parquet").write_text("curso_actual,nombre\nA1,this is not a Parquet file\n")
    (source / "horarios.parquet").unlink()
    # Another encoding is read; a row that is too short is not, and is named where it stands.
    text = "horario;horario_actual;turno\nH1;H1;mañana\nH2;H2\nH3;H3;noche\n"
    (source / "horarios.csv").write_bytes(text.encode("latin-1"))
    return source, refused(newcomer)


def test_files_that_cannot_be_read(unreadable: tuple[Path, str]) -> None:
    """File, row and remedy are named; nothing is published."""
    source, message = unreadable
    missing = block_of(message, "Table vacantes_estandar")
    assert "column nivel is required and missing" in missing
    assert str(source / "vacantes_estandar.parquet") in missing
    assert "Add the column" in missing
    no_parquet = block_of(message, "cursos, ")
    assert str(source / "cursos.parquet") in no_parquet
    assert "is not a Parquet file" in no_parquet
    assert "export it again" in no_parquet
    ragged = block_of(message, "horarios, ")
    assert f"{source / 'horarios.csv'}, row 2" in ragged
    assert "Expected Number of Columns: 3 Found: 2" in ragged
    assert "as many values as the header has" in ragged
    assert "so there is no earlier capture to fall back on" in message


def test_tables_that_are_missing(unreadable: tuple[Path, str]) -> None:
    """They are named; nothing is published."""
    message = block_of(unreadable[1], "Table programacion")
    assert "is required and was not found" in message
    assert "Deliver " in message


@pytest.fixture(scope="module")
def wrong(institute: Institute, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A source of one period, with rows that are wrong, and what a first run says of it."""
    newcomer = before_its_first_run(institute, tmp_path_factory.mktemp("wrong"))
    tables = sources.institute()
    sections = tables["programacion"]
    sections = sections[sections["periodo"] == sections["periodo"].max()].reset_index(drop=True)
    sections = sections.astype({"matriculados": "object"})
    sections.loc[4, "matriculados"] = "doce"
    sections.loc[6, "matriculados"] = -3
    # Of no period that there is, and without students: they make no history.
    sections.loc[[8, 10], ["periodo", "matriculados"]] = (202313, 0)
    sections["matriculados"] = sections["matriculados"].astype(str)
    tables["programacion"] = sections
    tables["cursos"] = pd.concat([tables["cursos"], tables["cursos"].head(1)])
    sources.write(tables, newcomer.source)
    return newcomer.source / "programacion.parquet", refused(newcomer)


def test_rows_that_are_wrong(wrong: tuple[Path, str]) -> None:
    """File, row and column are named, and the value where it is no person's; nothing is published."""
    file, message = wrong
    lines = [line.strip() for line in message.splitlines()]
    wrong_type = lines.index(f"programacion, column matriculados, {file}, row 5")
    assert lines[wrong_type + 1] == "is not a whole number: <text of 4 characters>"
    assert lines[wrong_type + 2].startswith("-> correct the value")
    negative = lines.index(f"programacion, column matriculados, {file}, row 7")
    assert lines[negative + 1] == "is below 0: '-3'"
    calendar = lines.index(f"programacion, column periodo, {file}, rows 9, 11")
    assert lines[calendar + 1] == "is not a month YYYYMM: '202313', …"
    assert "calendario" in lines[calendar + 2]
    duplicate = block_of(message, "cursos, column curso_actual")
    assert "rows 1, 7" in duplicate
    assert "the key is there 2 times: 'A1'" in duplicate
    assert "keep one row for each key" in duplicate


def test_one_period_only(wrong: tuple[Path, str]) -> None:
    """It says how much history is needed."""
    _, message = wrong
    said = message[message.index("all rows are of one period") :]
    assert "deliver at least two periods" in said.split("\n\n")[0]


def test_a_source_folder_that_is_empty_or_missing(newcomer: Institute) -> None:
    """It is named; nothing is published."""
    source = newcomer.source
    sources.write({}, source)
    assert f"the source folder {source} is empty" in refused(newcomer)
    missing = source.with_name("nowhere")
    message = refused(newcomer, "--source", str(missing))
    assert f"the source folder {missing} does not exist" in message
    assert "--source or AFORO_SOURCE" in message


def test_a_moment_before_the_first_capture(published: Published) -> None:
    """It says which moment is the first."""
    before = published.institute.fingerprint()
    outcome = published.institute.aforo("run", "--as-of", "2020-01-01")
    assert outcome.exit_code == 1
    assert "Nothing was published; the forecast of " in outcome.err
    assert "nothing was captured yet at 2020-01-01" in outcome.err
    assert "after the first capture" in outcome.err
    assert published.institute.fingerprint() == before


def test_offline_before_any_capture(newcomer: Institute) -> None:
    """It says to run once with the source."""
    message = refused(newcomer, "--offline")
    assert f"nothing was captured yet in {newcomer.home}" in message
    assert "run once without --offline" in message


def test_check_source_says_what_a_run_would_and_writes_nothing(newcomer: Institute) -> None:
    tables = sources.institute()
    tables["cursos"] = pd.concat([tables["cursos"], tables["cursos"].head(1)])
    del tables["sedes"]
    sources.write(tables, newcomer.source, "csv")

    checked = newcomer.aforo("check-source")

    assert checked.exit_code == 1
    states = {line.split()[0]: line.split()[1:] for line in checked.out.splitlines()[1:9]}
    assert states["programacion"][:3] == ["sound", "720", "20"]
    assert states["cursos"][0] == "refused"
    assert states["sedes"][0] == "absent"
    assert "UTF-8" in states["programacion"] or "UTF-8," in states["programacion"]
    assert "the key is there 2 times: 'A1'" in checked.out
    assert "keep one row for each key" in checked.out
    assert not newcomer.home.exists()
