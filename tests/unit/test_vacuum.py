"""The vacuum deletes what no published forecast was made from, all or nothing, and says what is gone."""

import json
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest

from flows.commands import vacuum
from flows.dbt.runner import DbtResult
from flows.errors import AforoError
from flows.home import backup, history, lock, retention
from flows.settings import Home

ROOT = Path(__file__).parents[2]
# Four runs captured a table that each found changed; the second captured in two steps.
RUNS = {
    "20240101T100000Z-aaaaaa": ["2024-01-01 10:00:05"],
    "20240201T100000Z-aaaaaa": ["2024-02-01 10:00:05", "2024-02-01 10:00:09"],
    "20240301T100000Z-aaaaaa": ["2024-03-01 10:00:05"],
    "20240401T100000Z-aaaaaa": ["2024-04-01 10:00:05"],
}
FIRST, SECOND, THIRD, FOURTH = RUNS
# A changes each time; B goes with the third run; C stays.
VERSIONS = """
    ('A', 1, timestamp '2024-01-01 10:00:05', timestamp '2024-02-01 10:00:09', 'False'),
    ('A', 2, '2024-02-01 10:00:09', '2024-03-01 10:00:05', 'False'),
    ('A', 3, '2024-03-01 10:00:05', '2024-04-01 10:00:05', 'False'),
    ('A', 4, '2024-04-01 10:00:05', null, 'False'),
    ('B', 1, '2024-01-01 10:00:05', '2024-03-01 10:00:05', 'False'),
    ('B', 1, '2024-03-01 10:00:05', null, 'True'),
    ('C', 1, '2024-01-01 10:00:05', null, 'False')
"""
ALL = ["A1", "A2", "A3", "A4", "B1", "B1", "C1"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.history.mkdir()
    captures = ", ".join(
        f"('{run}', timestamp '{at}', 'programacion', 4)" for run, moments in RUNS.items() for at in moments
    )
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            f"""
            create schema landing;
            create schema snapshots;
            create table landing.capturas as
                from (values {captures}) as c (run_id, capturada_en, tabla, filas);
            create table landing.vaciados (
                vaciado_en timestamp, corte timestamp, momentos timestamp[],
                filas_antes bigint, filas_despues bigint
            );
            create table snapshots.sedes as from (values {VERSIONS})
                as v (sede, valor, dbt_valid_from, dbt_valid_to, dbt_is_deleted);
            """
        )
    return home


class Macros:
    """dbt's part: the operation's macros, on a connection of their own."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        environment = jinja2.Environment(extensions=["jinja2.ext.do"])
        adapter = SimpleNamespace(quote=lambda name: f'"{name}"')
        environment.globals |= {"run_query": self._query, "statement": self._statement, "adapter": adapter}
        self.module: Any = environment.from_string((ROOT / "macros" / "vacuums.sql").read_text()).module

    def _query(self, sql: str) -> Any:
        rows = self._connection.execute(sql).fetchall()
        values = [row[0] for row in rows]
        return SimpleNamespace(columns=[SimpleNamespace(values=lambda: values)])

    def _statement(self, _: str, caller: Any, **__: Any) -> str:
        self._connection.execute(caller())
        return ""


@pytest.fixture(autouse=True)
def operations(monkeypatch: pytest.MonkeyPatch) -> None:
    """The operation without the seconds that dbt takes to start (test_point_in_time.py has dbt)."""

    def run_dbt(arguments: list[str], settings: Any, _: Any) -> DbtResult:
        *command, given = arguments
        assert command == ["run-operation", "vacuum", "--args"]
        with duckdb.connect(str(settings.home.warehouse)) as connection:
            connection.execute("set timezone = 'UTC'")
            try:
                Macros(connection).module.vacuum(**json.loads(given))
            except duckdb.Error as error:
                return DbtResult(1, errors=[str(error)])
        return DbtResult(0)

    monkeypatch.setattr(vacuum, "run_dbt", run_dbt)


def publish(home: Home, run_id: str, as_of: str | None = None) -> None:
    """The history file of a published run, made from its own captures or as of a moment."""
    moment = f"timestamp '{as_of}'" if as_of else "null::timestamp"
    file = home.history / f"{run_id}.parquet"
    duckdb.sql(f"copy (select '{run_id}' as run_id, {moment} as as_of from range(2)) to '{file}'")


def left(home: Home) -> list[str]:
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        rows = connection.execute("select sede || valor from snapshots.sedes order by 1").fetchall()
    return [row for (row,) in rows]


def remedies(home: Home, *moments: str) -> list[str | None]:
    refusals = [history.refusal(home, moment) for moment in moments]
    return [refused.remedy if refused else None for refused in refusals]


def test_what_a_published_forecast_was_made_from_stays(home: Home) -> None:
    publish(home, SECOND)
    report = vacuum.run(home, keep_days=0)
    # B as of the second run, and the marker that it is gone, which is current.
    assert left(home) == ["A2", "A4", "B1", "B1", "C1"]
    assert report.tables == [vacuum.Folded("sedes", 7, 5)]
    assert report.moments == [datetime.fromisoformat("2024-02-01 10:00:09")]
    assert "2 rows are gone" in report.as_text()[0]


@pytest.mark.parametrize(
    ("run_id", "as_of", "kept"),
    [
        pytest.param("20240315T100000Z-bbbbbb", None, "A3", id="offline, from the captures before it"),
        pytest.param(
            "20240501T100000Z-bbbbbb", "2024-02-01 10:00:05", "A2", id="as of a moment amid captures"
        ),
        pytest.param(
            "20240501T100000Z-bbbbbb", "2024-01-20 00:00:00", "A1", id="as of a moment between runs"
        ),
    ],
)
def test_a_forecast_that_captured_nothing_itself(
    home: Home, run_id: str, as_of: str | None, kept: str
) -> None:
    publish(home, run_id, as_of)
    vacuum.run(home, keep_days=0)
    assert {row for row in left(home) if row[0] == "A"} == {kept, "A4"}


def test_what_is_newer_than_the_cut_stays(home: Home) -> None:
    days = (datetime.now() - datetime(2024, 3, 15)).days
    report = vacuum.run(home, days)
    assert report.cut == datetime.fromisoformat("2024-03-01 10:00:05")
    assert left(home) == ["A3", "A4", "B1", "C1"]
    assert remedies(home, "2024-03-01 10:00:05", "2024-03-20 00:00:00") == [None, None]
    assert remedies(home, "2024-02-28 00:00:00") == [
        "give --as-of a moment (UTC) from 2024-03-01T10:00:05.000000 on"
    ]


def test_a_retired_column_goes_with_the_versions_that_had_it(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            """
            alter table snapshots.sedes add column dbt_scd_id varchar;
            update snapshots.sedes set dbt_scd_id = sede || valor || dbt_is_deleted;
            create table landing.columnas_retiradas as
                select 'sedes' as tabla, 'telefono' as columna, dbt_scd_id, 'x' as valor from snapshots.sedes;
            """
        )
    vacuum.run(home, keep_days=0)
    with duckdb.connect(str(home.warehouse)) as connection:
        kept = "select dbt_scd_id from landing.columnas_retiradas order by all"
        versions = "select dbt_scd_id from snapshots.sedes order by all"
        assert connection.execute(kept).fetchall() == connection.execute(versions).fetchall()
        assert 0 < len(connection.execute(kept).fetchall()) < len(ALL)


def test_nothing_is_that_old(home: Home) -> None:
    report = vacuum.run(home, keep_days=36500)
    assert left(home) == ALL
    assert report.as_text() == ["Nothing to fold: no unused history is older than 36500 days."]
    assert remedies(home, "2024-01-20 00:00:00") == [None]


def test_a_moment_that_is_gone_is_refused_and_the_kept_ones_are_named(home: Home) -> None:
    publish(home, FIRST)
    publish(home, SECOND)
    vacuum.run(home, keep_days=0)
    # In the second vacuum nothing is left to delete: what the first kept is still kept.
    vacuum.run(home, keep_days=0)
    assert remedies(home, "2024-01-31 00:00:00", "2024-02-01 10:00:05", "2024-05-01 00:00:00") == [None] * 3
    refused = history.refusal(home, "2024-03-20 00:00:00")
    assert refused is not None
    assert "what was known at 2024-03-20 00:00:00 UTC is not kept" in refused.what
    assert refused.remedy == (
        "give --as-of a moment (UTC) from 2024-04-01T10:00:05.000000 on, or one of the published forecasts: "
        "2024-01-01T10:00:05.000000, 2024-02-01T10:00:09.000000"
    )


def test_a_vacuum_that_fails_at_its_last_step_leaves_everything(home: Home) -> None:
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            """create or replace table landing.vaciados (
                vaciado_en timestamp, corte timestamp, momentos timestamp[], filas_antes bigint,
                filas_despues bigint check (filas_despues < 0)
            )"""
        )
    with pytest.raises(AforoError, match="CHECK constraint failed"):
        vacuum.run(home, keep_days=0)
    assert left(home) == ALL
    assert remedies(home, "2024-01-20 00:00:00") == [None]


def test_a_vacuum_renews_the_copy_of_the_history(home: Home) -> None:
    backup.keep(home)
    vacuum.run(home, keep_days=0)
    with duckdb.connect(str(home.history_copy), read_only=True) as connection:
        [(rows,)] = connection.execute("select count(*) from snapshots.sedes").fetchall()
        [(logged,)] = connection.execute("select tablas from landing.vaciados").fetchall()
    assert rows == len(left(home)) == 3
    assert logged == [{"tabla": "sedes", "filas_antes": 7, "filas_despues": 3}]


def test_a_history_that_cannot_be_read_stops_it(home: Home) -> None:
    (home.history / f"{FIRST}.parquet").write_text("no Parquet")
    with pytest.raises(AforoError, match=r"can't be read, so that nothing was folded.*aaaaaa\.parquet"):
        vacuum.run(home, keep_days=0)
    assert left(home) == ALL


def test_not_while_the_home_is_in_use(home: Home) -> None:
    with lock.exclusive(home, "aforo run"), pytest.raises(AforoError, match="is in use by process"):
        vacuum.run(home, keep_days=0)
    assert left(home) == ALL


def test_a_home_without_a_warehouse(tmp_path: Path) -> None:
    with pytest.raises(AforoError, match="nothing was captured yet"):
        vacuum.run(Home(tmp_path), keep_days=0)


def test_the_default_is_the_projects_setting() -> None:
    assert retention.days().historia > 0
