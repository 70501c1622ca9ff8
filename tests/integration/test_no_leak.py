"""What is forecast for a period does not depend on what came after it, nor on chance."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from flows.project import schema_of

ROOT = Path(__file__).parents[2]
INSTITUTE = ROOT.parent / "shared" / "data" / "institute"

# What a forecast is made of, rates, candidates, codes and weights among it.
FEATURES, PREDICTIONS = schema_of("features"), schema_of("predictions")
LAYERS = (FEATURES, PREDICTIONS)
MADE_AT_AN_ORIGIN = (
    f"{FEATURES}.candidatos",
    f"{FEATURES}.flujo",
    f"{FEATURES}.retencion_esperada",
    f"{FEATURES}.retencion_por_grupo",
    f"{FEATURES}.ingresos_por_grupo",
    f"{FEATURES}.ingresos_esperados",
    f"{FEATURES}.rasgos",
    f"{PREDICTIONS}.varianzas",
    f"{PREDICTIONS}.pronosticos_combinados",
    f"{PREDICTIONS}.pronosticos_reconciliados",
)
# What says which run made a row, not what it says.
OF_THE_RUN = {
    "run_id", "datos_al", "capturada_en", "cambio_en", "edad_dias", "origen", "filas", "estado_fuente"
}  # fmt: skip
# Empty after a single capture.
OF_LATER_CAPTURES = {"marts.cambios_programacion"}


def build(source: Path, home: Path, **variables: object) -> None:
    """`dbt build` by hand, as a user would."""
    home.mkdir()
    dbt = Path(sys.executable).with_name("dbt")
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


def keep(source: Path, copy: Path, condition: str) -> Path:
    """A copy of the source with the sections for which the condition holds."""
    shutil.copytree(source, copy)
    file = copy / "programacion.parquet"
    kept = file.with_name("kept.parquet")
    kept_rows = f"with programacion as (from '{file}') from programacion where {condition}"
    duckdb.sql(f"copy ({kept_rows}) to '{kept}'")
    kept.replace(file)
    return copy


@contextlib.contextmanager
def whole_and_cut(
    source: Path, folder: Path, first_cut: int, origins: int, origins_cut_away: int = 0, **variables: object
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouses built of the source and of its copy cut at the period, as whole_run and cut_run.

    Both backtests begin at the same origin, `origins` before the last that the cut one knows: what an origin
    has learnt of the backtest depends on the origins before it.
    """
    keep(source, folder / "cut", f"periodo < {first_cut}")
    build(source, folder / "whole_home", origenes_backtest=origins + origins_cut_away, **variables)
    build(folder / "cut", folder / "cut_home", origenes_backtest=origins, **variables)
    with duckdb.connect() as connection:
        for name in ("whole", "cut"):
            file = folder / f"{name}_home" / "aforo_warehouse.duckdb"
            connection.sql(f"attach '{file}' as {name}_run (read_only)")
        yield connection


def assert_equal(connection: duckdb.DuckDBPyConnection, table: str, where: str = "true") -> None:
    """The table says the same in both, and something; what users read to the bit.

    What is below is rounded, for sums of fractions come in another order.
    """
    said = ", ".join(
        f'round("{column}", 6)' if kind == "DOUBLE" and not table.startswith("marts.") else f'"{column}"'
        for column, kind, *_ in connection.sql(f"describe whole_run.{table}").fetchall()
        if column not in OF_THE_RUN
    )
    whole, without = (f"select {said} from {name}_run.{table} where {where}" for name in ("whole", "cut"))
    assert connection.sql(whole).limit(1).fetchall(), table
    for seen, other in ((whole, without), (without, whole)):
        assert not connection.sql(f"{seen} except all {other}").limit(3).fetchall(), table


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
    if source == INSTITUTE:
        # The largest campus is more than half of it, and as any other.
        others = "sede <> (select mode(sede) from programacion)"
        source = keep(source, tmp_path / "source", others)
    variables = {"periodo": periodo, "origenes_aprendizaje": 12}
    with whole_and_cut(source, tmp_path, first_cut=periodo, origins=2, **variables) as connection:
        tables = connection.sql(
            "select schema_name || '.' || table_name from duckdb_tables()"
            f" where database_name = 'whole_run' and schema_name in {('marts', *LAYERS)}"
        ).fetchall()
        assert {table.split(".")[0] for (table,) in tables} == {"marts", *LAYERS}
        assert len([table for (table,) in tables if table.startswith("marts.")]) >= 5
        for (table,) in tables:
            if table not in OF_LATER_CAPTURES:
                assert_equal(connection, table)


@pytest.mark.slow
def test_a_past_origin_of_the_backtest_knows_what_was_known_then(tmp_path: Path) -> None:
    source = ROOT / "seeds" / "demo_institute"
    today_of_the_cut = f"(select max(indice_origen) from cut_run.{FEATURES}.origenes)"
    with whole_and_cut(
        source, tmp_path, first_cut=202503, origins=4, origins_cut_away=4, learner="none"
    ) as connection:
        begins = f"select min(indice_origen) from {{}}_run.{FEATURES}.origenes where es_evaluado"
        assert (
            connection.sql(begins.format("whole")).fetchall()
            == connection.sql(begins.format("cut")).fetchall()
        )
        later = f"from whole_run.{FEATURES}.origenes where indice_origen > {today_of_the_cut}"
        assert connection.sql(later).fetchall()
        for table in MADE_AT_AN_ORIGIN:
            assert_equal(connection, table, f"indice_origen = {today_of_the_cut}")
