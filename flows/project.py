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
PROJECT_FILE = PROJECT / "dbt_project.yml"
EXPERIMENTS = PROJECT / "experiments"
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
def version_variables() -> dict[str, Any]:
    """What serves, as dbt's vars: the versions and the experiment of version.yml, and what it changes.

    Raises AforoError where a key is missing or is no name, and for an experiment that has no file.
    """
    versions = read_versions(VERSION_FILE)
    return versions | read_experiment(versions[EXPERIMENT_KEY])


def experiment_file(name: str) -> Path:
    """Where it is written what an experiment changes."""
    return EXPERIMENTS / f"{name}.yml"


def read_experiment(name: str) -> dict[str, Any]:
    """What an experiment changes: vars of dbt_project.yml and layers' versions, with their values.

    AforoError where it has no file, or that names something that is no var.
    """
    file = experiment_file(name)
    try:
        changes = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(sorted(path.stem for path in EXPERIMENTS.glob("*.yml"))) or "-"
        raise AforoError(
            [
                Problem(
                    t("there is no experiment {name}: it has no file {file}", name=name, file=_short(file)),
                    t("write the vars that it changes into that file, or name one of {there}", there=there),
                )
            ]
        ) from None
    except yaml.YAMLError as error:
        raise AforoError(
            [
                Problem(
                    t("{file} is no YAML: {error}", file=_short(file), error=" ".join(str(error).split())),
                    t("write a line `var: value` for each var that it changes"),
                )
            ]
        ) from None
    changes = {} if changes is None else changes
    known = project_variables()
    keys = changes.keys() if isinstance(changes, dict) else ["-"]
    problems = [
        Problem(
            t("{file}: nothing is called {key}", file=_short(file), key=key),
            t("give it a var of dbt_project.yml, or a layer's version"),
        )
        for key in keys
        if key not in known or key == EXPERIMENT_KEY
    ]
    problems += [
        Problem(
            t("{file}: {key} is {value}", file=_short(file), key=key, value=repr(changes[key])),
            t("give it a name: a small letter, then small letters, digits or _, at most 31 in all"),
        )
        for key in [version_key(layer) for layer in VERSIONED]
        if isinstance(changes, dict) and key in changes and not _is_name(changes[key])
    ]
    if problems:
        raise AforoError(problems)
    return dict(changes)


@cache
def project_variables() -> dict[str, Any]:
    """The vars of dbt_project.yml and their defaults."""
    found: dict[str, Any] = yaml.safe_load(PROJECT_FILE.read_text(encoding="utf-8"))["vars"]
    return found


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
        if not _is_name(found.get(key))
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


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and _NAME.fullmatch(value) is not None


def _short(file: Path) -> Path:
    return file.relative_to(PROJECT)


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
