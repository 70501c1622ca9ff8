"""The releases of a home: which one readers see, and what a killed run left behind."""

import json
import shutil
from typing import Any

from flows.settings import Home

KEPT_RELEASES = 3


def published_run(home: Home) -> str | None:
    """The run_id of the release that readers see."""
    return home.published.readlink().name if home.published.is_symlink() else None


def published_manifest(home: Home) -> dict[str, Any] | None:
    """The manifest of the release that readers see."""
    path = home.published / "manifest.json"
    return json.loads(path.read_text()) if path.exists() else None


def recover(home: Home) -> None:
    """Sets right what a killed run left behind: then exactly the published runs have a history file."""
    current = published_run(home)
    for pending in home.history.glob("*.parquet.pending"):
        if pending.name.removesuffix(".parquet.pending") == current:
            pending.rename(pending.with_suffix(""))
        else:
            pending.unlink()
    for release in home.releases.glob("*"):
        if release.name != current and not (home.history / f"{release.name}.parquet").exists():
            shutil.rmtree(release)
    for link in home.root.glob("published.*.tmp"):
        link.unlink()


def prune(home: Home) -> None:
    """Deletes all but the newest releases; open readers keep the file that they opened."""
    current = published_run(home)
    releases = sorted(path for path in home.releases.iterdir() if path.name != current)
    for release in releases[: -(KEPT_RELEASES - 1)]:
        shutil.rmtree(release)
