"""The worked example of a mapping, on the real export that it is made for."""

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from flows.project import schema_of
from tests.harness import ROOT, Institute

WORKBOOKS = ROOT.parent / "shared" / "data" / "workbooks"
MAPPING = ROOT / "examples" / "workbooks" / "mapping"


@pytest.mark.slow
@pytest.mark.skipif(not WORKBOOKS.exists(), reason="../shared/data/workbooks is absent")
def test_the_workbooks_are_forecast_through_their_mapping(institute: Institute, tmp_path: Path) -> None:
    exports = replace(institute, source=WORKBOOKS, home=tmp_path / "home")

    outcome = exports.aforo("run", "--mapping", str(MAPPING), "--horizon", "1")

    assert outcome.exit_code == 0, outcome.err
    files = len(list(WORKBOOKS.glob("*.xlsx")))
    with duckdb.connect(str(exports.home / "aforo_warehouse.duckdb"), read_only=True) as connection:
        periods, states, dated = connection.sql(
            f"""select count(distinct periodo), list_sort(list_distinct(list(estado))),
                bool_and(fecha_creacion is not null)
            from {schema_of("raw")}.programacion"""
        ).fetchall()[0]
    assert periods == files
    assert states == ["cancelado", "cerrado"]
    assert dated
    assert len(exports.forecast()) > 1000
    assert exports.health()["cursos"]["estado"] == "ausente"
