"""The container file and the systemd unit, as far as they can be tried without either."""

import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests import sources
from tests.harness import ROOT

CONTAINERFILE = ROOT / "Containerfile"
UNIT = ROOT / "deploy" / "aforo-serve.service"


def copies() -> list[tuple[list[str], str]]:
    """What the container file copies: sources and where to."""
    lines = re.findall(r"^COPY (.+)$", CONTAINERFILE.read_text(), flags=re.MULTILINE)
    return [(names, to) for *names, to in (line.split() for line in lines)]


def run(*command: str, place: Path = ROOT, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Runs a command in the project, or in a copy of it."""
    return subprocess.run(
        command, cwd=place, env={**os.environ, **environment}, check=False, capture_output=True, text=True
    )


def test_the_container_file_is_in_order() -> None:
    linted = run(str(Path(sys.executable).with_name("hadolint")), str(CONTAINERFILE))
    assert linted.returncode == 0, linted.stdout
    python = re.search(r"FROM \S+/python:(\d+)\.(\d+)-", CONTAINERFILE.read_text())
    assert python
    assert (int(python[1]), int(python[2])) >= (3, 11)


def test_the_lock_is_all_that_the_container_needs() -> None:
    """What `pip install -r requirements.lock` gives is what these tests run with."""
    assert "requirements.lock" in [name for names, _ in copies() for name in names]
    pinned = [line.split("==") for line in (ROOT / "requirements.lock").read_text().splitlines()]
    assert [(name, metadata.version(name)) for name, _ in pinned] == [(name, as_) for name, as_ in pinned]


@pytest.mark.slow
def test_what_the_container_file_copies_is_enough(tmp_path: Path) -> None:
    """The same files in another place audit a source: no dbt file, no module is left out."""
    source = sources.write(sources.minimal(), tmp_path / "source", "csv")
    place = tmp_path / "aforo"
    for names, to in copies():
        for name in names:
            target = place / to / name if to == "./" else place / to
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copyfile(ROOT / name, target)
    checked = run(
        sys.executable,
        "-c",
        f"import flows; assert flows.__file__.startswith({str(place)!r}); from flows.cli import main; main()",
        "check-source",
        place=place,
        PYTHONPATH=str(place),
        AFORO_HOME=str(tmp_path / "home"),
        AFORO_SOURCE=str(source),
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for folder in (ROOT / "models", ROOT / "macros", ROOT / "snapshots", ROOT / "tests" / "sql"):
        assert (place / folder.relative_to(ROOT)).is_dir()


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here")
    # The program need not be installed here.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/aforo/.venv/bin/aforo", "/bin/true"))
    verified = run("systemd-analyze", "verify", str(unit))
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")
    [command] = re.findall(r"^ExecStart=\S+/aforo (.+)$", UNIT.read_text(), flags=re.MULTILINE)
    assert command == "serve"
