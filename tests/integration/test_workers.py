"""The same data gives the same bits, whatever the number of workers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Institute

pytestmark = pytest.mark.slow
# A run's own stamps, and the marts that tell when it read its tables, and of which run they are.
STAMPS = "run_id|datos_al|git_commit"
OF_THE_RUN = {"salud_fuentes", "ejecuciones", "ejecuciones_entradas"}


def marts(institute: Institute) -> dict[str, list[Any]]:
    """Every published mart without the stamps of its run, in order."""
    names = institute.published("select table_name from duckdb_tables() where schema_name = 'marts'")
    return {
        name: institute.published(
            f"select columns(c -> not regexp_matches(c, '{STAMPS}')) from marts.{name} order by all"
        )
        for (name,) in names
        if name not in OF_THE_RUN
    }


@pytest.mark.parametrize("workers", [1, 4])
def test_any_number_of_workers_publishes_the_same(workers: int, built: Institute, tmp_path: Path) -> None:
    environment = built.environment | {"AFORO_WORKERS": str(workers)}
    other = replace(built, home=tmp_path / "home", environment=environment)
    outcome = other.aforo("run")
    assert outcome.exit_code == 0, outcome.err
    expected, found = marts(built), marts(other)
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
