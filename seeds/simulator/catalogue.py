"""Courses, slots and their codes over the years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from seeds.simulator.config import CAMPUSES, SUMMER, Config, index_of, period_of

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Slot:
    """A time slot with the code it had before `until` (empty: it always had today's)."""

    code: str
    turn: str
    strip: str
    blocks: int
    start: float
    end: float
    old_code: str = ""
    until: int = 0


@dataclass(frozen=True)
class Track:
    """Courses of one rhythm: where they start, how long they last and how popular their slots are."""

    key: str
    programme: str
    frequency: str
    intensity: str
    duration: int
    share: float
    slots: tuple[int, ...]
    weights: tuple[float, ...]
    levels: tuple[tuple[str, int], ...]  # level and its number of courses
    entries: tuple[int, ...]  # positions in the chain of courses
    closes: int = 999999


@dataclass(frozen=True)
class Course:
    """A course of the catalogue. `next_code` is what the catalogue says; `follows` what students do."""

    code: str
    name: str
    line: str
    track: Track
    level: str
    next_code: str | None
    follows: int  # index of the course that students take next, -1 for none
    entry: bool
    seasonal: bool
    old_code: str = ""
    until: int = 0


WEEK, SATURDAY = "1. Lun - Vie", "2. Sab"
SLOTS = (
    Slot("07:00 - 08:30", "Mañana", WEEK, 1, 7.0, 8.5),
    Slot("08:40 - 10:10", "Mañana", WEEK, 1, 8 + 2 / 3, 10 + 1 / 6),
    Slot("10:20 - 11:50", "Mañana", WEEK, 1, 10 + 1 / 3, 11 + 5 / 6),
    Slot("16:00 - 17:30", "Tarde", WEEK, 1, 16.0, 17.5),
    Slot("17:40 - 19:10", "Tarde", WEEK, 1, 17 + 2 / 3, 19 + 1 / 6, "17:45 - 19:20", 202301),
    Slot("19:20 - 20:50", "Noche", WEEK, 1, 19 + 1 / 3, 20 + 5 / 6, "19:25 - 20:55", 202301),
    Slot("21:00 - 22:30", "Noche", WEEK, 1, 21.0, 22.5),
    Slot("07:00 - 10:10", "Mañana", WEEK, 2, 7.0, 10 + 1 / 6),
    Slot("08:40 - 11:50", "Mañana", WEEK, 2, 8 + 2 / 3, 11 + 5 / 6),
    Slot("16:00 - 19:10", "Tarde", WEEK, 2, 16.0, 19 + 1 / 6, "16:00 - 19:20", 202301),
    Slot("19:20 - 22:30", "Noche", WEEK, 2, 19 + 1 / 3, 22.5),
    Slot("07:30 - 11:00", "Mañana", SATURDAY, 2, 7.5, 11.0, "07:30 - 11:05", 202401),
    Slot("11:10 - 14:40", "Tarde", SATURDAY, 2, 11 + 1 / 6, 14 + 2 / 3),
    Slot("14:50 - 18:20", "Tarde", SATURDAY, 2, 14 + 5 / 6, 18 + 1 / 3),
    Slot("08:30 - 10:10", "Mañana", SATURDAY, 1, 8.5, 10 + 1 / 6, "08:30 - 10:15", 202207),
    Slot("10:20 - 12:00", "Mañana", SATURDAY, 1, 10 + 1 / 3, 12.0),
    Slot("12:10 - 13:50", "Tarde", SATURDAY, 1, 12 + 1 / 6, 13 + 5 / 6),
    Slot("15:00 - 16:40", "Tarde", SATURDAY, 1, 15.0, 16 + 2 / 3),
)
LEVEL_NAMES = {
    "BAS": "Básico",
    "INT": "Intermedio",
    "AVA": "Avanzado",
    "KID": "Infantil",
    "TEN": "Juvenil",
}
KIDS = (("KID", 6), ("TEN", 6))
TRACKS = (
    Track(
        "D", "Adultos", "Diario", "Normal", 1, 0.60, (0, 1, 2, 3, 4, 5, 6),
        (0.10, 0.10, 0.06, 0.06, 0.20, 0.38, 0.10), (("BAS", 10), ("INT", 8), ("AVA", 6)), (0,),
    ),
    Track(
        "L", "Adultos", "Interdiario L-M-V", "Acelerada", 1, 0.12, (7, 8, 9, 10),
        (0.2, 0.15, 0.2, 0.45), (("BAS", 5), ("INT", 4), ("AVA", 3)), (0,),
    ),
    Track(
        "S", "Adultos", "Sabatino", "Acelerada", 2, 0.09, (11, 12, 13),
        (0.5, 0.25, 0.25), (("BAS", 5), ("INT", 4), ("AVA", 3)), (0,),
    ),
    Track(
        "M", "Adultos", "Interdiario M-J", "Acelerada", 1, 0.04, (8, 10),
        (0.4, 0.6), (("BAS", 4),), (0,), closes=202310,
    ),
    Track(
        "K", "Niños", "Sabatino", "Normal", 2, 0.10, (14, 15, 16, 17), (0.35, 0.35, 0.15, 0.15), KIDS,
        (0, 6),
    ),
    Track("I", "Niños", "Interdiario", "Normal", 1, 0.05, (3, 4), (0.6, 0.4), (("TEN", 6),), (0,)),
)  # fmt: skip
SUMMER_TRACK = Track("V", "Niños", "Diario", "Normal", 1, 0.0, (1, 2), (0.5, 0.5), (), ())
SUMMER_TO_SATURDAY = {1: 14, 2: 15}  # slot of a summer course -> the Saturday slot that its children take
RECODED = {"D": 202301, "S": 202306}  # tracks whose courses got new codes, and since when
# what the catalogue says of courses that have no real successor: no code, an unknown one, a course that
# no longer runs
LOST_SUCCESSORS = {
    "TE06KP": None,
    "TE06KV": None,
    "AV03LV": "AVX4LV",
    "TE06IP": "BA02MP",
    "TE06IV": "BA02MV",
}
LINES = (("P", "Presencial"), ("V", "Virtual"))


def _chain(track: Track, line: tuple[str, str], first: int) -> list[Course]:
    places = [(level, n + 1) for level, count in track.levels for n in range(count)]
    codes = [f"{level[:2]}{n:02d}{track.key}{line[0]}" for level, n in places]
    courses = []
    for at, ((level, n), code) in enumerate(zip(places, codes, strict=True)):
        after = at + 1 if at + 1 < len(codes) else -1
        while after in track.entries:  # a course with an intake of its own is nobody's successor
            after += 1
        following = codes[after] if after >= 0 else "No Data"
        courses.append(
            Course(
                code, f"{level} {n:02d}", line[1], track, level, LOST_SUCCESSORS.get(code, following),
                first + after if after >= 0 else -1, at in track.entries, False,
                f"{level[:1]}{n:02d}-{track.key}{line[0]}" if track.key in RECODED else "",
                RECODED.get(track.key, 0),
            )
        )  # fmt: skip
    return courses


def _summer(line: tuple[str, str], first: int, by_code: dict[str, int]) -> list[Course]:
    courses: list[Course] = []
    for level in ("KID", "TEN"):
        saturday = f"{level[:2]}05K{line[0]}"
        for numbers, entry in (("01-02", True), ("03-04", False)):
            here = first + len(courses)
            code = f"{level[:2]}{numbers[-2:]}V{line[0]}"
            following = f"{level[:2]}04V{line[0]}" if entry else saturday
            courses.append(
                Course(
                    code, f"{level} {numbers}", line[1], SUMMER_TRACK, level, following,
                    here + 1 if entry else by_code[saturday], entry, True,
                )
            )  # fmt: skip
    return courses


def build_courses() -> list[Course]:
    """All courses that ever ran, in both lines; a course's place in the list is its index."""
    courses: list[Course] = []
    for line in LINES:
        for track in TRACKS:
            courses += _chain(track, line, len(courses))
        courses += _summer(line, len(courses), {c.code: i for i, c in enumerate(courses)})
    return courses


class Catalogue:
    """The institute's courses, slots and campuses as arrays that the simulation indexes.

    C courses, S slots, E campuses (all copies). `offered(t)` [E, C, S] tells which cells can be taught.
    """

    def __init__(self, config: Config) -> None:
        self.courses = build_courses()
        self.campuses = list(CAMPUSES) * config.copies
        self.n_campuses, self.n_courses, self.n_slots = len(self.campuses), len(self.courses), len(SLOTS)
        self.follows = np.array([c.follows for c in self.courses])
        self.duration = np.array([c.track.duration for c in self.courses])
        self.seasonal = np.array([c.seasonal for c in self.courses])
        self.entry = np.array([c.entry for c in self.courses])
        self.level_end = np.array(
            [c.follows >= 0 and self.courses[c.follows].level != c.level for c in self.courses]
        )
        self.morning = np.array([s.turn == "Mañana" and s.strip == WEEK for s in SLOTS])
        self.child = np.array([c.track.programme == "Niños" for c in self.courses])
        self.weights = np.zeros((self.n_courses, self.n_slots))
        for i, c in enumerate(self.courses):
            self.weights[i, list(c.track.slots)] = c.track.weights
        self.merges_into = np.arange(self.n_campuses)
        for e, campus in enumerate(self.campuses):
            if campus.merges_into:
                base = e - e % len(CAMPUSES)
                self.merges_into[e] = base + [c.name for c in CAMPUSES].index(campus.merges_into)
        self.saturday = np.array([SUMMER_TO_SATURDAY.get(s, -1) for s in range(self.n_slots)])
        self.nearness = self._nearness()

    def _nearness(self) -> Floats:
        """Weight [S, S] with which a student leaves a slot for another one (by hours between them)."""
        start = np.array([s.start for s in SLOTS])
        same_day = np.array([[a.strip == b.strip for b in SLOTS] for a in SLOTS])
        return np.exp(-np.abs(start[:, None] - start) / 3) * np.where(same_day, 1.0, 0.05)

    def campus_open(self, t: int) -> Bools:
        """[E] campuses that teach in period index t."""
        period = period_of(t)
        return np.array([c.opens <= period < c.closes for c in self.campuses])

    def slot_open(self, t: int) -> Bools:
        """[E, S] slots inside the opening hours of each campus in period index t."""
        period = period_of(t)
        hours = [[h for h in c.hours if period >= h[0]][-1] for c in self.campuses]
        return np.array([[h[1] <= s.start and s.end <= h[2] for s in SLOTS] for h in hours])

    def course_runs(self, t: int) -> Bools:
        """[C] courses that are taught in period index t: not yet closed, and in season."""
        in_season = ~self.seasonal | (t % 12 in SUMMER)
        closes = np.array([c.track.closes for c in self.courses])
        return in_season & (period_of(t) < closes)

    def offered(self, t: int) -> Bools:
        """[E, C, S] cells that can be taught in period index t."""
        line = np.array([["Virtual" if c.name == "VIRTUAL" else "Presencial"] for c in self.campuses])
        has_line = line == np.array([c.line for c in self.courses])
        keys = np.array([c.track.key for c in self.courses])
        has_track = np.array([np.isin(keys, [*c.tracks, "V"]) for c in self.campuses])
        by_course = has_line & has_track & self.course_runs(t) & self.campus_open(t)[:, None]
        return by_course[:, :, None] & (self.weights > 0) & self.slot_open(t)[:, None, :]

    def code_in(self, course: int, t: int) -> str:
        """The code under which a course was planned in period index t."""
        c = self.courses[course]
        return c.old_code if c.old_code and t < index_of(c.until) else c.code

    def slot_code_in(self, slot: int, t: int) -> str:
        """The code under which a slot was planned in period index t."""
        s = SLOTS[slot]
        return s.old_code if s.old_code and t < index_of(s.until) else s.code
