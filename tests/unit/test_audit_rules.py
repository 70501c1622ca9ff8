"""Rules of the audit, as SQL on a few rows: what is said of a history and of its seasons."""

from dataclasses import dataclass
from pathlib import Path

import duckdb
import jinja2
import pytest

MACROS = Path(__file__).parents[2] / "macros"
NO_CALENDAR = "select null::int as periodo, null::int as indice, null::int as estacion where false"


@dataclass(frozen=True)
class Relation:
    identifier: str

    def __str__(self) -> str:
        return self.identifier


def rendered(call: str, *files: str) -> str:
    """A macro's SQL, where it needs nothing of dbt but these files and words."""
    macros = "".join((MACROS / f"{file}.sql").read_text() for file in files)
    template = f"{macros}{{{{ {call} }}}}"
    given = {"shown": lambda value, _: value, "model": Relation("programacion")}
    return jinja2.Environment(autoescape=False).from_string(template).render(given)


def said(periods: list[int], calendar: str = NO_CALENDAR) -> list[str]:
    with duckdb.connect() as connection:
        connection.execute(f"create table calendario as {calendar}")
        connection.execute("create table secciones as select unnest(?::int[]) as periodo", [periods])
        notes = rendered("season_notes('secciones', 'calendario')", "closed_seasons", "season_notes")
        rows = connection.execute(notes)
        return [what for *_, what, _ in rows.fetchall()]


def months(closed: set[int], years: tuple[int, ...] = (2022, 2023, 2024)) -> list[int]:
    return [year * 100 + month for year in years for month in range(1, 13) if month not in closed]


def test_months_that_never_have_a_section_and_those_to_come() -> None:
    [what] = said(months({1, 2}))
    assert "no section in 202301, 202302, 202401, 202402, nor in that season" in what
    assert "no forecast for 202501, 202502" in what


@pytest.mark.parametrize(
    "periods",
    [
        months(set()),
        # In one year alone.
        [period for period in months(set()) if period != 202301],
        # Semesters that are written as months are refused, and are no closed months.
        [202201, 202202, 202301, 202302, 202401, 202402],
    ],
)
def test_open_seasons_are_not_told(periods: list[int]) -> None:
    assert said(periods) == []


def test_seasons_of_a_calendar() -> None:
    calendar = """select 20200 + 10 * ((i - 1) // 3) + (i - 1) % 3 + 1 as periodo, i as indice,
        (i - 1) % 3 + 1 as estacion from range(1, 16) as r (i)"""
    [what] = said([20201, 20202, 20211, 20212], calendar)
    assert "no section in 20203, nor" in what
    assert "no forecast for 20213" in what


@pytest.mark.parametrize("periods", [[202401, 202403, 202404, 202405], months(set(), (2024,))])
def test_a_history_in_which_no_season_came_back(periods: list[int]) -> None:
    [what] = said(periods)
    count = 5 if len(periods) == 4 else 12
    assert what.startswith(f"the history has {count} periods, and a year has 12: no season has come back")
    assert (
        said([2023, 2024], "select i as periodo, i as indice, 1 as estacion from range(2020, 2030) as r (i)")
        == []
    )


@pytest.mark.parametrize(
    ("rows", "column", "what"),
    [
        ("(202301, 'cerrado', 0), (202302, 'cerrado', 0)", "matriculados", "no section has a student"),
        ("(202301, null::varchar, 9), (202302, null, 0)", "periodo", "all rows are of one period"),
        ("(202301, 'abierto', 9), (202302, 'abierto', 9)", "matriculados", "is in the state cerrado"),
        ("(202301, 'cerrado', 9), (202302, 'abierto', 9)", "periodo", "all rows are of one period"),
        ("(202301, 'cerrado', 9), (202302, null, 9)", "", ""),
    ],
)
def test_a_history_of_which_nothing_can_be_learnt_is_refused(rows: str, column: str, what: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table programacion as select 'a.csv' as archivo, *"
            f" from (values {rows}) as t (periodo, estado, matriculados)"
        )
        found = connection.execute(rendered("rule_historia(model)", "audit_rules")).fetchall()
    assert [(row[3], what in row[5]) for row in found] == ([(column, True)] if what else [])
