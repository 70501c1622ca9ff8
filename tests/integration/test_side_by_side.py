"""Two versions of a layer live side by side in one warehouse; which one is served stands in version.yml."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import layers, project
from flows.commands import version
from flows.dbt.parsing import CODE, FILES
from tests.harness import ROOT, Institute

pytestmark = pytest.mark.slow

MODEL = Path("models", "features", "flujo.sql")
SERVED = ("corrida", "prediccion_alumnos", "prediccion_detalle")
VERSIONED = ("features", "target", "predictions")


def schemas(file: Path) -> dict[str, str]:
    """layer -> its schema, as a version.yml names it."""
    return {layer: f"{layer}_{name}" for layer, name in version.versions(file).items()}


def dbt(copy: Path, home: Path, *select: str) -> None:
    """Builds with the copied project, as `dbt run` by hand does."""
    command = [
        Path(sys.executable).with_name("dbt"), "run", "--quiet",
        "--project-dir", copy, "--profiles-dir", copy,
        "--target-path", copy / "target", "--log-path", copy / "logs",
        "--vars", (copy / "version.yml").read_text(), "--select", *select,
    ]  # fmt: skip
    asked = {"AFORO_HOME": str(home), "AFORO_SOURCE": str(ROOT / "seeds" / "demo_institute")}
    built = subprocess.run(
        [str(word) for word in command], cwd=ROOT, env=os.environ | asked, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout + built.stderr


def ask(home: Path, query: str) -> list[Any]:
    with duckdb.connect(str(home / "aforo_warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def contents(home: Path, schema: str) -> dict[str, Any]:
    """table -> what is in it."""
    tables = ask(home, f"select table_name from duckdb_tables() where schema_name = '{schema}'")
    return {name: ask(home, f"select count(*), sum(hash(t)) from {schema}.{name} as t") for (name,) in tables}


def served(home: Path) -> tuple[list[Any], list[Any]]:
    """The versions that the forecast says it was made by, and the forecast."""
    by = ask(home, "select distinct version_features, experimento from marts.prediccion_detalle")
    return by, ask(home, "from marts.prediccion_alumnos order by all")


def test_a_new_version_is_built_beside_the_one_that_serves(built: Institute, tmp_path: Path) -> None:
    home = built.copy(tmp_path).home
    copy = tmp_path / "project"
    for folder in CODE:
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name in (*FILES, "version.yml"):
        shutil.copy(ROOT / name, copy / name)
    of_before = (copy / "version.yml").read_text()
    before = schemas(copy / "version.yml")
    forecast = served(home)
    kept = {layer: contents(home, before[layer]) for layer in VERSIONED}

    model = (copy / MODEL).read_text()
    assert "    alumnos as regla" in model
    (copy / MODEL).write_text(model.replace("    alumnos as regla", "    2 * alumnos as regla"))
    below = {"features": ("target", "predictions"), "target": ("predictions",)}
    code = {layer: layers.Layer("", below.get(layer, ())) for layer in layers.LAYERS}
    raised = version.bump("features", code, copy)
    assert raised.keys() == set(VERSIONED)
    dbt(copy, home, *(f"config.schema:{layer}" for layer in VERSIONED), *SERVED)

    after = schemas(copy / "version.yml")
    assert all(before[layer] != after[layer] for layer in VERSIONED)
    for layer in VERSIONED:
        assert contents(home, before[layer]) == kept[layer], layer
        assert contents(home, after[layer]).keys() == kept[layer].keys(), layer
    by, forecast_of_new = served(home)
    assert by == [(raised["features"], raised[project.PREDICTIONS])]
    assert forecast_of_new != forecast[1]

    # One file says which is served: with it as it was, the marts are those of the earlier tables again.
    (copy / "version.yml").write_text(of_before)
    dbt(copy, home, *SERVED)
    assert served(home) == forecast
