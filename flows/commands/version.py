"""`aforo version`: a change of a layer's code needs a new version of that layer and of all below it.

`check` says which layers' code changed without one (a test calls it). `bump LAYER` raises the versions in
version.yml and dbt_project.yml and records the fingerprints of the code in models/layers.json. `seal` records
them as they are: for a change of which it is known that results stay.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Annotated

import typer
import yaml

from flows.layers import LAYERS, Layer, read
from flows.project import PREDICTIONS, PROJECT, version_key

app = typer.Typer(
    help="For developers: the versions of the layers of the dbt project.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
FILES = ("version.yml", "dbt_project.yml")


@app.command("check")
def check() -> None:
    """Say which layers' code changed without a new version; exit 1 if any did."""
    found = problems(read())
    typer.echo("\n".join(found) or "every layer's code has its version")
    raise typer.Exit(int(bool(found)))


@app.command("bump")
def bump_command(
    layer: Annotated[str, typer.Argument(help=f"The layer whose code changed: {', '.join(LAYERS)}.")],
) -> None:
    """Raise the version of a layer and of all below it; predictions get another experiment's name."""
    if layer not in LAYERS:
        raise typer.BadParameter(f"{layer!r} is not a layer with a version: give one of {', '.join(LAYERS)}")
    for name, version in bump(layer, read()).items():
        typer.echo(f"{name}: {version}")


@app.command("seal")
def seal_command() -> None:
    """Record the code as that of the present versions: for a change that changes no result."""
    seal(read())


def versions(path: Path) -> dict[str, str]:
    """layer -> version, of version.yml or dbt_project.yml; of predictions, the experiment's name."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    stated = content.get("vars", content)
    return {layer: stated[version_key(layer)] for layer in LAYERS if version_key(layer) in stated}


def problems(layers: dict[str, Layer], root: Path = PROJECT) -> list[str]:
    """What is out of step, in words; empty where all is well."""
    recorded = json.loads(_record(root).read_text(encoding="utf-8"))
    current, by_hand = (versions(root / file) for file in FILES)
    found = []
    if current != by_hand:
        found.append("version.yml and the vars of dbt_project.yml name different versions")
    for layer in LAYERS:
        same_code = recorded[layer]["fingerprint"] == layers[layer].fingerprint
        same_version = recorded[layer]["version"] == current.get(layer)
        if not same_code and same_version:
            found.append(f"the code of {layer} changed: run `aforo version bump {layer}`")
        elif same_code and not same_version:
            found.append(
                f"{layer} has another version than its code was recorded with: run `aforo version seal`"
            )
    return found


def bump(layer: str, layers: dict[str, Layer], root: Path = PROJECT) -> dict[str, str]:
    """Raise the version of the layer and of all below it, and record their code; returns the new versions."""
    current = versions(root / FILES[0])
    raised = {name: _next(current[name]) for name in (layer, *layers[layer].below)}
    _write(raised, root)
    # What the experiment changes, the next of its name changes too.
    changes = root / "experiments" / f"{current[PREDICTIONS]}.yml"
    if changes.exists():
        shutil.copyfile(changes, changes.with_stem(raised[PREDICTIONS]))
    seal(layers, root)
    return raised


def name_experiment(name: str, root: Path = PROJECT) -> None:
    """Let an experiment serve, with the code as it is recorded. OSError where a file can't be written."""
    recorded = json.loads(_record(root).read_text(encoding="utf-8"))
    recorded[PREDICTIONS]["version"] = name
    _write({PREDICTIONS: name}, root)
    _record(root).write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")


def _write(named: dict[str, str], root: Path) -> None:
    """Writes the versions of these layers into the files; all else in them stays."""
    for file in FILES:
        path = root / file
        text = path.read_text(encoding="utf-8")
        for name, version in named.items():
            text = re.sub(
                rf"^( *{version_key(name)}: ).*$", rf"\g<1>{version}", text, count=1, flags=re.MULTILINE
            )
        path.write_text(text, encoding="utf-8")


def seal(layers: dict[str, Layer], root: Path = PROJECT) -> None:
    """Record the layers' code as that of the versions that version.yml names."""
    current = versions(root / FILES[0])
    recorded = {
        layer: {"version": current[layer], "fingerprint": layers[layer].fingerprint} for layer in LAYERS
    }
    _record(root).write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")


def _next(version: str) -> str:
    """v1 -> v2; an experiment's name: test -> test_2 -> test_3."""
    found = re.fullmatch(r"(v|.*_)(\d+)", version)
    return f"{found[1]}{int(found[2]) + 1}" if found else f"{version}_2"


def _record(root: Path) -> Path:
    return root / "models" / "layers.json"
