"""The layers' versions: a change of a layer's code asks for a new version of it and of all below.

`python .ci/versions.py check` says what changed without one (the tests call it); `bump LAYER` raises the
versions in version.yml and dbt_project.yml and records the code's fingerprints in .ci/layers.json. Comments
and white space do not count: only what changes a table does.
"""

import ast
import hashlib
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / ".ci" / "layers.json"

# In the order of the path: what is below a layer is rebuilt with it. The target has nothing below it.
LAYERS: dict[str, tuple[str, ...]] = {
    "raw": ("models/raw/*.sql", "snapshots/*.sql", "macros/raw_as_of.sql"),
    "platinum": ("models/platinum/*.sql",),
    "features": ("models/features/*.sql",),
    "target": ("models/target/*.sql",),
    "predictions": (
        "models/predictions/*/*.sql",
        "macros/es_vista_del_aprendiz.sql",
        "macros/si_se_dicta.sql",
        "macros/tramo.sql",
        "python_models/predictions/*.py",
        "python_models/forecasting/*.py",
    ),
}
BELOW = {
    "raw": ("platinum", "features", "target", "predictions"),
    "platinum": ("features", "target", "predictions"),
    "features": ("target", "predictions"),
    "target": (),
    "predictions": (),
}


def meaning(path: Path) -> str:
    """The file's text without what does not change its result."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return ast.unparse(ast.parse(text))
    text = re.sub(r"\{#.*?#\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"--[^\n]*", " ", text)
    return re.sub(r"\s+", " ", text).strip()


def fingerprint(layer: str, root: Path = ROOT) -> str:
    """Hash of the layer's code."""
    files = sorted(file for pattern in LAYERS[layer] for file in root.glob(pattern))
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(root)}\n{meaning(file)}\n".encode())
    return digest.hexdigest()[:16]


def versions(path: Path) -> dict[str, str]:
    """layer -> version, of version.yml or dbt_project.yml."""
    found = re.findall(r"^\s*version_(\w+): (v\d+)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(found)


def problems(root: Path = ROOT) -> list[str]:
    """What is out of step, in words; empty where all is well."""
    recorded = json.loads((root / ".ci" / "layers.json").read_text(encoding="utf-8"))
    current = versions(root / "version.yml")
    found = []
    if current != versions(root / "dbt_project.yml"):
        found.append("version.yml and the vars of dbt_project.yml name different versions")
    for layer in LAYERS:
        if recorded[layer]["fingerprint"] != fingerprint(layer, root):
            found.append(f"the code of {layer} changed: run `make bump LAYER={layer}`")
        if recorded[layer]["version"] != current.get(layer):
            found.append(f"version_{layer} was edited by hand: run `make bump LAYER={layer}`")
    return found


def bump(layer: str, root: Path = ROOT) -> None:
    """Raise the version of the layer and of all below it, and record their code."""
    recorded = json.loads((root / ".ci" / "layers.json").read_text(encoding="utf-8"))
    for name in (layer, *BELOW[layer]):
        version = f"v{int(recorded[name]['version'][1:]) + 1}"
        recorded[name] = {"version": version, "fingerprint": fingerprint(name, root)}
        for path in (root / "version.yml", root / "dbt_project.yml"):
            text = path.read_text(encoding="utf-8")
            path.write_text(re.sub(rf"(version_{name}: )v\d+", rf"\g<1>{version}", text), encoding="utf-8")
    (root / ".ci" / "layers.json").write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Exit code: 0 where all is well."""
    match arguments:
        case ["check"]:
            found = problems()
            print("\n".join(found) or "every layer's code has its version")
            return int(bool(found))
        case ["bump", layer] if layer in LAYERS:
            bump(layer)
            return 0
    print(f"usage: versions.py check | bump ({' | '.join(LAYERS)})", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
