"""The project as dbt has parsed it, kept for the next invocation: parsing takes longer than most runs of it.

dbt keeps its own in the home's target folder, and parses anew for another home. This is kept in the project's
own target folder, named after all that it is made of: the project's files, the packages of dbt, the vars.
"""

import contextlib
import hashlib
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from flows.settings import PROJECT

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

# What decides what dbt builds, beside the data and the run's own settings.
CODE = ("models", "python_models", "macros", "snapshots", "tests/sql")
SUFFIXES = {".sql", ".py", ".yml", ".yaml", ".md"}
FILES = ("dbt_project.yml", "profiles.yml", "requirements.lock", ".dbtignore")
PACKAGES = ("dbt-core", "dbt-adapters", "dbt-common", "dbt-duckdb")
KEPT = 8


def digest() -> str:
    """A fingerprint of the project's code, which changes with any file that dbt reads."""
    found = hashlib.sha256()
    files = [PROJECT / name for name in FILES]
    for folder in CODE:
        files += sorted(path for path in (PROJECT / folder).rglob("*") if path.suffix in SUFFIXES)
    for file in files:
        found.update(f"{file.relative_to(PROJECT)}\n".encode() + file.read_bytes())
    return found.hexdigest()


def parsed_file(variables: str) -> Path:
    """Where the project as parsed with these vars is kept, whether it is there or not."""
    made_of = [str(PROJECT), digest(), variables, sys.version, *(version(name) for name in PACKAGES)]
    name = hashlib.sha256("\n".join(made_of).encode()).hexdigest()
    return PROJECT / "target" / "parsed" / f"{name}.msgpack"


def load(file: Path) -> "Manifest | None":
    """The project as it was parsed; None where it was not, or where the file can't be read."""
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    try:
        manifest: Manifest = Manifest.from_msgpack(file.read_bytes(), decoder=extended_mashumuro_decoder)
        manifest.build_flat_graph()
    except Exception:
        # Whatever is wrong with it: the project is parsed, and the file written anew.
        return None
    with contextlib.suppress(OSError):
        # Another user's, or just deleted by another run.
        os.utime(file)
    return manifest


def save(parsed: Path, file: Path) -> None:
    """Keeps what dbt has parsed into `parsed`; a cache that can't be written is done without."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_suffix(f".{os.getpid()}.tmp")
        draft.write_bytes(parsed.read_bytes())
        draft.replace(file)
        oldest_first = sorted(file.parent.glob("*.msgpack"), key=lambda path: path.stat().st_mtime)
        for old in oldest_first[:-KEPT]:
            old.unlink(missing_ok=True)
