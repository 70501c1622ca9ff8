"""What a run stands on beside its data: its code and its packages; and the account that it runs in."""

import contextlib
import hashlib
import json
import os
import platform
import pwd
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.dbt import parsing
from flows.home import state
from flows.project import PROJECT
from flows.settings import Home

HASH_LENGTH = 12


@dataclass(frozen=True)
class Difference:
    """What is other than it was for a run. kind: input, version, code, package or commit; None: not there."""

    kind: str
    name: str
    then: str | None
    now: str | None


def packages() -> dict[str, str]:
    """What is installed, name -> version, with Python and the machine that both were made for."""
    # By the names of their folders: reading what they say of themselves takes a third of a second.
    places = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    installed = [path.stem for place in places for path in Path(place).glob("*.dist-info")]
    named = dict(name.rsplit("-", 1) for name in installed if "-" in name)
    named |= {"python": platform.python_version(), "machine": platform.machine()}
    return {_normal(name): version for name, version in sorted(named.items())}


def short_hash(of: Any) -> str:
    """A hash of what JSON can say, to tell two apart at a glance."""
    return hashlib.sha256(json.dumps(of, sort_keys=True).encode()).hexdigest()[:HASH_LENGTH]


def keep_packages(home: Home, found: dict[str, str]) -> None:
    """Keeps a set of packages under its hash, once for all runs; without it a record still has the hash."""
    file = _packages_file(home, short_hash(found))
    if not file.exists():
        with contextlib.suppress(OSError):
            state.save(file, found)


def kept_packages(home: Home, set_: str) -> dict[str, str] | None:
    """The set of packages of that hash; None where it is not kept, or damaged."""
    try:
        found = json.loads(_packages_file(home, set_).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and short_hash(found) == set_ else None


def layers() -> dict[str, str]:
    """layer -> the fingerprint that its code was sealed with (`aforo version`)."""
    recorded = json.loads((PROJECT / "models" / "layers.json").read_text(encoding="utf-8"))
    return {layer: said["fingerprint"] for layer, said in recorded.items()}


def code() -> str:
    """A hash of every file that dbt reads: also what has no version, and what was changed and not sealed."""
    return parsing.digest()[:HASH_LENGTH]


def user() -> str:
    """The account of the operating system that this process runs in."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        # A container may run as a number that has no name.
        return str(os.geteuid())


def unlike(kind: str, then: Mapping[str, str | None], now: Mapping[str, str | None]) -> list[Difference]:
    """The names that stand for something else in `now` than in `then`, or are in one alone."""
    return [
        Difference(kind, name, then.get(name), now.get(name))
        for name in sorted(then.keys() | now.keys())
        if then.get(name) != now.get(name)
    ]


def _packages_file(home: Home, set_: str) -> Path:
    return home.runs / "packages" / f"{set_}.json"


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")
