"""What dbt did, as Prefect shows it: a task run for each layer, with its models as a table artifact.

dbt is called once for all layers, whose models run side by side; when it has ended, each layer is told of by
a task run, in the order in which they were done. The task run's own time is that of the telling: the
layer's is in its table.
"""

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.dbt.runner import DbtResult, Node
from flows.settings import Home

log = logging.getLogger(__name__)

# By the first folder of a node's file; below `models` and `python_models` the next one is the layer.
_ROOMS = {"snapshots": "snapshots", "tests": "whole"}
_BAD = ("error", "fail", "runtime error", "skipped")


def show(result: DbtResult, home: Home) -> None:
    """Tells Prefect of every layer of a call of dbt that has ended; what goes wrong here stops nothing."""
    try:
        rows = _rows_of_tables(home)
        for layer, nodes in by_layer(result.nodes):
            _task(layer, models(nodes, rows), seconds(nodes), return_state=True)
    except Exception:
        log.exception("Prefect is not told of the layers")


def by_layer(nodes: Iterable[Node]) -> list[tuple[str, list[Node]]]:
    """(layer, its nodes), by when its last node ended.

    A layer is a room of the project: landing, snapshots, raw, …, marts; 'whole' holds the tests that look at
    more than one table (tests/sql).
    """
    found: dict[str, list[Node]] = {}
    for node in nodes:
        if node.unique_id.startswith("operation."):
            continue
        folders = Path(node.path).parts
        found.setdefault(_ROOMS.get(folders[0], folders[1]), []).append(node)
    last = {layer: max(node.ended or 0 for node in its) for layer, its in found.items()}
    return sorted(found.items(), key=lambda item: last[item[0]])


def seconds(nodes: Iterable[Node]) -> float:
    """From the start of the first node to the end of the last, waits for other layers' nodes included."""
    moments = [(node.started, node.ended) for node in nodes if node.started and node.ended]
    return round(max(e for _, e in moments) - min(s for s, _ in moments), 1) if moments else 0.0


def models(nodes: Iterable[Node], rows: dict[tuple[str, str], int]) -> list[dict[str, Any]]:
    """A dict a model of the layer: name, status, seconds, rows (None: not known, as of a view), and of its
    tests how many ran and which failed. Tests of no single model follow it, a dict each.

    rows: (schema, table) -> its rows.
    """
    nodes = list(nodes)
    tests: dict[str | None, list[Node]] = {}
    for node in nodes:
        if node.unique_id.startswith("test."):
            tests.setdefault(node.attached, []).append(node)
    told = []
    for node in nodes:
        if node.unique_id.startswith("test."):
            continue
        its = tests.pop(node.unique_id, [])
        failed = [_name(test) for test in its if test.status in _BAD]
        told.append(
            _told(node)
            | {"rows": rows.get(_place(node)), "tests": len(its), "failed tests": ", ".join(failed)}
        )
    others = [test for of_model in tests.values() for test in of_model]
    return told + [_told(test) | {"rows": None, "tests": None, "failed tests": ""} for test in others]


def _told(node: Node) -> dict[str, Any]:
    return {"name": _name(node), "status": node.status, "seconds": seconds([node])}


def _name(node: Node) -> str:
    return node.unique_id.split(".")[2]


def _place(node: Node) -> tuple[str, str]:
    schema, _, table = (node.relation or ".").replace('"', "").rpartition(".")
    return schema.rpartition(".")[2], table


def _rows_of_tables(home: Home) -> dict[tuple[str, str], int]:
    if not home.warehouse.exists():
        return {}
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        found = connection.execute(
            "select schema_name, table_name, estimated_size from duckdb_tables()"
        ).fetchall()
    return {(schema, table): rows for schema, table, rows in found}


@task(name="layer", task_run_name="layer {layer}: {seconds} s", cache_policy=NO_CACHE)
def _task(layer: str, models: list[dict[str, Any]], seconds: float) -> State:
    bad = [model["name"] for model in models if model["status"] in _BAD or model["failed tests"]]
    tests = sum(model["tests"] or 0 for model in models)
    of_models = sum(model["tests"] is not None for model in models)
    text = f"{layer}: {of_models} models, {tests + len(models) - of_models} tests, {seconds:.1f} s"
    create_table_artifact(models, key=f"aforo-layer-{layer}", description=text)
    if bad:
        return Failed(message=f"{text}; not as they should be: {', '.join(bad)}")
    return Completed(message=text)
