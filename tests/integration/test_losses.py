"""What the audit makes of a delivery beside what the home holds, whatever the source is called.

One capture, no forecast: then `check-source` of deliveries from other folders, each with several faults.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from flows.commands import check_source
from flows.commands.check_source import Checked
from flows.dbt import diagnosis
from flows.dbt.runner import AUDIT, Dbt, Variables, capture_of
from flows.project import contract_tables, version_variables
from flows.screen.terminal import QuietProgress
from flows.settings import Home, Settings, resolve
from flows.source import Source
from tests import sources

pytestmark = pytest.mark.slow

NEWEST = 202506
PAST = 202505
Check = Callable[..., dict[str, Checked]]


def institute() -> sources.Tables:
    """The small institute with a campus, SUR, and a programme, JOVENES, of 3 % of its sections each."""
    tables = sources.institute()
    sections = tables["programacion"]
    some = sections[(sections["sede"] == "CENTRO") & (sections["horario"] == sources.SLOTS[0])]
    south = some[some["curso"] == "A1"].assign(sede="SUR", matriculados=9, estado="cerrado")
    young = some[some["curso"] == "B1"].assign(curso="J1", matriculados=9, estado="cerrado")
    for new in (south, young):
        new["seccion_id"] = new["seccion_id"] + new["sede"] + new["curso"]
    tables["programacion"] = pd.concat([sections, south, young])
    # A long catalogue, so that one course is a small part of it.
    first = tables["cursos"].tail(1)
    old = [first.assign(curso_actual=f"V{number}") for number in range(20)]
    course = first.assign(curso_actual="J1", programa="JOVENES", es_inicial=True)
    tables["cursos"] = pd.concat([tables["cursos"], *old, course])
    codes = tables["cursos"]["curso_actual"]
    tables["equivalencia_cursos"] = pd.DataFrame({"curso": codes, "curso_actual": codes})
    sedes = tables["sedes"]
    tables["sedes"] = pd.concat([sedes, sedes[sedes["sede"] == "CENTRO"].assign(sede="SUR").tail(4)])
    return tables


@pytest.fixture(scope="module")
def dbt() -> Iterator[Dbt]:
    """One dbt for all."""
    with Dbt() as dbt:
        yield dbt


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory, dbt: Dbt) -> Settings:
    """A home that has captured the institute."""
    folder = tmp_path_factory.mktemp("held")
    asked = resolve(str(sources.write(institute(), folder / "source")), str(folder / "home"))
    asked.home.root.mkdir()
    variables = Variables(version_variables(), {"run_id": "first"})
    for arguments in (AUDIT, capture_of(list(contract_tables()))):
        assert dbt.run(arguments, asked, variables).ok
    return asked


@pytest.fixture
def check(held: Settings, dbt: Dbt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Checks tables, delivered in another folder, against what the home holds."""

    monkeypatch.setattr(check_source, "run_dbt", dbt.run)

    def checked(tables: sources.Tables, *accepted: str) -> dict[str, Checked]:
        other = str(sources.write(tables, tmp_path / "another path"))
        found = check_source.check(resolve(other, str(held.home.root), accepted=accepted), QuietProgress())
        return {table.table: table for table in found}

    return checked


def said(checked: Checked) -> dict[tuple[str | None, tuple[str, ...]], str]:
    """column, values -> what is wrong there."""
    return {(problem.column, problem.values): problem.what for problem in checked.problems}


def test_a_small_campus_or_programme_that_is_gone_is_named(check: Check) -> None:
    tables = institute()
    sections = tables["programacion"]
    young = (sections["curso"] == "J1") & sections["periodo"].between(202501, PAST)
    tables["programacion"] = sections[~young & (sections["sede"] != "SUR")]
    tables["cursos"] = tables["cursos"][tables["cursos"]["curso_actual"] != "J1"]
    tables["sedes"] = tables["sedes"][tables["sedes"]["sede"] != "SUR"]
    found = check(tables)
    gone = "it has no rows in {} of its 19 past periods that were captured, {} to 202505"
    assert said(found["programacion"]) == {
        ("sede", ("SUR",)): gone.format(19, 202311),
        ("programa", ("JOVENES",)): gone.format(5, 202501),
    }
    assert list(said(found["cursos"])) == [("programa", ("JOVENES",))]
    assert "none of its 1 courses is there" in found["cursos"].problems[0].what
    assert list(said(found["sedes"])) == [("sede", ("SUR",))]
    assert "aforo run --accept programacion" in found["programacion"].problems[0].remedy
    accepted = check(tables, "programacion", "cursos", "sedes")
    assert {table.state for table in accepted.values()} == {"sound", "absent"}


def test_a_campus_that_closes_a_correction_and_new_codes_are_no_losses(check: Check) -> None:
    tables = institute()
    sections = tables["programacion"]
    next_ = sections[(sections["periodo"] == NEWEST) & ~(sections["sede"] == "SUR")]
    new_period = next_.assign(periodo=202507, seccion_id=next_["seccion_id"] + "-07")
    planned = (sections["periodo"] == NEWEST) & (sections["sede"] == "SUR")
    corrected = (sections["periodo"] == 202408) & (sections["sede"] == "SUR")
    sections = pd.concat([sections[~planned & ~corrected], new_period])
    # The programme's course has another code from now on, also in what was held.
    tables["programacion"] = sections.replace({"curso": {"J1": "JOV-01"}})
    for name, column in (("cursos", "curso_actual"), ("equivalencia_cursos", "curso_actual")):
        tables[name] = tables[name].replace({column: {"J1": "JOV-01"}})
    tables["equivalencia_cursos"] = tables["equivalencia_cursos"].replace({"curso": {"J1": "JOV-01"}})
    assert {name: table.problems for name, table in check(tables).items() if table.problems} == {}


def test_rows_that_another_path_lacks_and_tables_that_it_does_not_have_are_losses(check: Check) -> None:
    tables = institute()
    found = check({"programacion": tables["programacion"].iloc[::3]})
    assert "there are 254 rows where the last good capture has 760" in said(found["programacion"])[None, ()]
    assert {name for name, table in found.items() if table.state == "refused"} == {*tables}
    assert "delivered it before" in found["cursos"].problems[0].what


def test_another_institute_is_told_by_its_codes(check: Check) -> None:
    tables = institute()
    tables["programacion"]["curso"] = "X" + tables["programacion"]["curso"]
    problem = check({"programacion": tables["programacion"]})["programacion"].problems[0]
    assert problem.column == "curso"
    assert problem.what == (
        "hardly any is one that was captured in this home (0 of 8): the source is another institute's"
    )
    assert "use another --home" in problem.remedy


def test_a_home_of_before_gets_its_sequence_in_the_order_of_its_captures(
    held: Settings, dbt: Dbt, tmp_path: Path
) -> None:
    asked = replace(held, home=Home(shutil.copytree(held.home.root, tmp_path / "home")))
    with duckdb.connect(str(asked.home.warehouse)) as connection:
        connection.execute("alter table landing.capturas drop column secuencia")
        connection.execute(
            "insert into landing.capturas by name "
            "select * replace ('set back' as run_id, capturada_en - interval 1 year as capturada_en) "
            "from landing.capturas where tabla = 'sedes'"
        )
    variables = Variables(version_variables(), {"run_id": "third"})
    assert dbt.run(AUDIT, asked, variables).ok
    assert dbt.run(capture_of(["sedes"]), asked, variables).ok
    with duckdb.connect(str(asked.home.warehouse), read_only=True) as connection:
        found = connection.execute(
            "select run_id, min(secuencia), max(secuencia) from landing.capturas group by run_id order by 2"
        ).fetchall()
    assert found == [("first", 1, 1), ("set back", 2, 2), ("third", 3, 3)]


def test_dbt_by_hand_refuses_a_clock_behind_and_an_empty_setting(
    held: Settings, dbt: Dbt, tmp_path: Path
) -> None:
    asked = replace(held, home=Home(shutil.copytree(held.home.root, tmp_path / "home")))
    with duckdb.connect(str(asked.home.warehouse)) as connection:
        connection.execute("update landing.capturas set capturada_en = capturada_en + interval 1 day")
    refused = diagnosis.failure(dbt.run(AUDIT, asked, Variables(version_variables())), asked.home)
    assert "which is before the newest capture, of " in refused.problems[0].what
    nowhere = replace(asked, source=Source("", "folder"))
    refused = diagnosis.failure(dbt.run(AUDIT, nowhere, Variables(version_variables())), asked.home)
    assert refused.problems[0].what == "AFORO_SOURCE is empty"
