"""An experiment is built beside what is published, compared and let serve; killed, it changes nothing."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.project import schema_of
from tests.harness import Institute

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NAME = "sin_aprendiz"
ITS_OWN = f"predictions_{NAME}"
# What `aforo` needs of the project, beside its environment.
CODE = ("flows", "python_models", "models", "macros", "snapshots", "experiments", "tests/sql")
FILES = ("version.yml", "dbt_project.yml", "profiles.yml", "requirements.lock", ".dbtignore")


@pytest.fixture
def published(good: Institute) -> Institute:
    """The small institute, asked for nothing: a challenger is asked what the champion was."""
    return replace(good, flags=())


def ask(institute: Institute, query: str) -> list[Any]:
    with duckdb.connect(str(institute.home / "aforo_warehouse.duckdb"), read_only=True) as connection:
        return connection.sql(query).fetchall()


def the_champions(institute: Institute) -> dict[str, Any]:
    """What is in every table but the challenger's and their comparison, and what is published."""
    tables = ask(
        institute,
        f"""select schema_name || '.' || table_name from duckdb_tables() where schema_name <> '{ITS_OWN}'
        and table_name not in ('comparacion_experimentos', 'experimentos_juzgados')""",
    )
    assert len(tables) > 80
    contents = {
        table: ask(institute, f"select count(*), sum(hash(t)) from {table} as t") for (table,) in tables
    }
    return contents | institute.fingerprint()


def kill_while_it_builds(institute: Institute) -> None:
    """Kills a challenger once dbt has written its first table."""
    log = institute.home / "logs" / "dbt.log"
    process = institute.start("run", "--experiment", NAME)
    try:
        deadline = time.monotonic() + 300
        while not re.search(f"OK created .* {ITS_OWN}\\.", log.read_text()) and time.monotonic() < deadline:
            assert process.poll() is None
            time.sleep(0.1)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
    # dbt ends itself when it sees that its parent is gone; till then it holds the warehouse.
    while time.monotonic() < deadline:
        with contextlib.suppress(duckdb.IOException):
            ask(institute, "select 1")
            return
        time.sleep(0.2)
    raise AssertionError("dbt goes on")


def test_a_challenger_is_compared_beside_the_champion_and_promoted(
    published: Institute, tmp_path: Path
) -> None:
    before = the_champions(published)
    refused = published.aforo("promote", NAME)
    assert (refused.exit_code, f"the experiment {NAME} was never run" in refused.err) == (1, True)

    kill_while_it_builds(published)
    assert the_champions(published) == before
    built = f"select table_name from duckdb_tables() where schema_name = '{ITS_OWN}'"
    assert ask(published, built)
    assert ("pronosticos_juzgados",) not in ask(published, built)

    ran = published.aforo("run", "--experiment", NAME)
    assert ran.exit_code == 0, ran.err
    assert f"{NAME} beside " in ran.out
    assert the_champions(published) == before
    record = published.records()[-1]
    assert (record["status"], record["experiment"], record["horizon"]) == ("compared", NAME, 1)
    assert [each["status"] for each in published.records()] == ["published", "interrupted", "compared"]
    assert ask(published, f"select learner from {ITS_OWN}.experimento") == [("none",)]

    # Its numbers are those of both tables, over the same rows.
    [expected] = ask(
        published,
        f"""select
            count(*),
            round(sum(abs(coalesce(c.pronostico, 0) - coalesce(c.y, r.y))) / sum(coalesce(c.y, r.y)), 6),
            round(sum(abs(coalesce(r.pronostico, 0) - coalesce(c.y, r.y))) / sum(coalesce(c.y, r.y)), 6)
        from {schema_of("predictions")}.pronosticos_juzgados as c
        full join {ITS_OWN}.pronosticos_juzgados as r using (indice_origen, h, nivel_jerarquia, unique_id)
        where nivel_jerarquia = 'celda'""",
    )
    [row] = [
        row
        for row in record["comparison"]
        if (row["nivel_jerarquia"], row["horizonte"]) == ("celda", "todos")
    ]
    assert (row["n"], row["wape_campeon"], row["wape_retador"]) == expected

    # Nothing is made again for the champion, and the comparison is published with its marts.
    again = replace(published, flags=("--horizon", "1")).aforo("run")
    assert again.exit_code == 0, again.err
    steps = {step["name"]: step["state"] for step in published.records()[-1]["steps"]}
    assert steps["transform"] == "unchanged"
    told = published.published("select distinct retador, campeon from marts.comparacion_experimentos")
    assert told == [(NAME, row["campeon"])]

    # In a copy of the project, whose files a promotion writes.
    for name in CODE:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    promoted = subprocess.run(
        [sys.executable, "-m", "flows.cli", "promote", NAME, "--home", str(published.home)],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert promoted.returncode == 0, promoted.stderr
    assert f"{NAME} serves in place of {row['campeon']} from the next run on" in promoted.stdout
    assert f"experiment_name: {NAME}\n" in (tmp_path / "version.yml").read_text()
    [note] = json.loads((published.home / "promotions.json").read_text())
    assert (note["from"], note["to"]) == (row["campeon"], NAME)
    assert row in note["comparison"] or len(note["comparison"]) == len(record["comparison"])
