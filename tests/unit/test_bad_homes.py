"""Every command on homes that are none, can't be written or are damaged: a message, never a traceback."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows import cli
from flows.home import marker, releases
from flows.home.record import start
from flows.settings import Home, Settings
from flows.source import parse

# Every command, with what it needs beside a home.
COMMANDS: dict[str, list[str]] = {
    "run": [],
    "check-source": [],
    "init-source": [],
    "backtest": [],
    "monitor": [],
    "status": [],
    "vacuum": [],
    "path": [],
    "alerts": [],
    "plan": [],
    "export": ["--to", "plan.csv"],
    "push": ["postgresql://nobody@127.0.0.1:1/none"],
    "backup": [],
    "restore": [],
    "rollback": [],
    "promote": ["another"],
    "reproduce": [],
    "doctor": [],
    "docs": [],
    "serve": [],
}
READS_NO_HOME = {"init-source"}
# Of the others 1 says that it failed; of this one, that the forecast is another.
REFUSED_CODE = {"reproduce": 2}
# These start dbt or Prefect on a home that is sound so far: what they say of the rest, the faults' tests ask.
HEAVY = {"run", "check-source", "docs", "serve"}


def a_file(root: Path) -> str:
    root.write_text("mine")
    return "is not a folder"


def below_a_file(root: Path) -> str:
    root.write_text("mine")
    return "is not a folder"


def another_folder(root: Path) -> str:
    (root / "releases" / "mine").mkdir(parents=True)
    return "holds something else"


def a_newer_home(root: Path) -> str:
    root.mkdir()
    (root / marker.MARKER).write_text('{"format": 99}')
    return "made by a newer Aforo"


def a_file_for_a_folder(root: Path) -> str:
    marker.enter(Home(root))
    (root / "runs").write_text("mine")
    return "is a file where the home has a folder"


def a_folder_for_the_warehouse(root: Path) -> str:
    marker.enter(Home(root))
    (root / "aforo_warehouse.duckdb").mkdir()
    return "is a folder where the home has the warehouse"


def a_copy_without_links(root: Path) -> str:
    marker.enter(Home(root))
    (root / "published").mkdir()
    return "is not a link to a release"


def a_question_mark(root: Path) -> str:  # noqa: ARG001 (the name alone is at fault)
    return "has a '?' in its path"


REFUSED: list[Callable[[Path], str]] = [
    a_file,
    below_a_file,
    another_folder,
    a_newer_home,
    a_file_for_a_folder,
    a_folder_for_the_warehouse,
    a_copy_without_links,
    a_question_mark,
]


def said(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str]:
    """The exit code and all that the command prints, as its console script runs it."""
    monkeypatch.setattr(sys, "argv", ["aforo", *arguments])
    try:
        cli.main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    out, err = capfd.readouterr()
    assert "Traceback" not in out + err
    return code, " ".join((out + err).split())


def test_every_command_is_asked() -> None:
    assert {command.name for command in cli.app.registered_commands} == set(COMMANDS)


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__)
def test_a_bad_home_is_refused_by_every_command(
    make: Callable[[Path], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    root = tmp_path / "home"
    words = make(root)
    before = sorted(tmp_path.rglob("*"))
    names = {"below_a_file": "home/below", "a_question_mark": "a?b"}
    home = tmp_path / names.get(make.__name__, "home")
    for command, more in COMMANDS.items():
        if command in READS_NO_HOME:
            continue
        code, text = said(monkeypatch, capfd, command, "--home", str(home), *more)
        assert (code, words in text) == (REFUSED_CODE.get(command, 1), True), (command, text)
        assert "-> " in text, (command, text)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody can write in, root neither."""
    if os.geteuid() != 0:
        tmp_path.chmod(0o555)
        yield tmp_path
        tmp_path.chmod(0o755)
        return
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mount.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {mount.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


@pytest.mark.parametrize("below", ["", "home"])
def test_a_read_only_home_is_refused_by_what_writes(
    below: str, read_only: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for command, more in COMMANDS.items():
        if command in READS_NO_HOME or command == "check-source":
            continue
        code, text = said(monkeypatch, capfd, command, "--home", str(read_only / below), *more)
        assert code == (0 if command == "status" else REFUSED_CODE.get(command, 1)), (command, text)
        if command in ("run", "serve", "docs", "restore"):
            assert "nothing can be written in the home" in text, (command, text)


@pytest.mark.parametrize("warehouse", ["", "text" * 99, "DUCK" * 5000])
@pytest.mark.parametrize("record", ["", "{", "[1]", '{"run_id": 3}'])
def test_damaged_files_in_a_home_end_no_command_with_a_traceback(
    warehouse: str,
    record: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    home = Home(tmp_path / "weird [home] #1 «ñ» it's *")
    marker.enter(home)
    run = start(Settings(source=parse("/source"), home=home))
    run.path.write_text(record)
    home.warehouse.write_text(warehouse)
    (home.root / "aforo.lock.json").write_text(record)
    (home.releases / run.run_id).mkdir(parents=True)
    (home.releases / run.run_id / releases.MANIFEST).write_text(record)
    home.published.symlink_to(f"releases/{run.run_id}")
    for command in sorted(COMMANDS.keys() - HEAVY - READS_NO_HOME):
        code, text = said(monkeypatch, capfd, command, "--home", str(home.root))
        if command in ("backtest", "vacuum") and warehouse:
            assert (code, "is damaged" in text, "aforo restore" in text) == (1, True, True), (command, text)
        if command == "status":
            assert (code, "manifest.json can't be read" in text) == (1, True), text
            assert "is no record of a run" in text
        if command == "path":
            assert (code, text.replace(" ", "")) == (0, str(home.releases / run.run_id).replace(" ", ""))
