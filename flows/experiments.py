"""Experiments: what each changes, and which layers a challenger has to build beside the champion's.

The champion is the experiment that version.yml names, a challenger any other. What a var changes is read from
the code itself: the models of a layer, with the macros that they call. A layer whose result a challenger
changes needs another version, else its tables would overwrite the champion's; predictions have the
experiment's name for that.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from flows.errors import AforoError, Problem
from flows.language import t
from flows.layers import LAYERS
from flows.project import (
    EXPERIMENT_KEY,
    PREDICTIONS,
    PROJECT,
    VERSION_FILE,
    VERSIONED,
    project_variables,
    read_experiment,
    read_versions,
    version_key,
    version_variables,
)

_VAR = re.compile(r"\bvar\(\s*['\"](\w+)['\"]")
_OF_RUN = re.compile(r"\bof_this_run\(\s*['\"](\w+)['\"]")
_REF = re.compile(r"\bref\(\s*['\"](\w+)['\"]")
_MACRO = re.compile(r"{%-?\s*macro\s+(\w+)(.*?){%-?\s*endmacro", re.DOTALL)
_WORD = re.compile(r"\b(\w+)\(")


@dataclass(frozen=True)
class Challenger:
    """An experiment beside the champion: dbt's vars for it, and the layers that it builds, from the top."""

    name: str
    variables: dict[str, Any]
    layers: tuple[str, ...]


@dataclass(frozen=True)
class _Code:
    """What the models of a layer read: vars, what is asked of each run, and layers."""

    variables: frozenset[str]
    of_run: frozenset[str]
    refs: frozenset[str]


def variables(name: str) -> dict[str, Any]:
    """dbt's vars for an experiment: the versions of version.yml, its name and what it changes."""
    return read_versions(VERSION_FILE) | {EXPERIMENT_KEY: name} | read_experiment(name)


def challenger(name: str) -> Challenger:
    """The experiment as a challenger of the one that serves.

    AforoError where it is that one, has no file, or would change the champion's tables.
    """
    serving = version_variables()
    if name == serving[EXPERIMENT_KEY]:
        raise AforoError(
            [
                Problem(
                    t("the experiment {name} is the one that serves: it is no challenger", name=name),
                    t("name another one of experiments/; `aforo run` forecasts with the one that serves"),
                )
            ]
        )
    asked = variables(name)
    other = {layer for layer in VERSIONED if asked[version_key(layer)] != serving[version_key(layer)]}
    problems = _problems_of_vars(asked, serving, other) + _problems_of_layers(other)
    if problems:
        raise AforoError(problems)
    return Challenger(name, asked, tuple(layer for layer in LAYERS if layer in other or layer == PREDICTIONS))


def _problems_of_vars(asked: dict[str, Any], serving: dict[str, Any], other: set[str]) -> list[Problem]:
    """Of vars that differ from the champion's: each layer that reads one needs another version."""
    defaults = project_variables()
    versions = {version_key(layer) for layer in LAYERS}
    changed = [
        name
        for name, default in defaults.items()
        if name not in versions and asked.get(name, default) != serving.get(name, default)
    ]
    return [problem for name in changed for problem in _problems_of_var(name, other)]


def _problems_of_var(name: str, other: set[str]) -> list[Problem]:
    code = _code()
    readers = {layer for layer, read in code.items() if name in read.variables}
    if any(name in read.of_run for read in code.values()):
        return [
            Problem(
                t("{name} is asked of each run: no experiment changes it", name=name),
                t("take it out of the experiment's file"),
            )
        ]
    shared = sorted(readers - set(LAYERS))
    if shared or not readers:
        return [
            Problem(
                t(
                    "{name} is read by {readers}, which all experiments share: none changes it",
                    name=name,
                    readers=", ".join(shared) or t("tests alone"),
                ),
                t("take it out of the experiment's file, or change it for all in dbt_project.yml"),
            )
        ]
    return [
        Problem(
            t(
                "{name} is read by the layer {layer}: the champion's tables would be overwritten",
                name=name,
                layer=layer,
            ),
            t("give the experiment another version of it ({key})", key=version_key(layer)),
        )
        for layer in VERSIONED
        if layer in readers - other
    ]


def _problems_of_layers(other: set[str]) -> list[Problem]:
    """Of layers with another version: what reads from them needs one too."""
    code = _code()
    problems = []
    for layer in VERSIONED:
        above = sorted(_above(layer, code) & other, key=LAYERS.index)
        if above and layer not in other:
            problems.append(
                Problem(
                    t(
                        "the layer {layer} reads from {above}, of which the experiment has another version",
                        layer=layer,
                        above=", ".join(above),
                    ),
                    t("give the experiment another version of it ({key})", key=version_key(layer)),
                )
            )
    return problems


def _above(layer: str, code: dict[str, _Code]) -> set[str]:
    """The layers that a layer reads from, directly or not."""
    read = {other for other in code[layer].refs if other in VERSIONED and other != layer}
    return read.union(*(_above(other, code) for other in read))


@cache
def _code() -> dict[str, _Code]:
    """layer or folder of unversioned models -> what its code reads, with the macros that it calls.

    From the files: dbt's manifest knows it too, but takes seconds to load.
    """
    macros = {
        name: body
        for file in sorted((PROJECT / "macros").rglob("*.sql"))
        for name, body in _MACRO.findall(file.read_text(encoding="utf-8"))
    }
    files = [*(PROJECT / "models").rglob("*.sql"), *(PROJECT / "python_models" / PREDICTIONS).glob("*.py")]
    layer_of = {file.stem: file.relative_to(PROJECT).parts[1] for file in files}
    texts: dict[str, list[str]] = {}
    for file in sorted(files):
        texts.setdefault(layer_of[file.stem], []).append(_whole(file.read_text(encoding="utf-8"), macros))
    found = {}
    for layer, parts in texts.items():
        text = "\n".join(parts)
        of_run = frozenset(_OF_RUN.findall(text))
        found[layer] = _Code(
            _named(frozenset(_VAR.findall(text)) | of_run),
            of_run,
            frozenset(layer_of[name] for name in _REF.findall(text) if name in layer_of),
        )
    return found


def _named(names: frozenset[str]) -> frozenset[str]:
    """The vars; a name that is put together (`var('costo_' ~ kind)`) stands for all that begin so."""
    return frozenset(
        variable
        for variable in project_variables()
        if variable in names or any(name.endswith("_") and variable.startswith(name) for name in names)
    )


def _whole(text: str, macros: dict[str, str]) -> str:
    """The code with that of the macros it calls, directly or not."""
    seen: set[str] = set()
    waiting = [text]
    parts = []
    while waiting:
        part = waiting.pop()
        parts.append(part)
        called = {name for name in _WORD.findall(part) if name in macros} - seen
        seen |= called
        waiting += [macros[name] for name in sorted(called)]
    return "\n".join(parts)
