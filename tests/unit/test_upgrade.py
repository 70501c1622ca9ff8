"""A home of an older release is upgraded whole or stays as it is; its history stays in any case."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.errors import AforoError
from flows.home import archive, backup, marker, upgrade
from flows.project import PROJECT, contract
from flows.settings import Home
from tests.unit.test_home import FIRST, capture


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home of the first format: programacion has two columns, and its sections are two."""
    home = Home(tmp_path / "home")
    marker.enter(home)
    (home.root / marker.MARKER).write_text('{"what": "a home of Aforo", "format": 1}\n')
    capture(home, FIRST, 2)
    backup.keep(home)
    return home


def ask(home: Home, query: str) -> list[Any]:
    """Its rows, of the warehouse."""
    with duckdb.connect(str(home.warehouse)) as connection:
        return connection.execute(query).fetchall()


def types(home: Home) -> dict[str, str]:
    """column -> type, of programacion's snapshot."""
    rows = ask(
        home,
        "select column_name, data_type from duckdb_columns()"
        " where schema_name = 'snapshots' and table_name = 'programacion'",
    )
    return dict(rows)


def test_the_steps_are_numbered_up_to_the_format_that_dbt_marks_too() -> None:
    numbers = [step.number for step in upgrade.steps()]
    assert numbers == list(range(upgrade.FIRST_FORMAT + 1, marker.FORMAT + 1))
    macro = (PROJECT / "macros" / "captures.sql").read_text()
    assert f"{{% macro home_format() %}}{{{{ return({marker.FORMAT}) }}}}{{% endmacro %}}" in macro


def test_a_home_of_before_gets_the_steps_and_the_columns_that_it_lacks(home: Home) -> None:
    history = ask(home, "select seccion_id, curso from snapshots.programacion order by all")
    ask(home, "create schema predictions_v1; create table predictions_v1.pesos (a integer)")
    upgraded = upgrade.upgrade(home)
    assert upgraded
    assert (upgraded.before, upgraded.after) == (1, marker.FORMAT)
    stated = {c["name"]: c["data_type"].upper() for c in contract()["programacion"]["columns"]}
    assert types(home) == {**stated, "dbt_scd_id": "VARCHAR"}
    assert ask(home, "select seccion_id, curso from snapshots.programacion order by all") == history
    assert ask(home, "select distinct sede from snapshots.programacion") == [(None,)]
    assert ask(home, "select version from landing.migraciones") == [(n,) for n in range(2, marker.FORMAT + 1)]
    assert ask(home, "select 1 from duckdb_schemas() where schema_name = 'predictions_v1'") == []
    assert marker.format_of(home) == marker.FORMAT
    assert archive.read(upgraded.backup).listing["home_format"] == 1
    assert upgrade.upgrade(home) is None
    backup.require_history(home)


def test_a_column_of_another_type_is_converted_where_no_value_is_lost(home: Home) -> None:
    ask(home, "alter table snapshots.programacion add column periodo varchar default '202506'")
    assert upgrade.upgrade(home)
    assert ask(home, "select distinct periodo from snapshots.programacion") == [(202506,)]


def test_a_column_that_the_contract_has_lost_is_kept_apart_and_comes_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(home, "alter table snapshots.programacion add column edad integer")
    ask(home, "update snapshots.programacion set edad = 7 where seccion_id = 'S0'")
    assert upgrade.upgrade(home)
    assert "edad" not in types(home)
    assert ask(home, "select tabla, columna, valor from landing.columnas_retiradas") == [
        ("programacion", "edad", "7")
    ]
    with duckdb.connect(str(home.history_copy)) as kept:
        assert kept.execute("select count(*) from landing.columnas_retiradas").fetchall() == [(1,)]
    stated = contract()["programacion"]["columns"]
    again = {"programacion": {"columns": [*stated, {"name": "edad", "data_type": "integer"}]}}
    monkeypatch.setattr(upgrade, "contract", lambda: again)
    assert upgrade.upgrade(home)
    assert ask(home, "select seccion_id, edad from snapshots.programacion order by all") == [
        ("S0", 7),
        ("S1", None),
    ]
    assert ask(home, "select count(*) from landing.columnas_retiradas") == [(0,)]


def test_a_value_that_would_be_lost_stops_the_upgrade(home: Home) -> None:
    ask(home, "alter table snapshots.programacion add column matriculados double")
    ask(home, "update snapshots.programacion set matriculados = 12.5 where seccion_id = 'S0'")
    before = types(home)
    with pytest.raises(AforoError, match="1 values of type DOUBLE that would be lost as INTEGER") as refused:
        upgrade.upgrade(home)
    [problem] = refused.value.problems
    assert (problem.table, problem.column) == ("programacion", "matriculados")
    assert types(home) == before
    assert marker.format_of(home) == 1


def test_a_step_that_fails_leaves_the_home_as_it_was(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = types(home)
    steps = [
        upgrade.Step(2, "a", "drop table landing.capturas"),
        upgrade.Step(3, "b", "select * from nothing"),
    ]
    monkeypatch.setattr(upgrade, "steps", lambda: steps)
    with pytest.raises(duckdb.CatalogException):
        upgrade.upgrade(home)
    assert (types(home), marker.format_of(home)) == (before, 1)
    assert ask(home, "select count(*) from landing.capturas") == [(1,)]
    monkeypatch.undo()
    assert upgrade.upgrade(home)


def test_what_was_renamed_is_renamed_by_a_step(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(home, "alter table snapshots.programacion rename column curso to codigo")
    step = upgrade.Step(2, "curso", "alter table snapshots.programacion rename column codigo to curso")
    monkeypatch.setattr(upgrade, "steps", lambda: [step])
    assert upgrade.upgrade(home)
    assert "codigo" not in types(home)
    assert ask(home, "select count(curso) from snapshots.programacion") == [(2,)]


def test_a_home_of_a_newer_release_is_refused(home: Home) -> None:
    upgrade.upgrade(home)
    ask(home, "insert into landing.migraciones values (99, 'later', current_timestamp)")
    with pytest.raises(AforoError, match=r"was made by a newer Aforo \(format 99\)"):
        upgrade.upgrade(home)
    (home.root / marker.MARKER).write_text('{"what": "a home of Aforo", "format": 99}\n')
    with pytest.raises(AforoError, match=r"was made by a newer Aforo \(format 99\)"):
        marker.look(home)


def test_no_backup_no_upgrade(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = types(home)
    monkeypatch.setattr(archive.shutil, "disk_usage", lambda _: archive.shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(AforoError, match="has no room"):
        upgrade.upgrade(home)
    assert (types(home), marker.format_of(home)) == (before, 1)
