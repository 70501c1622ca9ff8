"""`aforo version`: a change of a layer's code needs a new version of that layer and of all below it.

`check` says which layers changed without one (a test calls it). `bump LAYER` raises the versions in
version.yml and dbt_project.yml and records the fingerprints of the code in models/layers.json. Comments and
white space do not count: only what changes a table does.
"""

import ast
import hashlib
import json
import re
from pathlib import Path
from typing import Annotated

import typer

from flows.project import PROJECT

app = typer.Typer(
    help="For developers: the versions of the layers of the dbt project.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

# In the order of the path. A layer reads from those before it (tests/unit/test_project.py), so that all after
# it get a new version with it.
LAYERS: dict[str, tuple[str, ...]] = {
    "raw": ("models/raw/*.sql", "snapshots/*.sql", "macros/raw_as_of.sql"),
    "platinum": ("models/platinum/*.sql", "macros/closed_seasons.sql"),
    "features": (
        "models/features/*.sql",
        "macros/entry_rule.sql",
        "macros/hierarchy.sql",
        "macros/seasons.sql",
    ),
    "target": ("models/target/*.sql",),
    "predictions": (
        "models/predictions/*/*.sql",
        "macros/distribution.sql",
        "macros/es_vista_del_aprendiz.sql",
        "macros/si_se_dicta.sql",
        "macros/simple_rules.sql",
        "macros/tramo.sql",
        "macros/upper_models.sql",
        "python_models/predictions/*.py",
        "python_models/forecasting/*.py",
    ),
}
# What has no version: landing is rebuilt at each run, marts have a contract, and these macros make no layer.
UNVERSIONED = (
    "models/landing/*.sql",
    "models/marts/*.sql",
    "models/plan/*.sql",
    "macros/audit.sql",
    "macros/audit_rules.sql",
    "macros/captures.sql",
    "macros/generate_names.sql",
    "macros/landing.sql",
    "macros/losses.sql",
    "macros/plan.sql",
    "macros/publications.sql",
    "macros/quantiles.sql",
    "macros/season_notes.sql",
    "macros/seen_totals.sql",
    "macros/vacuums.sql",
    "macros/sources/*.sql",
)


@app.command("check")
def check() -> None:
    """Say which layers' code changed without a new version; exit 1 if any did."""
    found = problems()
    typer.echo("\n".join(found) or "every layer's code has its version")
    raise typer.Exit(int(bool(found)))


@app.command("bump")
def bump_command(
    layer: Annotated[str, typer.Argument(help=f"The layer whose code changed: {', '.join(LAYERS)}.")],
) -> None:
    """Raise the version of a layer and of all below it."""
    if layer not in LAYERS:
        raise typer.BadParameter(f"{layer!r} is not a layer with a version: give one of {', '.join(LAYERS)}")
    for name, version in bump(layer).items():
        typer.echo(f"{name}: {version}")


def with_all_below(layer: str) -> list[str]:
    """The layer and those that are rebuilt with it."""
    order = list(LAYERS)
    return order[order.index(layer) :]


def fingerprint(layer: str, root: Path = PROJECT) -> str:
    """Hash of the layer's code."""
    digest = hashlib.sha256()
    for file in sorted(_files(LAYERS[layer], root)):
        digest.update(f"{file.relative_to(root)}\n{_meaning(file)}\n".encode())
    return digest.hexdigest()[:16]


def versions(path: Path) -> dict[str, str]:
    """layer -> version, of version.yml or dbt_project.yml."""
    found = re.findall(r"^\s*(\w+)_version: (v\d+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(found)


def problems(root: Path = PROJECT) -> list[str]:
    """What is out of step, in words; empty where all is well."""
    recorded = json.loads(_record(root).read_text(encoding="utf-8"))
    current = versions(root / "version.yml")
    found = [
        f"{file.relative_to(root)} belongs to no layer: name it in flows/commands/version.py"
        for file in sorted(_of_no_layer(root))
    ]
    if current != versions(root / "dbt_project.yml"):
        found.append("version.yml and the vars of dbt_project.yml name different versions")
    for layer in LAYERS:
        if recorded[layer]["fingerprint"] != fingerprint(layer, root):
            found.append(f"the code of {layer} changed: run `make bump LAYER={layer}`")
        if recorded[layer]["version"] != current.get(layer):
            found.append(f"{layer}_version was edited by hand: run `make bump LAYER={layer}`")
    return found


def bump(layer: str, root: Path = PROJECT) -> dict[str, str]:
    """Raise the version of the layer and of all below it, and record their code; returns the new versions."""
    recorded = json.loads(_record(root).read_text(encoding="utf-8"))
    raised = {name: f"v{int(recorded[name]['version'][1:]) + 1}" for name in with_all_below(layer)}
    for path in (root / "version.yml", root / "dbt_project.yml"):
        text = path.read_text(encoding="utf-8")
        for name, version in raised.items():
            text = re.sub(rf"({name}_version: )v\d+", rf"\g<1>{version}", text)
        path.write_text(text, encoding="utf-8")
    seal(raised, root)
    return raised


def seal(sealed: dict[str, str], root: Path = PROJECT) -> None:
    """Record the code of these layers (layer -> version) as that of their versions."""
    recorded = json.loads(_record(root).read_text(encoding="utf-8"))
    for layer, version in sealed.items():
        recorded[layer] = {"version": version, "fingerprint": fingerprint(layer, root)}
    _record(root).write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")


def _record(root: Path) -> Path:
    return root / "models" / "layers.json"


def _files(patterns: tuple[str, ...], root: Path) -> set[Path]:
    return {file for pattern in patterns for file in root.glob(pattern)}


def _of_no_layer(root: Path) -> set[Path]:
    everywhere = ("models/**/*.sql", "macros/**/*.sql", "snapshots/**/*.sql", "python_models/*/**/*.py")
    assigned = [pattern for patterns in LAYERS.values() for pattern in patterns]
    return _files(everywhere, root) - _files((*UNVERSIONED, *assigned), root)


def _meaning(path: Path) -> str:
    """The file's text without what does not change its result."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return ast.unparse(ast.parse(text))
    text = re.sub(r"\{#.*?#\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"--[^\n]*", " ", text)
    return re.sub(r"\s+", " ", text).strip()
