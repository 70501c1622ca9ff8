"""A Postgres source that fails in every way a database can, on a real server: each run still publishes."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import pytest

from flows.dbt.extensions import extension_file
from tests import sources
from tests.harness import Institute, Outcome
from tests.postgres import PASSWORD, Postgres

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def database(built: Institute, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Institute:
    """The small institute in Postgres, after a good run; the password comes by the environment."""
    postgres.load(sources.institute())
    home = tmp_path_factory.mktemp("database") / "home"
    reading = {"AFORO_SOURCE": postgres.url, "PGPASSWORD": PASSWORD}
    database = replace(built, home=home, environment=built.environment | reading)
    outcome = database.aforo("run")
    assert outcome.exit_code == 0, outcome.err
    return database


@pytest.fixture
def mended(database: Institute, postgres: Postgres) -> Iterator[Institute]:
    """The institute, whose tables are put back afterwards."""
    yield database
    postgres.load(sources.institute())


def reasons(institute: Institute, outcome: Outcome) -> dict[str, str]:
    """Runs that published: table -> why it fell back, the same in the record and in what was read."""
    assert outcome.exit_code == 0, outcome.err
    health = institute.health().items()
    found = {name: state["motivo_estado"] for name, state in health if state["estado"] == "respaldo"}
    fallbacks = institute.records()[-1]["fallbacks"]
    assert {name: fallbacks[name] for name in found} == found
    assert all(reason in outcome.out for reason in found.values())
    return found


def test_postgres_gives_the_forecast_of_the_folder(database: Institute, built: Institute) -> None:
    # No fault, and so without words for the matrix: what the faults below start from.
    assert database.forecast() == built.forecast()
    assert PASSWORD not in "".join(
        path.read_text(errors="replace") for path in database.home.rglob("*.log") if path.is_file()
    )
    assert PASSWORD not in (database.home / "published" / "manifest.json").read_text()


def test_a_password_that_is_refused(database: Institute) -> None:
    """All tables fall back, and it says where the password comes from."""
    before = database.forecast()
    wrong = replace(database, environment=database.environment | {"PGPASSWORD": "wrong"})
    found = reasons(database, wrong.aforo("run"))
    assert set(found) == set(sources.institute())
    assert "the source refuses the login: password authentication failed" in found["programacion"]
    assert database.forecast() == before


def test_a_server_that_is_down(database: Institute, postgres: Postgres) -> None:
    """All tables fall back, after the retries."""
    before = database.forecast()
    postgres.stop()
    try:
        outcome = database.aforo("run")
    finally:
        postgres.start()
    found = reasons(database, outcome)
    assert set(found) == set(sources.institute())
    assert "the source does not answer" in found["programacion"]
    assert outcome.err.count("[2/5 audit] …") == 2
    assert database.forecast() == before


def test_a_server_that_goes_away_in_the_middle_of_a_read(mended: Institute, postgres: Postgres) -> None:
    """What was half read is not captured: the last captures stand in."""
    before = mended.forecast()
    make_slow(postgres, seconds_a_row=0.02)
    run = mended.start("run")
    wait_for_a_reader(postgres)
    postgres.stop()
    out, err = run.communicate(timeout=300)
    postgres.start()
    found = reasons(mended, Outcome(run.returncode, out, err))
    assert "programacion" in found
    assert mended.forecast() == before


def test_a_server_that_hangs(mended: Institute, postgres: Postgres) -> None:
    """Its reading is ended after the time limit, and the last captures stand in."""
    before = mended.forecast()
    make_slow(postgres, seconds_a_row=60)
    hasty = replace(mended, environment=mended.environment | {"AFORO_SOURCE_TIMEOUT": "25"})
    outcome = hasty.aforo("run")
    postgres.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'lector'")
    found = reasons(mended, outcome)
    assert set(found) == set(sources.institute())
    assert "did not end within 25 seconds" in found["programacion"]
    assert mended.forecast() == before


@dataclass(frozen=True)
class Troubled:
    """What one run says of three tables that each have a trouble of their own, and the forecast before it."""

    reasons: dict[str, str]
    before: list[Any]
    after: list[Any]


@pytest.fixture(scope="module")
def troubled(database: Institute, postgres: Postgres) -> Troubled:
    """A run while a table is dropped, another is locked, and of a third the right is revoked."""
    before = database.forecast()
    postgres.execute("drop table sedes", "revoke select on horarios from lector")
    with duckdb.connect() as session:
        session.execute(f"load '{extension_file('postgres_scanner')}'")
        session.execute(f"attach '{postgres.admin_url}' as pg (type postgres)")
        session.execute("begin")
        session.execute("call postgres_execute('pg', 'lock table cursos in access exclusive mode')")
        outcome = database.aforo("run")
        session.execute("rollback")
    postgres.load(sources.institute())
    found = reasons(database, outcome)
    assert set(found) == {"sedes", "cursos", "horarios"}
    return Troubled(found, before, database.forecast())


def test_a_table_that_is_dropped(troubled: Troubled) -> None:
    """It falls back, and the others alone that have a trouble of their own."""
    assert "which delivered it before" in troubled.reasons["sedes"]
    assert troubled.after == troubled.before


def test_a_table_that_is_locked(troubled: Troubled) -> None:
    """It falls back, after Postgres's own lock timeout."""
    assert "locked by another session" in troubled.reasons["cursos"]


def test_a_right_that_is_revoked(troubled: Troubled) -> None:
    """The table falls back, and it says which right to grant."""
    assert "may not read table horarios" in troubled.reasons["horarios"]


def make_slow(postgres: Postgres, seconds_a_row: float) -> None:
    """Every row of programacion takes that long from now on."""
    slow = f"select *, pg_sleep({seconds_a_row})::text as espera from programacion_base"
    postgres.execute(
        "alter table programacion rename to programacion_base",
        f"create view programacion as {slow}",
        "grant select on programacion to lector",
    )


def wait_for_a_reader(postgres: Postgres) -> None:
    """Returns once the slow view is being read."""
    with duckdb.connect() as session:
        session.execute(f"load '{extension_file('postgres_scanner')}'")
        session.execute(f"attach '{postgres.admin_url}' as pg (type postgres)")
        for _ in range(600):
            found = session.execute(
                "from postgres_query('pg', 'select count(*) from pg_stat_activity "
                "where usename = ''lector'' and state = ''active'' and wait_event = ''PgSleep''')"
            ).fetchone()
            if found and found[0]:
                return
            time.sleep(0.1)
    raise AssertionError("the slow view was never read")
