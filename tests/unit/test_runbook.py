"""What docs/runbook.md tells an operator to run is there, and so are the tests that drill it."""

import re

import typer.main

from flows import cli
from flows.project import PROJECT

TEXT = (PROJECT / "docs" / "runbook.md").read_text(encoding="utf-8")


def test_every_drill_is_a_test() -> None:
    drills = re.findall(r"`(test_\w+\.py)::(test_\w+)`", TEXT)
    assert len(drills) > 10
    files = {path.name: path.read_text() for path in (PROJECT / "tests").rglob("test_*.py")}
    assert [drill for drill in drills if f"def {drill[1]}(" not in files[drill[0]]] == []


def test_every_section_has_its_drill() -> None:
    sections = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
    assert len(sections) > 7
    assert [section.splitlines()[0] for section in sections if "**Drill:**" not in section] == []


def test_every_command_is_one() -> None:
    commands = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]
    flags = {name: {flag for p in command.params for flag in p.opts} for name, command in commands.items()}
    asked = re.findall(r"aforo ([a-z-]+)((?: --[a-z-]+(?: [^\s`-]\S*)?)*)", TEXT)
    named = [(name, re.findall(r"--[a-z-]+", rest)) for name, rest in asked if name in flags or rest]
    assert {"backup", "restore", "doctor", "run"} <= {name for name, _ in named}
    assert [(name, given) for name, given in named if not set(given) <= flags.get(name, set())] == []
