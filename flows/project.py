"""What the dbt project states about itself: the versions of its layers and the tables of the contract.

The flow, the tests and the benchmarks all ask here, so that each fact stands in one file alone.
"""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parent.parent
VERSION_FILE = PROJECT / "version.yml"
CONTRACT_FILE = PROJECT / "models" / "landing" / "_sources.yml"


@cache
def version_variables() -> dict[str, str]:
    """The layers' versions and the experiment as dbt's vars, as version.yml says them."""
    versions: dict[str, str] = yaml.safe_load(VERSION_FILE.read_text(encoding="utf-8"))
    return versions


def schema_of(layer: str) -> str:
    """The schema of a layer's tables, as the macro generate_schema_name makes it."""
    key = "experiment_name" if layer == "predictions" else f"{layer}_version"
    version = version_variables().get(key)
    return f"{layer}_{version}" if version else layer


@cache
def contract() -> dict[str, dict[str, Any]]:
    """table -> what the contract says of it (its columns, its config), in the contract's order."""
    sources = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))["sources"]
    [institute] = [source for source in sources if source["name"] == "instituto"]
    return {table["name"]: table for table in institute["tables"]}


def contract_tables() -> tuple[str, ...]:
    """The names of the contract's tables, in the contract's order."""
    return tuple(contract())
