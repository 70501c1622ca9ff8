"""What is forecast for a period does not depend on what came after it, nor on chance."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

ROOT = Path(__file__).parents[2]
INSTITUTE = ROOT.parent / "shared" / "data" / "institute"

# What says which run made a row, not what it says.
OF_THE_RUN = {"run_id", "datos_al", "capturada_en", "origen", "filas", "estado_fuente"}


def build(source: Path, home: Path, periodo: int) -> None:
    """`dbt build` by hand, as a user would."""
    home.mkdir()
    dbt = Path(sys.executable).with_name("dbt")
    variables = {"periodo": periodo, "origenes_backtest": 2}
    result = subprocess.run(
        [dbt, "--quiet", "build", "--exclude-resource-type", "unit_test", "--vars", json.dumps(variables)],
        cwd=ROOT,
        env={
            **os.environ,
            "AFORO_SOURCE": str(source),
            "AFORO_HOME": str(home),
            "DBT_TARGET_PATH": str(home / "target"),
            "DBT_LOG_PATH": str(home / "logs"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout


def cut(source: Path, copy: Path, periodo: int) -> None:
    """A copy of the source whose sections end before the period."""
    shutil.copytree(source, copy)
    file = copy / "programacion.parquet"
    kept = file.with_name("kept.parquet")
    duckdb.sql(f"copy (from '{file}' where periodo < {periodo}) to '{kept}'")
    kept.replace(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "periodo"),
    [
        pytest.param(ROOT / "seeds" / "demo_institute", 202503, id="demo"),
        pytest.param(
            INSTITUTE,
            202502,
            id="institute",
            marks=pytest.mark.skipif(not INSTITUTE.exists(), reason="../shared/data/institute is absent"),
        ),
    ],
)
def test_a_forecast_does_not_see_what_came_later(source: Path, periodo: int, tmp_path: Path) -> None:
    cut(source, tmp_path / "cut", periodo)
    build(source, tmp_path / "whole_home", periodo)
    build(tmp_path / "cut", tmp_path / "cut_home", periodo)

    with duckdb.connect() as connection:
        for name in ("whole", "cut"):
            file = tmp_path / f"{name}_home" / "aforo_warehouse.duckdb"
            connection.sql(f"attach '{file}' as {name}_run (read_only)")
        marts = connection.sql(
            "select table_name, list(column_name order by column_index) from duckdb_columns()"
            " where database_name = 'whole_run' and schema_name = 'marts' group by table_name"
        ).fetchall()
        assert len(marts) >= 5
        for mart, columns in marts:
            said = ", ".join(f'"{column}"' for column in columns if column not in OF_THE_RUN)
            whole, without = (
                connection.sql(f"select {said} from {name}_run.marts.{mart} order by all").fetchall()
                for name in ("whole", "cut")
            )
            assert whole
            assert whole == without, mart
