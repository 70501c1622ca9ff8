"""The drills of docs/runbook.md that no other test of this folder makes: a fault, and the way back."""

import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.home import marker, upgrade
from tests.harness import Institute
from tests.homes import unpack

pytestmark = pytest.mark.slow

# What a run stamps on what it makes, and what it says of its own sources.
STAMPS = "run_id|as_of|git_commit|datos_al|edad_dias|estado_fuente|tablas_respaldo|publicado_en"
# The marts that tell of the run itself: its sources, its record, how it stands to what was published.
OF_THE_RUN = {"salud_fuentes", "compuerta", "ejecuciones", "ejecuciones_entradas"}
# Rows that do not stand on the earlier runs of the home.
OF_ITS_DATA = dict.fromkeys(("vigilancia", "alertas"), "tipo not in ('revision', 'duracion')")


@pytest.fixture(scope="module")
def drilled(tmp_path_factory: pytest.TempPathFactory, prefect: dict[str, str]) -> dict[str, Any]:
    """The home of the release before is upgraded by a run; it is backed up, lost, and restored elsewhere."""
    folder = tmp_path_factory.mktemp("drills")
    home = unpack(folder / "before")
    old = Institute(Path(origin(home)), home, prefect, ("--horizon", "1", "--offline"))
    story: dict[str, Any] = {"history": history(home), "forecast": old.forecast(), "old": old}
    story["upgrade"] = old.aforo("run")
    story["upgraded"] = old.forecast()
    story["marts"] = marts(old)
    story["kept"] = history(home)
    versions = "select count(*) > count(distinct seccion_id) from snapshots.programacion"
    story["versions"] = ask(home, versions)
    story["backup"] = old.aforo("backup", "--to", str(folder / "backups"), "--json")
    shutil.move(home, folder / "lost")
    new = Institute(old.source, folder / "machine" / "home", prefect, old.flags)
    file = json.loads(story["backup"].out)["path"]
    story["restore"] = new.aforo("restore", "--from", file)
    story["restored"] = new.fingerprint()
    story["brought"] = history(new.home)
    # As a release leaves them whose contract has no rooms, and a column that this one does not know.
    with duckdb.connect(str(new.home / "aforo_warehouse.duckdb")) as connection:
        connection.execute("alter table snapshots.programacion drop column aula")
        connection.execute("alter table snapshots.programacion add column retirada varchar default 'x'")
        connection.execute("alter table snapshots.programacion alter column matriculados type bigint")
    story["again"] = new.aforo("run")
    story["doctor"] = new.aforo("doctor", "--json")
    return story | {"new": new}


def ask(home: Path, query: str) -> list[Any]:
    with duckdb.connect(str(home / "aforo_warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def origin(home: Path) -> str:
    """What the source was called."""
    [(name,)] = ask(home, "select distinct origen from landing.capturas where filas > 0")
    return str(name)


def history(home: Path) -> list[Any]:
    """Every version of every section, and every capture."""
    names = ask(
        home,
        "select column_name from duckdb_columns()"
        " where schema_name = 'snapshots' and table_name = 'programacion' order by 1",
    )
    versions = ask(
        home, f"select {', '.join(name for (name,) in names)} from snapshots.programacion order by all"
    )
    return [
        names,
        *versions,
        *ask(home, "select tabla, capturada_en, filas from landing.capturas order by all"),
    ]


def marts(institute: Institute) -> dict[str, list[Any]]:
    """Every published mart, but for what the run stamps."""
    names = institute.published("select table_name from duckdb_tables() where schema_name = 'marts'")
    query = "select columns(c -> not regexp_full_match(lower(c), '{}')) from marts.{} where {} order by all"
    return {
        name: institute.published(query.format(STAMPS, name, OF_ITS_DATA.get(name, "true")))
        for (name,) in names
        if name not in OF_THE_RUN
    }


def test_a_home_of_the_release_before(drilled: dict[str, Any]) -> None:
    """The first run upgrades it, after a backup of it; no history is lost and the forecast is the same."""
    assert drilled["upgrade"].exit_code == 0, drilled["upgrade"].err
    assert "the home was upgraded to format" in drilled["upgrade"].out
    assert drilled["kept"] == drilled["history"]
    # The last period was captured twice.
    assert drilled["versions"] == [(True,)]
    assert drilled["upgraded"] == drilled["forecast"]


def test_a_machine_that_is_lost(drilled: dict[str, Any]) -> None:
    """A backup makes the home elsewhere: the same is published there, and the next run makes the same."""
    assert drilled["backup"].exit_code == 0, drilled["backup"].err
    assert drilled["restore"].exit_code == 0, drilled["restore"].err
    release = drilled["restored"]["release"]
    assert release == f"releases/{json.loads(drilled['backup'].out)['published']}"
    assert drilled["again"].exit_code == 0, drilled["again"].err
    new = drilled["new"]
    assert drilled["brought"] == drilled["history"]
    again = marts(new)
    assert {name for name in again if again[name] != drilled["marts"][name]} == set()
    assert new.leftovers() == []
    # The source has not moved with the home.
    checks = json.loads(drilled["doctor"].out)["checks"]
    assert [check["name"] for check in checks if check["state"] == "wrong"] == ["source"]


def test_a_history_with_the_columns_of_another_release(drilled: dict[str, Any]) -> None:
    """The run gives it this release's columns; no version of a row is lost or made, no value either."""
    assert drilled["again"].exit_code == 0, drilled["again"].err
    assert "the home was upgraded to format" in drilled["again"].out
    home = drilled["new"].home
    assert history(home) == drilled["history"]
    apart = ask(home, "select columna, valor, count(*) from landing.columnas_retiradas group by all")
    assert apart == [("retirada", "x", len(ask(home, "from snapshots.programacion")))]


def test_a_new_home_is_of_this_release(built: Institute) -> None:
    # Else its second run would take it for one of before.
    with duckdb.connect(str(built.home / "aforo_warehouse.duckdb"), read_only=True) as connection:
        assert (upgrade.format_of(connection), upgrade.differences(connection)) == (marker.FORMAT, [])
        assert connection.execute("select nombre from landing.migraciones").fetchall() == [("nuevo",)]
