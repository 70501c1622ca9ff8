"""The layers as dbt compiles them: which reads from which, and a fingerprint of what each layer's code does.

Whether a change of code changes results can't be decided in general. What is compared is the compiled SQL,
parsed and written anew by sqlglot: comments, white space, the case of keywords, names of CTEs and a macro
that was moved don't count, every other difference does. Of Python, the code without comments and docstrings.
"""

import ast
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.project import EXPERIMENT_KEY, PREDICTIONS, PROJECT, VERSIONED, version_key

LAYERS = (*VERSIONED, PREDICTIONS)
# What the Python models call, beside the models themselves.
PACKAGE = "python_models/forecasting"
# The snapshots, which raw reads, have no version: history goes on.
_LAYER_OF_SCHEMA = {"snapshots": "raw"} | {layer: layer for layer in LAYERS}


@dataclass(frozen=True)
class Layer:
    """A layer's fingerprint, and the layers that read from it, directly or not, in the order of LAYERS."""

    fingerprint: str
    below: tuple[str, ...]


def read(project: Path = PROJECT) -> dict[str, Layer]:
    """layer -> Layer, of the project as it stands. Compiles it, which takes some ten seconds."""
    return of_manifest(compiled(project), project)


def compiled(project: Path) -> dict[str, Any]:
    """dbt's manifest with the compiled code, the same for all versions; no warehouse is needed.

    Raises RuntimeError, with dbt's words, where the project does not compile.
    """
    # Where no run is named it is dbt's invocation, which is another each time.
    variables = {version_key(layer): "v0" for layer in VERSIONED} | {EXPERIMENT_KEY: "x", "run_id": "x"}
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            [
                sys.executable, "-c", "from dbt.cli.main import cli; cli()",
                "compile", "--quiet", "--vars", json.dumps(variables),
                "--project-dir", str(project), "--profiles-dir", str(project),
                "--target-path", folder, "--log-path", folder,
                "--select", *(f"config.schema:{schema}" for schema in _LAYER_OF_SCHEMA),
            ],
            cwd=project,
            env=os.environ | {"AFORO_HOME": folder},
            capture_output=True,
            text=True,
        )  # fmt: skip
        if result.returncode:
            raise RuntimeError(f"the project does not compile:\n{result.stdout}{result.stderr}")
        found: dict[str, Any] = json.loads(Path(folder, "manifest.json").read_text(encoding="utf-8"))
    return found


def of_manifest(manifest: dict[str, Any], project: Path = PROJECT) -> dict[str, Layer]:
    """layer -> Layer, of a manifest with compiled code."""
    layer_of = {
        name: _LAYER_OF_SCHEMA[node["config"]["schema"]]
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in ("model", "snapshot") and node["config"].get("schema") in _LAYER_OF_SCHEMA
    }
    reads: dict[str, set[str]] = {layer: set() for layer in LAYERS}
    for name, layer in layer_of.items():
        depends_on = manifest["nodes"][name]["depends_on"]["nodes"]
        reads[layer] |= {layer_of[other] for other in depends_on if other in layer_of} - {layer}
    return {
        layer: Layer(
            fingerprint=_fingerprint(
                [manifest["nodes"][name] for name in sorted(layer_of) if layer_of[name] == layer], project
            ),
            below=tuple(other for other in LAYERS if layer in _above(other, reads)),
        )
        for layer in LAYERS
    }


def _above(layer: str, reads: dict[str, set[str]]) -> set[str]:
    """All that a layer reads from, directly or not."""
    found = set(reads[layer])
    for other in reads[layer]:
        found |= _above(other, reads)
    return found


def _fingerprint(nodes: list[dict[str, Any]], project: Path) -> str:
    digest = hashlib.sha256()
    for node in nodes:
        in_sql = node["language"] == "sql"
        meaning = of_sql(node["compiled_code"]) if in_sql else of_python(node["raw_code"])
        digest.update(f"{node['name']}\n{meaning}\n".encode())
    if any(node["language"] == "python" for node in nodes):
        for file in sorted((project / PACKAGE).glob("*.py")):
            digest.update(f"{file.name}\n{of_python(file.read_text(encoding='utf-8'))}\n".encode())
    return digest.hexdigest()[:16]


def of_sql(sql: str) -> str:
    """A query of DuckDB's without what does not change its result; its CTEs are called cte_0, cte_1, …."""
    # Here, as the command line imports this module at each start.
    import sqlglot
    from sqlglot import exp

    query = sqlglot.parse_one(sql, dialect="duckdb")
    names: dict[str, str] = {}
    for cte in query.find_all(exp.CTE, bfs=False):
        names.setdefault(cte.alias, f"cte_{len(names)}")
    for place in query.find_all(exp.Table, exp.TableAlias, exp.Column):
        part = "table" if isinstance(place, exp.Column) else "this"
        identifier = place.args.get(part)
        is_of_schema = isinstance(place, exp.Table) and place.args.get("db")
        if isinstance(identifier, exp.Identifier) and not is_of_schema and identifier.name in names:
            place.set(part, exp.to_identifier(names[identifier.name]))
    return query.sql(dialect="duckdb", comments=False)


def of_python(code: str) -> str:
    """Python code without comments and docstrings."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body[0] = ast.Pass()
    return ast.unparse(tree)
