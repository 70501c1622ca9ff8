"""Parameters of the demo institute: every number that the simulation or its mess depends on."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_YEAR = 2022
SUMMER = (0, 1)  # month positions in which the children's daily courses run


def period_of(index: int) -> int:
    """YYYYMM of a period index (0 = 202201); negative indices are the run-up before the data."""
    year, month = divmod(index, 12)
    return (FIRST_YEAR + year) * 100 + month + 1


def index_of(period: int) -> int:
    """Period index (0 = 202201) of a YYYYMM period."""
    return (period // 100 - FIRST_YEAR) * 12 + period % 100 - 1


@dataclass(frozen=True)
class Campus:
    """A campus: its share of new students, its life and its opening hours.

    `opens` and `closes` are periods; `closes` is the first period without classes, when the students who
    stay go to `merges_into`. `hours` lists (first period, opening, closing) in decimal hours.
    """

    name: str
    share: float
    tracks: str
    hours: tuple[tuple[int, float, float], ...]
    opens: int = 0
    closes: int = 999999
    merges_into: str = ""


CAMPUSES = (
    Campus("CENTRO", 0.25, "DLSMKI", ((0, 7.0, 22.75), (202502, 7.0, 21.0))),
    Campus("NORTE", 0.17, "DLSKI", ((0, 7.0, 21.0), (202401, 7.0, 22.75)), opens=202207),
    Campus("SUR", 0.12, "DSK", ((0, 8.5, 21.0), (202407, 7.0, 21.0)), opens=202304),
    Campus("ESTE", 0.09, "DSK", ((0, 7.0, 21.0),), closes=202410, merges_into="CENTRO"),
    Campus("VIRTUAL", 0.37, "DLSMKI", ((0, 7.0, 22.75),)),
)


@dataclass(frozen=True)
class Config:
    """One institute: every default is the demo's. Tuples of twelve are by month, January first.

    Shares are of the students who decide in a period, `*_sd` standard deviations of normal effects on a
    logit or log scale. What sets the calibrated figures: retention by month -> `stay` (January also
    `placement` and `return_rate`); full sections -> `tight_share`; cancellations -> `speculative` and
    `bulk_periods`; lifetimes of cells -> `intake`, `smallest_group` and `move_slot`.
    """

    seed: int = 2022
    periods: int = 42  # periods of data, from 202201
    run_up: int = 18  # periods simulated before them
    hidden: int = 3  # periods simulated after them
    scale: float = 1.0  # size, 1 = the demo

    students: float = 7500.0  # students at the beginning of the run-up
    intake: float = 580.0  # new students of a mean period
    intake_season: tuple[float, ...] = (1.7, 1.2, 1.0, 1.1, 0.95, 0.8, 0.9, 1.0, 1.05, 0.85, 0.75, 0.5)
    intake_ar: float = 0.7  # memory of the intake's mood from one period to the next
    intake_sd: float = 0.12  # its innovations
    summer_intake: float = 280.0  # new children of a summer
    smallest_group: float = 6.0  # new students below which a slot is not offered to beginners
    opening_boost: float = 0.9  # extra intake share of a campus in its first eight periods

    stay: tuple[float, ...] = (
        0.9383, 0.9518, 0.8548, 0.9689, 0.9478, 0.9354, 0.9629, 0.97, 0.9661, 0.958, 0.97, 0.9208,
    )  # fmt: skip
    slot_sd: float = 0.6  # going on: effect of campus and slot
    course_sd: float = 0.8  # effect of the course
    beginners: float = -1.6  # extra effect of entry courses
    level_end: float = -1.6  # of the last course of a level
    season_sd: float = 1.2  # of month, campus and programme
    shock_sd: float = 0.8  # of one cell in one period: what nobody can know
    passing: float = 0.97  # share that passes
    pause_share: float = 0.55  # of those who do not go on, who may return
    return_rate: tuple[float, ...] = (0.45, 0.12, 0.12, 0.10, 0.10, 0.10, 0.10, 0.12, 0.10, 0.08, 0.08, 0.05)
    forget: float = 0.10  # of the paused, lost in a period
    placement: tuple[float, ...] = (0.185, 0.05, 0.15, 0.05, 0.05, 0.06, 0.05, 0.06, 0.05, 0.04, 0.04, 0.03)
    move_slot: tuple[float, ...] = (0.55, 0.12, 0.55, 0.12, 0.08, 0.08, 0.25, 0.3, 0.12, 0.06, 0.06, 0.15)
    mornings: tuple[float, ...] = (6.0, 6.0, 0.35, 0.6, 0.8, 0.9, 1.6, 1.0, 0.8, 0.9, 1.0, 1.5)
    merge_stay: float = 0.65  # share that follows a campus that closes

    plan_sd: float = 0.2  # error of the institute's own plan, log scale
    react: float = 0.70  # chance that a missing section is added
    below_minimum: float = 0.10  # chance that two students fewer are enough
    tight_share: float = 0.5  # cells whose seats are cut to the plan
    tight_slack: float = 1.0  # spread of those seats around it
    spill: float = 0.85  # of students without a seat, who try another slot
    wait: float = 0.85  # of the rest, who pause

    speculative: tuple[float, ...] = (0.08, 0.06, 0.05, 0.07)  # by year, of held sections
    bulk_periods: tuple[tuple[int, float], ...] = ((202206, 0.42), (202309, 0.38), (202409, 0.50))
    duplicates: float = 0.004  # held sections entered twice
    never_closed: float = 0.004  # held sections that stay open
    never_closed_bulk: tuple[tuple[int, float], ...] = ((202411, 0.16), (202412, 0.12))
    newest_open: float = 0.06  # held sections of the newest period, still enrolling
    newest_created: float = 0.10  # cancelled sections of the newest period that are only created

    origins: int = 12  # origins of the truth before the last one
    replicas: int = 128  # futures simulated for each

    @property
    def copies(self) -> int:
        """How often the five campuses are repeated to reach `scale`."""
        return max(1, -int(-self.scale // 1))

    @property
    def density(self) -> float:
        """Students of one copy of the campuses, relative to the demo."""
        return self.scale / self.copies

    @property
    def campus_names(self) -> list[str]:
        """Names of all campuses, copies numbered from the second on."""
        return [
            c.name if copy == 0 else f"{c.name}_{copy + 1:02d}"
            for copy in range(self.copies)
            for c in CAMPUSES
        ]


MINIMUMS = {"Adultos": ((0, 6), (202407, 7), (202601, 8)), "Niños": ((0, 6), (202501, 7))}
# (line, programme) -> steps of the standard size of a section; the largest size is two seats more
STANDARD_SEATS = {
    ("Presencial", "Adultos"): ((0, 18), (202301, 20)),
    ("Virtual", "Adultos"): ((0, 20), (202401, 19)),
    ("Presencial", "Niños"): ((0, 15), (202301, 16)),
    ("Virtual", "Niños"): ((0, 15), (202407, 14)),
}
PUBLISHED_AHEAD = 18  # periods after the data for which hours, minimums and standard seats are known


def step_value(steps: tuple[tuple[int, int], ...], period: int) -> int:
    """Value in force in a period, of steps (first period, value) in ascending order."""
    return [value for start, value in steps if period >= start][-1]
