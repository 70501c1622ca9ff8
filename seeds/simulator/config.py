"""Parameters of the demo institute: every number that the simulation or its mess depends on."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    Campus("NORTE", 0.16, "DLSKI", ((0, 7.0, 21.0), (202401, 7.0, 22.75)), opens=202207),
    Campus("SUR", 0.10, "DSK", ((0, 8.5, 21.0), (202407, 7.0, 21.0)), opens=202304),
    Campus("ESTE", 0.08, "DSK", ((0, 7.0, 21.0),), closes=202410, merges_into="CENTRO"),
    Campus("VIRTUAL", 0.41, "DLSMKI", ((0, 7.0, 22.75),)),
)


@dataclass(frozen=True)
class Config:
    """One institute. Tuples of twelve are by month, January first.

    Rates are shares of the students who decide in a period unless said otherwise; `*_sd` are standard
    deviations of normal effects on the logit or log scale. Figures that the calibration test checks are
    set by: retention -> `stay`, `return_rate`, `placement`; full sections -> `tight_share`, `tight_slack`;
    cancellations -> `speculative`, `bulk_periods`; lifetimes -> `students`, slot weights, `move_slot`.
    """

    seed: int = 20220101
    periods: int = 42
    run_up: int = 18
    hidden: int = 3
    scale: float = 1.0

    students: float = 14000.0
    intake: float = 0.045
    intake_season: tuple[float, ...] = (2.2, 1.3, 1.0, 1.1, 0.9, 0.75, 0.85, 0.95, 1.0, 0.75, 0.6, 0.4)
    intake_ar: float = 0.7
    intake_sd: float = 0.12
    summer_intake: float = 0.035
    opening_boost: float = 0.9

    stay: tuple[float, ...] = (
        0.9361, 0.9273, 0.8923, 0.9191, 0.9335, 0.9466, 0.9301, 0.9566, 0.9516, 0.9105, 0.9463, 0.9044,
    )  # fmt: skip
    effect_sd: float = 0.25
    shock_sd: float = 0.7
    passing: float = 0.94
    pause_share: float = 0.55
    return_rate: tuple[float, ...] = (0.45, 0.12, 0.12, 0.10, 0.10, 0.10, 0.10, 0.12, 0.10, 0.08, 0.08, 0.05)
    forget: float = 0.10
    placement: tuple[float, ...] = (0.179, 0.03, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.01)
    move_slot: float = 0.04
    merge_stay: float = 0.65

    plan_sd: float = 0.15
    react: float = 0.70
    below_minimum: float = 0.10
    tight_share: float = 0.80
    tight_slack: float = 1.0
    spill: float = 0.85
    wait: float = 0.80

    speculative: tuple[float, ...] = field(default=(0.10, 0.04, 0.09, 0.09))  # by year, of held sections
    bulk_periods: tuple[tuple[int, float], ...] = ((202206, 0.42), (202309, 0.38), (202409, 0.50))
    duplicates: float = 0.004
    never_closed: float = 0.004
    never_closed_bulk: tuple[tuple[int, float], ...] = ((202411, 0.16), (202412, 0.12))
    newest_open: float = 0.06
    newest_created: float = 0.015

    origins: int = 12
    replicas: int = 64

    @property
    def copies(self) -> int:
        """How often the five campuses are repeated to reach `scale`."""
        return max(1, -int(-self.scale // 1))

    @property
    def size(self) -> float:
        """Students that one copy of the campuses is dimensioned for."""
        return self.students * self.scale / self.copies

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
