"""Writes the fault matrix of docs/reliability.md from the tests of tests/faults: names, words and results.

A pytest plugin of its own (`-p tests.fault_matrix`), which `make reliability` asks for. A test of that folder
with a docstring is a fault, and its words say what holds. Nothing is written where a test has failed or was
left out, so that the page never shows less, or what does not hold.
"""

from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "reliability.md"
FIRST, LAST = "<!-- fault matrix: made by `make reliability` -->", "<!-- end of the fault matrix -->"
FOLDER = "tests/faults/"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each test carries the first sentence of its docstring into its report."""
    for item in items:
        words = (getattr(item, "obj", None).__doc__ or "").strip().split("\n\n")[0]
        item.user_properties.append(("words", " ".join(words.split())))


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int) -> None:
    """Writes the table between the page's marks, where every fault ran and nothing failed."""
    reports = [
        report
        for outcome in ("passed", "skipped")
        for report in terminalreporter.stats.get(outcome, [])
        if report.nodeid.startswith(FOLDER) and dict(report.user_properties).get("words")
    ]
    files = {report.nodeid.partition("::")[0] for report in reports}
    every = {str(path) for path in Path(FOLDER).glob("test_*.py")}
    if exitstatus or files != every or terminalreporter.stats.get("deselected"):
        terminalreporter.write_line("the fault matrix was not written: not every fault passed", red=True)
        return
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(FIRST)
    after = rest.split(LAST)[1]
    PAGE.write_text(f"{before}{FIRST}\n\n{table(reports)}\n{LAST}{after}", encoding="utf-8")
    terminalreporter.write_line(f"{len(reports)} faults written to {PAGE}")


def table(reports: list[Any]) -> str:
    """The reports as a Markdown table, in the order of their files."""
    lines = ["| fault | what holds | test | result |", "| --- | --- | --- | --- |"]
    for report in sorted(reports, key=lambda report: report.nodeid):
        file, _, name = report.nodeid.removeprefix(FOLDER).partition("::")
        words = dict(report.user_properties).get("words", "")
        lines.append(f"| {fault(name)} | {words} | `{file}` | {report.outcome} |")
    return "\n".join(lines) + "\n"


def fault(name: str) -> str:
    """'test_a_file_that_is_cut[csv]' as 'a file that is cut (csv)'."""
    function, _, parameter = name.removeprefix("test_").partition("[")
    words = function.replace("_", " ")
    return f"{words} ({parameter.rstrip(']')})" if parameter else words
