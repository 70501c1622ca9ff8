"""The house rules of the dbt project, read from its manifest: layers, descriptions, config keys."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from flows.dbt import invocation
from flows.dbt.runner import PARSE, RESTAMP, Variables, run_dbt
from flows.project import contract_tables, schema_of, version_variables
from flows.settings import resolve

# Who may read whom. Marts also read the dimensions and the candidates that they describe.
READS = {
    "landing": {"source", "landing", "snapshots"},
    "snapshots": {"landing"},
    "raw": {"source", "snapshots", "landing", "raw"},
    "platinum": {"raw", "platinum"},
    "features": {"platinum", "features"},
    "target": {"platinum", "features"},
    "predictions": {"platinum", "features", "target", "predictions"},
    "plan": {"platinum", "features", "target", "predictions", "plan"},
    # What was published, and what came of it, stands in a mart.
    "monitoring": {"raw", "platinum", "features", "predictions", "marts", "monitoring"},
    "marts": {"raw", "platinum", "features", "target", "predictions", "plan", "monitoring", "marts"},
}
# Marts speak Spanish: planners and analysts read them.
GRAIN_AND_KEY = {False: r"Grain: .*\bKey: ", True: r"Grano: .*\bClave: "}
# dbt takes a misspelt key in silence on DuckDB.
CONFIG_KEYS = {
    "access", "alias", "check_cols", "contract", "enabled", "group", "hard_deletes", "incremental_strategy",
    "materialized", "meta", "persist_docs", "post-hook", "schema", "strategy", "tags", "unique_key",
}  # fmt: skip


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The project as any run has parsed it, which need not be done again for its tests."""
    variables = version_variables()
    loaded = invocation.load(json.dumps(variables))
    if loaded.manifest is None:
        home = tmp_path_factory.mktemp("home")
        assert run_dbt(PARSE, resolve(home=str(home)), Variables(variables)).ok
        loaded = invocation.load(json.dumps(variables))
    assert loaded.manifest
    return {
        kind: {name: node.to_dict(omit_none=False) for name, node in getattr(loaded.manifest, kind).items()}
        for kind in ("nodes", "sources", "exposures", "semantic_models", "metrics")
    }


def layer(node: dict[str, Any]) -> str:
    """The room of a node: its first folder, or the layer that its schema names."""
    if node["resource_type"] == "source":
        return "landing" if node["source_name"] == "aforo" else "source"
    if node["resource_type"] == "snapshot":
        return "snapshots"
    folder = Path(node["original_file_path"]).parts
    return folder[1] if folder[0] == "models" else "predictions"


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] in ("model", "snapshot")]


def test_every_model_reads_only_from_its_own_layer_and_those_before(manifest: dict[str, Any]) -> None:
    everything = manifest["nodes"] | manifest["sources"]
    wrong = [
        f"{node['name']} reads {parent}"
        for node in models(manifest)
        for parent in node["depends_on"]["nodes"]
        if layer(everything[parent]) not in READS[layer(node)]
    ]
    assert wrong == []


def test_every_table_of_the_contract_has_its_models(manifest: dict[str, Any]) -> None:
    nodes = manifest["nodes"].values()
    stated = {s["name"] for s in manifest["sources"].values() if s["source_name"] == "instituto"}
    assert set(contract_tables()) == stated
    for prefix in ("landing__", "snapshot__", "raw__"):
        assert stated <= {n["name"].removeprefix(prefix) for n in nodes if n["name"].startswith(prefix)}
    # What the macro contract_tables says, as the one model that asks it reads them.
    snapshots = manifest["nodes"]["model.aforo.raw__capturas"]["depends_on"]["nodes"]
    read = {n.removeprefix("snapshot.aforo.snapshot__") for n in snapshots if n.startswith("snapshot.")}
    assert read == stated


def test_python_and_dbt_name_the_same_schemas(manifest: dict[str, Any]) -> None:
    nodes = [*models(manifest), *manifest["sources"].values()]
    wrong = [
        f"{node['name']} is in {node['schema']}"
        for node in nodes
        if layer(node) != "source" and node["schema"] != schema_of(layer(node))
    ]
    assert wrong == []


def test_every_model_states_grain_and_key_first(manifest: dict[str, Any]) -> None:
    wrong = [
        node["name"]
        for node in models(manifest)
        if node["resource_type"] == "model"
        and not re.match(GRAIN_AND_KEY[layer(node) == "marts"], node["description"], flags=re.S)
    ]
    assert wrong == []


def test_the_page_of_every_mart_has_a_query_and_says_what_not_to_do(manifest: dict[str, Any]) -> None:
    """In Spanish; the queries are run by tests/integration/test_point_in_time.py."""
    wrong = [
        f"{node['name']}: {part}"
        for node in models(manifest)
        if layer(node) == "marts"
        for part in (r"^Ejemplo: .*\n\n    \S", "^Mal uso conocido:")
        if not re.search(part, node["description"], flags=re.M)
    ]
    assert wrong == []


def test_the_metrics_are_of_marts_alone(manifest: dict[str, Any]) -> None:
    """dbt validates them when it parses: that they are there, and can be asked of the published file."""
    names = {metric["name"] for metric in manifest["metrics"].values()}
    assert names >= {"wape", "sesgo", "alumnos_esperados", "ocupacion", "secciones", "cancelaciones"}
    read = [node for model in manifest["semantic_models"].values() for node in model["depends_on"]["nodes"]]
    assert read
    assert [name for name in read if layer(manifest["nodes"][name]) != "marts"] == []


def test_config_keys_are_ones_that_dbt_knows(manifest: dict[str, Any]) -> None:
    wrong = [
        f"{node['name']}: {key}"
        for node in models(manifest)
        for key in node["unrendered_config"]
        if key not in CONFIG_KEYS
    ]
    assert wrong == []


def test_marts_are_public_and_under_contract(manifest: dict[str, Any]) -> None:
    marts = [node for node in models(manifest) if layer(node) == "marts"]
    assert marts
    assert [
        n["name"] for n in marts if n["access"] != "public" or not n["config"]["contract"]["enforced"]
    ] == []


def test_marts_say_what_they_and_their_columns_are_in_the_published_file(manifest: dict[str, Any]) -> None:
    marts = [node for node in models(manifest) if layer(node) == "marts"]
    assert [
        n["name"] for n in marts if n["config"]["persist_docs"] != {"relation": True, "columns": True}
    ] == []
    assert [
        f"{n['name']}.{column['name']}"
        for n in marts
        for column in n["columns"].values()
        if not column["description"]
    ] == []


def test_every_mart_is_shown_to_someone(manifest: dict[str, Any]) -> None:
    exposed = {parent for e in manifest["exposures"].values() for parent in e["depends_on"]["nodes"]}
    assert [
        n["name"] for n in models(manifest) if layer(n) == "marts" and n["unique_id"] not in exposed
    ] == []


def test_a_run_on_what_was_seen_builds_all_that_is_the_runs_own(manifest: dict[str, Any]) -> None:
    """What bears its stamp, tells how old data is, or stands on what was published or vacuumed since."""
    stamps = "run_id|as_of|git_commit|datos_al|edad_dias|estado_fuente|tablas_respaldo"
    own = rf"\b({stamps}|published_\w+|vaciados)\b"
    nodes = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    built = {name for name, node in nodes.items() if node["alias"] in RESTAMP}
    with_all_below = {name for name, node in nodes.items() if f"{node['alias']}+" in RESTAMP}
    while with_all_below - built:
        built |= with_all_below
        with_all_below |= {
            name for name, node in nodes.items() if set(node["depends_on"]["nodes"]) & with_all_below
        }
    missing = {
        node["alias"]
        for name, node in nodes.items()
        if node["fqn"][1] in ("monitoring", "marts")
        and re.search(own, node["raw_code"])
        and name not in built
    }
    assert missing == set()
