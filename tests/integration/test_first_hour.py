"""The commands of docs/first_hour.md, as they stand there, on the example that they name."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import duckdb
import pytest

from examples.university.make_exports import exports
from flows.project import schema_of
from tests.harness import AFORO, ROOT

EXPORTS = ROOT / "examples" / "university" / "exports"
PAGE = (ROOT / "docs" / "first_hour.md").read_text(encoding="utf-8")


def commands(text: str) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ aforo ")]


def test_both_languages_have_the_same_commands() -> None:
    english, spanish = PAGE.split("## En español")
    assert commands(english) == commands(spanish)
    assert [command.split()[1] for command in commands(english)] == [
        "init-source", "check-source", "run", "status",
    ]  # fmt: skip


def test_the_example_is_what_its_program_writes() -> None:
    assert {file.name: file.read_bytes() for file in EXPORTS.iterdir()} == exports()


@pytest.mark.slow
def test_a_newcomer_walks_from_the_export_to_a_forecast(tmp_path: Path) -> None:
    said = {}
    for command in commands(PAGE.split("## En español")[0]):
        _, name, *arguments = shlex.split(command)
        outcome = subprocess.run(
            [AFORO, name, *arguments],
            cwd=ROOT,
            env={**os.environ, "AFORO_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        said[name] = outcome.stdout
    recognised = PAGE.split("Recognised:\n")[1].split("Drafted")[0]
    for line in recognised.splitlines():
        assert line in said["init-source"] or "…" in line
    assert "12 periods, 202110 to 202430, 3 a year" in said["init-source"]
    assert re.search(r"programacion +sound +2\d\d +12 ", said["check-source"])
    assert "Forecast for 202510" in said["run"]
    home = tmp_path / "home"
    with duckdb.connect(str(home / "published" / "aforo_marts.duckdb"), read_only=True) as connection:
        [(students, cells)] = connection.sql(
            "select sum(PREDICT_ALUMNOS), count(*) filter (PREDICT_ALUMNOS > 0) from marts.prediccion_alumnos"
        ).fetchall()
    # As many as in terms like it, to within a third: never none.
    assert 300 < students < 700
    assert cells > 10
    with duckdb.connect(str(home / "aforo_warehouse.duckdb"), read_only=True) as connection:
        [(rooms, none)] = connection.sql(
            f"select count(aula), count(*) filter (aula is null) from {schema_of('raw')}.programacion"
        ).fetchall()
    # A hyphen for a room is no room.
    assert rooms > 0
    assert none > 0
