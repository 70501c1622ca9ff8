"""Homes that earlier code made, kept to be upgraded by the tests (README.md)."""

import tarfile
from pathlib import Path

FOLDER = Path(__file__).parent
# The newest code before this one whose home is kept.
BEFORE = FOLDER / "before.tar.xz"


def unpack(folder: Path) -> Path:
    """The kept home in `folder`, as that code left it; returns the home."""
    with tarfile.open(BEFORE) as archive:
        archive.extractall(folder, filter="tar")
    return folder / "home"
