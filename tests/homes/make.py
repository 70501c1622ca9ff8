"""`python -m tests.homes.make COMMIT`: the home that the code of a commit makes, kept for the tests.

The small institute (tests/sources.py) runs twice by that code, with other counts the first time: so the
home holds versions of rows and two published forecasts. What any run makes again is left out.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests import sources
from tests.homes import BEFORE, FOLDER

ROOT = Path(__file__).parents[2]
LEFT_OUT = {"cache", "docs", "logs", "prefect", "target", "aforo.lock.json"}


def main(commit: str) -> None:
    """Makes the home by the code of `commit` and writes it into this folder, with the commit's id."""
    with tempfile.TemporaryDirectory(prefix="aforo-home-") as name:
        folder = Path(name)
        code = folder / "code"
        code.mkdir()
        archive = subprocess.run(
            ["git", "-C", str(ROOT), "archive", commit], capture_output=True, check=True
        ).stdout
        subprocess.run(["tar", "-x", "-C", str(code)], input=archive, check=True)
        environment = {**os.environ, "PYTHONPATH": str(code), "AFORO_LANG": "en"}
        home = folder / "home"
        for tables in (_earlier(), sources.institute()):
            source = sources.write(tables, folder / "source")
            subprocess.run(
                [
                    *(sys.executable, "-m", "flows.cli", "run", "--quiet", "--horizon", "1"),
                    *("--source", str(source), "--home", str(home)),
                ],
                env=environment,
                cwd=code,
                check=True,
            )
        _slim(home)
        with tarfile.open(BEFORE, "w:xz", preset=9) as kept:
            kept.add(home, "home")
        identity = subprocess.run(
            ["git", "-C", str(ROOT), "rev-parse", commit], capture_output=True, text=True, check=True
        ).stdout.strip()
        (FOLDER / "commit.txt").write_text(f"{identity}\n")


def _earlier() -> sources.Tables:
    """The institute some days before: the last period has fewer students."""
    tables = sources.institute()
    sections = tables["programacion"]
    last = sections["periodo"] == sections["periodo"].max()
    sections.loc[last & (sections["matriculados"] > 0), "matriculados"] -= 1
    return tables


def _slim(home: Path) -> None:
    for path in home.iterdir():
        if path.name in LEFT_OUT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    current = home.joinpath("published").readlink().name
    for release in home.joinpath("releases").iterdir():
        if release.name != current:
            shutil.rmtree(release)


if __name__ == "__main__":
    main(sys.argv[1])
