"""How an institute's words for its periods are read, and the calendar that they make."""

import datetime as dt
import itertools

import duckdb
import pytest

from flows.drafting import calendar

# The words in any order; number and season of each in the order of the calendar; the two that are to come.
READ = {
    "2022-1 2022-2 2023-1": ("20221/1 20222/2 20231/1", "20232/2 20241/1"),
    "2022-I 2022-II 2023-I": ("20221/1 20222/2 20231/1", "20232/2 20241/1"),
    "2022.1 2022.2": ("20221/1 20222/2", "20231/1 20232/2"),
    "2023/2 2023/1": ("20231/1 20232/2", "20241/1 20242/2"),
    "2023-0 2023-1 2023-2": ("20230/1 20231/2 20232/3", "20240/1 20241/2"),
    "2023A 2023B": ("20231/1 20232/2", "20241/1 20242/2"),
    "2023-S1 2023-S2": ("20231/1 20232/2", "20241/1 20242/2"),
    "2023T1 2023T2 2023T3": ("20231/1 20232/2 20233/3", "20241/1 20242/2"),
    "Q1 2023,Q2 2023,Q4 2022,Q3 2022": ("20223/3 20224/4 20231/1 20232/2", "20233/3 20234/4"),
    "Semestre I 2023,Semestre II 2023": ("20231/1 20232/2", "20241/1 20242/2"),
    "1º sem 2023,2º sem 2023": ("20231/1 20232/2", "20241/1 20242/2"),
    "1er Trimestre 2023,2do Trimestre 2023": ("20231/1 20232/2", "20241/1 20242/2"),
    "Primer Semestre 2023,Segundo Semestre 2023": ("20231/1 20232/2", "20241/1 20242/2"),
    "22-1,22-2": ("20221/1 20222/2", "20231/1 20232/2"),
    # The first year begins with the autumn or ends with it: that tells the half of the world.
    "Fall 2021,Spring 2022,Fall 2022": ("20212/2 20221/1 20222/2", "20231/1 20232/2"),
    "Otoño 2021,Primavera 2021,Otoño 2022": ("20211/1 20212/2 20221/1", "20222/2 20231/1"),
    "PRIMAVERA 2021,OTOÑO 2021,PRIMAVERA 2022": ("20211/1 20212/2 20221/1", "20222/2 20231/1"),
    "Spring 2022,Summer 2022,Fall 2022,Spring 2023": ("20221/1 20222/2 20223/3 20231/1", "20232/2 20233/3"),
    "Fall 21,Spring 22": ("20212/2 20221/1", "20222/2 20231/1"),
    "Verano 2023,2023-1,2023-2": ("20231/1 20232/2 20233/3", "20241/1 20242/2"),
    # PeopleSoft: century, year, term.
    "2231 2234 2238 2241": ("2231/1 2234/2 2238/3 2241/1", "2244/2 2248/3"),
    "1229 1232 1236 1239": ("1229/3 1232/1 1236/2 1239/3", "1242/1 1246/2"),
    # Banner.
    "202310 202320 202330 202410": ("202310/1 202320/2 202330/3 202410/1", "202420/2 202430/3"),
    "202310.0 202320.0": ("202310/1 202320/2", "202410/1 202420/2"),
    "20231 20232 20233 20241": ("20231/1 20232/2 20233/3 20241/1", "20242/2 20243/3"),
    # Two years of them can't be months.
    "202301 202302 202401 202402": ("202301/1 202302/2 202401/1 202402/2", "202501/1 202502/2"),
    "202203 202208 202303": ("202203/1 202208/2 202303/1", "202308/2 202403/1"),
    "Marzo 2022,Agosto 2022,Marzo 2023": ("20223/1 20228/2 20233/1", "20238/2 20243/1"),
    "2021 2022 2023": ("2021/1 2022/1 2023/1", "2024/1 2025/1"),
    "2021-2022 2022-2023": ("2021/1 2022/1", "2023/1 2024/1"),
    "20212022 20222023": ("20212022/1 20222023/1", "20232024/1 20242025/1"),
    "2022-2023-1 2022-2023-2": ("20221/1 20222/2", "20231/1 20232/2"),
    "2023-W05 2023-W06": ("202305/5 202306/6", "202307/7 202308/8"),
    "2023-01-09 2023-05-08 2023-09-04 2024-01-08": (
        "20230109/1 20230508/2 20230904/3 20240108/1",
        "20240506/2 20240902/3",
    ),
    "09/01/2023 08/05/2023": ("20230109/1 20230508/2", "20240108/1 20240506/2"),
}


def words(text: str) -> list[str]:
    return text.split("," if "," in text else " ")


@pytest.mark.parametrize("text", READ)
def test_periods_in_their_order_and_season(text: str) -> None:
    seen, to_come = READ[text]
    made = calendar.of_values(words(text), '"P"')
    assert made
    assert not made.is_months
    shown = [f"{period.number}/{period.season}" for period in made.periods if period.seen]
    ahead = [f"{period.number}/{period.season}" for period in made.periods if period.index > len(shown)]
    assert " ".join(shown) == seen
    assert " ".join(ahead[:2]) == to_come
    assert len(ahead) >= calendar.MOST_AHEAD


@pytest.mark.parametrize("text", READ)
def test_the_draft_of_a_calendar_is_what_the_contract_wants_and_numbers_what_the_source_says(
    text: str,
) -> None:
    made = calendar.of_values(words(text), '"P"')
    assert made
    with duckdb.connect() as connection:
        rows = connection.execute(calendar.sql(made)).fetchall()
        connection.execute('create table entrega ("P" varchar)')
        connection.executemany("insert into entrega values (?)", [(word,) for word in words(text)])
        numbers = connection.execute(f"select {made.expression} from entrega").fetchall()
    assert [row[1] for row in rows] == list(range(1, len(rows) + 1))
    seasons = [row[2] for row in rows]
    for before, after in itertools.pairwise(seasons):
        assert after == before + 1 or (after == 1 and before == max(seasons))
    assert {int(float(number)) for (number,) in numbers} <= {row[0] for row in rows}
    assert len(set(numbers)) == len(words(text))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("202301 202302 202303", "202301 202302 202303"),
        # Closed for two months of the year.
        (" ".join(f"{y}{m:02}" for y in (2022, 2023) for m in range(3, 13)), "202203 202204"),
        ("2023-01 2023-02 2023-03", "202301 202302 202303"),
        ("01/2023 02/2023", "202301 202302"),
        ("Enero 2023,Febrero 2023,Março 2023", "202301 202302 202303"),
        ("ene-23 feb-23", "202301 202302"),
    ],
)
def test_months_are_months_and_need_no_calendar(text: str, numbers: str) -> None:
    made = calendar.of_values(words(text), '"P"')
    assert made
    assert made.is_months
    assert " ".join(str(period.number) for period in made.periods).startswith(numbers)


@pytest.mark.parametrize(
    "text", ["A101 B202", "40 35", "A1 2023,B1 2023", "7-9 18-20", "2023 N", "12345678 87654321", ""]
)
def test_other_words_are_no_periods(text: str) -> None:
    assert calendar.of_values([word for word in words(text) if word], '"P"') is None


def test_a_period_that_was_skipped_is_in_the_calendar_without_a_section() -> None:
    made = calendar.of_values(["20191", "20192", "20193", "20211", "20212"], '"P"')
    assert made
    holes = [period.number for period in made.periods if not period.seen and period.number < 20212]
    assert holes == [20201, 20202, 20203]
    assert "(20201, 4, 1),  -- no section of it in the source" in calendar.sql(made)


def test_the_same_words_of_the_next_years_are_known() -> None:
    made = calendar.of_values(["2022-2023 Fall", "2022-2023 Spring", "2023-2024 Fall"], '"T"')
    assert made
    with duckdb.connect() as connection:
        asked = made.expression.replace('"T"', "'2024-2025 Spring'")
        (number,) = connection.execute(f"select {asked}").fetchone() or (None,)
    assert str(number) in {str(period.number) for period in made.periods}


def test_what_is_assumed_is_said() -> None:
    made = calendar.of_values(["Winter 2023", "Spring 2023", "Fall 2023"], '"P"')
    assert made
    assert any("the northern half of the world" in note for note in made.notes)
    assert any("Only one year is seen" in note for note in made.notes)


def test_days_that_are_many_are_their_months() -> None:
    days = [dt.date(2023, 1, 1) + dt.timedelta(days=3 * n) for n in range(200)]
    made = calendar.of_values([str(day) for day in days], '"P"')
    assert made
    assert made.is_months
    assert made.expression == "strftime(cast(\"P\" as date), '%Y%m')"
