"""The makes of institutes of the zoo: a table name -> options, each a small institute of another kind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Make:
    """Options of one small institute. A cycle is a year; times are counted in periods."""

    calendar: int = 12  # seasons of a cycle
    history: int = 48  # periods that are delivered
    campuses: int = 2
    courses: int = 18
    slots: int = 4
    chain: int = 6  # courses that follow one another; 1: nothing flows from course to course
    catalogue: bool = True  # all tables; otherwise programacion's five columns and the calendar
    calendar_table: bool = True  # False: periods are months and no calendar says so
    size: float = 30.0  # students of a typical cell that new students fill
    spread: float = 0.4  # log standard deviation of the cells' sizes
    sparse: bool = False  # cells come and go with the season
    trend: float = 0.0  # growth of a cycle: 0.25 is a quarter more
    season_sd: float = 0.3  # log standard deviation of the seasons of the intake
    noise: float = 0.12  # what nobody can know of a cell in a period, relative
    closed: tuple[int, ...] = ()  # seasons without any class
    opens: int | None = None  # the last campus opens so many periods before the end of the history
    closes: int | None = None  # the last campus closes so many periods before that end
    hole: tuple[int, int] | None = None  # no class: (periods before that end, how many periods)
    kinds_change: int | None = None  # the six slots are kinds of class, which change so many periods before
    thin: int | None = None  # the delivery of the period so many before that end is all but lost
    renumbered: int | None = None  # course codes change so many periods before that end
    constant: bool = False  # the same number in every cell and period
    minimum: int = 6  # students with which a cell is held
    seats: int = 20  # of a section
    seed: int = 1


MAKES: dict[str, Make] = {
    "monthly": Make(history=54, seed=11),
    "monthly_no_catalogue": Make(history=54, catalogue=False, calendar_table=False, seed=12),
    "quarterly": Make(calendar=4, history=26, seed=13),
    "quarterly_no_flow": Make(
        calendar=4, history=26, courses=80, chain=1, catalogue=False, sparse=True, seed=14
    ),
    "terms": Make(calendar=3, history=23, courses=24, seed=15),
    "terms_sparse": Make(
        calendar=3, history=23, campuses=1, courses=200, slots=3, chain=1, catalogue=False, sparse=True,
        seed=16,
    ),
    "university": Make(
        calendar=3, history=30, campuses=1, courses=400, slots=6, chain=1, catalogue=False, sparse=True,
        size=40.0, spread=0.8, season_sd=0.08, minimum=15,
        seats=45, trend=0.02, kinds_change=7, thin=14, seed=17,
    ),
    "semesters_dense": Make(calendar=2, history=16, courses=24, chain=1, catalogue=False, seed=18),
    "semesters_sparse": Make(
        calendar=2, history=16, courses=100, chain=1, sparse=True, catalogue=False, seed=19
    ),
    "semesters_flow": Make(calendar=2, history=16, courses=24, chain=8, seed=20),
    "yearly": Make(calendar=1, history=14, courses=30, chain=5, seed=21),
    "growing": Make(history=48, trend=0.25, seed=22),
    "growing_terms": Make(calendar=3, history=18, chain=1, catalogue=False, trend=0.3, seed=23),
    "shrinking": Make(calendar=2, history=16, courses=24, trend=-0.12, size=40.0, seed=24),
    "closed_summer": Make(history=47, closed=(1, 2), seed=25),
    "closed_no_catalogue": Make(history=50, closed=(7, 8), chain=1, catalogue=False, seed=26),
    "campus_opens": Make(history=48, campuses=3, courses=12, opens=8, seed=27),
    "campus_closes": Make(history=48, campuses=3, courses=12, closes=5, seed=28),
    "pandemic": Make(history=60, hole=(32, 12), seed=29),
    "pandemic_terms": Make(
        calendar=3, history=24, chain=1, catalogue=False, sparse=True, courses=100, hole=(9, 3), seed=30
    ),
    "renumbered": Make(history=48, renumbered=7, seed=31),
    "short_8_months": Make(history=8, seed=32),
    "short_18_months": Make(history=18, seed=33),
    "short_3_cycles": Make(history=36, seed=34),
    "short_5_terms": Make(calendar=3, history=5, chain=1, catalogue=False, courses=30, seed=35),
    "one_campus": Make(history=48, campuses=1, courses=24, seed=36),
    "one_course": Make(history=48, courses=1, chain=1, campuses=3, seed=37),
    "one_slot": Make(calendar=4, history=24, slots=1, courses=36, campuses=3, catalogue=False, seed=38),
    "200_periods": Make(history=200, campuses=2, courses=6, slots=3, seed=39),
    "constants": Make(history=40, chain=1, courses=12, constant=True, catalogue=False, seed=40),
}  # fmt: skip
