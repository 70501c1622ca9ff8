"""What is forecast for a period does not depend on what came after it, nor on chance."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from flows.dbt.runner import Dbt, Variables
from flows.project import schema_of, version_variables
from flows.settings import resolve

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "seeds" / "demo_institute"
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
    "run_id", "datos_al", "capturada_en", "cambio_en", "edad_dias", "origen", "filas", "estado_fuente",
    "base",
}  # fmt: skip
# Empty after a single capture, before a publication, without a challenger, or where dbt is called by hand:
# that writes no record.
OF_LATER_CAPTURES = {
    "marts.cambios_programacion", "marts.pronostico_y_real", "marts.comparacion_experimentos",
    "marts.ejecuciones", "marts.ejecuciones_entradas",
}  # fmt: skip
# A calendar of months goes on as far as the sections do.
OF_LATER_PERIODS = {"marts.dim_periodos": "estado <> 'futuro'"}


def keep(source: Path, copy: Path, condition: str) -> Path:
    """A copy of the source with the sections for which the condition holds."""
    shutil.copytree(source, copy)
    file = copy / "programacion.parquet"
    kept = file.with_name("kept.parquet")
    kept_rows = f"with programacion as (from '{file}') from programacion where {condition}"
    duckdb.sql(f"copy ({kept_rows}) to '{kept}'")
    kept.replace(file)
    return copy


def small_campuses(share: float) -> str:
    """The campuses that have less than that share of the sections each: they are as the others."""
    return (
        "sede in (select sede from programacion group by sede"
        f" having count(*) < {share} * (select count(*) from programacion))"
    )


@contextlib.contextmanager
def whole_and_cut(
    source: Path,
    folder: Path,
    first_cut: int,
    origins: int,
    origins_cut_away: int = 0,
    periodo: int | None = None,
    **lasting: object,
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouses built of the source and of its copy cut at the period, as whole_run and cut_run.

    Both backtests begin at the same origin, `origins` before the last that the cut one knows: what an origin
    has learnt of the backtest depends on the origins before it.
    """
    keep(source, folder / "cut", f"periodo < {first_cut}")
    with Dbt() as dbt:
        for name, delivered, tried in (
            ("whole", source, origins + origins_cut_away),
            ("cut", folder / "cut", origins),
        ):
            asked = resolve(str(delivered), str(folder / f"{name}_home"))
            asked.home.root.mkdir()
            of_run = {"periodo": periodo, "origenes_backtest": tried}
            variables = Variables(version_variables() | lasting, of_run)
            result = dbt.run(["build", "--exclude-resource-type", "unit_test"], asked, variables)
            assert result.ok, result
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
    ("source", "share", "periodo"),
    [
        pytest.param(DEMO, 0.2, 202503, id="demo"),
        pytest.param(
            INSTITUTE,
            0.04,
            202502,
            id="institute",
            marks=pytest.mark.skipif(not INSTITUTE.exists(), reason="../shared/data/institute is absent"),
        ),
    ],
)
def test_a_forecast_does_not_see_what_came_later(
    source: Path, share: float, periodo: int, tmp_path: Path
) -> None:
    source = keep(source, tmp_path / "source", small_campuses(share))
    with whole_and_cut(
        source, tmp_path, first_cut=periodo, origins=2, periodo=periodo, origenes_aprendizaje=12
    ) as connection:
        tables = connection.sql(
            "select schema_name || '.' || table_name from duckdb_tables()"
            f" where database_name = 'whole_run' and schema_name in {('marts', *LAYERS)}"
        ).fetchall()
        assert {table.split(".")[0] for (table,) in tables} == {"marts", *LAYERS}
        assert len([table for (table,) in tables if table.startswith("marts.")]) >= 5
        for (table,) in tables:
            if table not in OF_LATER_CAPTURES:
                assert_equal(connection, table, OF_LATER_PERIODS.get(table, "true"))


@pytest.mark.slow
def test_a_past_origin_of_the_backtest_knows_what_was_known_then(tmp_path: Path) -> None:
    source = keep(DEMO, tmp_path / "source", small_campuses(0.2))
    today_of_the_cut = f"(select max(indice_origen) from cut_run.{FEATURES}.origenes)"
    with whole_and_cut(
        source,
        tmp_path,
        first_cut=202503,
        origins=4,
        origins_cut_away=4,
        learner="none",
        origenes_aprendizaje=0,
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
