"""What goes wrong, as a person reads it."""

from dataclasses import asdict, dataclass
from typing import Any

from flows.language import t


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where, and what to do about it.

    `rows` are the first few row numbers of `file` (from 1, header not counted); `count` is how many there
    are in all.
    """

    what: str
    remedy: str
    table: str | None = None
    column: str | None = None
    file: str | None = None
    rows: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    count: int = 1

    def as_json(self) -> dict[str, Any]:
        """The fields that say something, for a record or `--json`."""
        return {name: value for name, value in asdict(self).items() if value not in (None, ())}


class AforoError(Exception):
    """A run that can't go on, with what a person needs to set it right."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(problem.what for problem in problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type["AforoError"], tuple[list[Problem]]]:
        # Prefect may pickle what a task raises; the default would call __init__ with the text.
        return type(self), (self.problems,)


class TransientError(AforoError):
    """A transient failure, which may be gone at the next attempt: the step is tried again."""


def as_text(problem: Problem) -> list[str]:
    """The problem in two or three lines: where, what, what to do."""
    place = []
    if problem.table:
        place.append(problem.table)
    if problem.column:
        place.append(t("column {column}", column=problem.column))
    if problem.file:
        place.append(problem.file)
    if problem.rows:
        rows = _enumerated(problem)
        place.append(t("rows {rows}", rows=rows) if len(problem.rows) > 1 else t("row {row}", row=rows))
    elif problem.count > 1:
        place.append(t("{count} rows", count=problem.count))
    what = problem.what
    if problem.values:
        # '<text of 12 characters>' stands for a value that is not repeated (macro `shown`).
        shown = ", ".join(value if value.startswith("<") else repr(value) for value in problem.values)
        what = f"{what}: {shown}{', …' if problem.count > len(problem.values) else ''}"
    lines = [", ".join(place), f"  {what}"] if place else [what]
    return [*lines, f"  -> {problem.remedy}"]


def _enumerated(problem: Problem) -> str:
    rest = problem.count - len(problem.rows)
    rows = ", ".join(map(str, problem.rows))
    return t("{rows} and {rest} more", rows=rows, rest=rest) if rest > 0 else rows
