"""What the dbt project states about itself: the versions of its layers and the tables of the contract.

The flow, the tests and the benchmarks all ask here, so that each fact stands in one file alone.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from flows.errors import AforoError, Problem
from flows.language import t

PROJECT = Path(__file__).resolve().parent.parent
VERSION_FILE = PROJECT / "version.yml"
CONTRACT_FILE = PROJECT / "models" / "landing" / "_sources.yml"


# The layers with a version, and the one with an experiment instead.
VERSIONED = ("raw", "platinum", "features", "target")
PREDICTIONS = "predictions"
EXPERIMENT_KEY = "experiment_name"
# A schema's name ends with it.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")


def version_key(layer: str) -> str:
    """The key of a layer in version.yml, and the name of its var."""
    return EXPERIMENT_KEY if layer == PREDICTIONS else f"{layer}_version"


@cache
def version_variables() -> dict[str, str]:
    """The layers' versions and the experiment as dbt's vars, as version.yml says them.

    Raises AforoError where a key is missing or is no name.
    """
    return read_versions(VERSION_FILE)


def read_versions(file: Path) -> dict[str, str]:
    """`version_variables` of a file."""
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    found = found if isinstance(found, dict) else {}
    keys = [version_key(layer) for layer in (*VERSIONED, PREDICTIONS)]
    problems = [
        Problem(
            t("{file}: {key} is {value}", file=file.name, key=key, value=repr(found.get(key))),
            t("give it a name: a small letter, then small letters, digits or _, at most 31 in all"),
        )
        for key in keys
        if not isinstance(found.get(key), str) or not _NAME.fullmatch(found[key])
    ]
    problems += [
        Problem(
            t("{file}: nothing is called {key}", file=file.name, key=key),
            t("the keys are {keys}", keys=", ".join(keys)),
        )
        for key in found.keys() - set(keys)
    ]
    if problems:
        raise AforoError(problems)
    return {key: found[key] for key in keys}


def schema_of(layer: str) -> str:
    """The schema of a layer's tables, as the macro generate_schema_name makes it."""
    version = version_variables().get(version_key(layer))
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
