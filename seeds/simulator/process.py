"""How the institutes of the zoo live: students of every cell, one period after another.

Arrays are [R, E, C, S]: futures, campuses, courses, slots. Many futures of one state move together, and their
mean is the true expected value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from seeds.simulator.catalogue import Bools, Floats, Ints
from seeds.simulator.makes import Make

Numbers = TypeVar("Numbers", Ints, Floats)
PLACEMENT = 0.08  # new students of a course that continues another, beside those of an entry course
MOVES = 0.15  # students who go on in another slot
# Kinds of class, by slot: share of the courses that have it before any change, and the kind that it becomes.
KINDS = (("LEC", 1.0, 4), ("DIS", 0.8, 3), ("LAB", 0.5, 3), ("ONL", 0.2, 3), ("OLC", 0.0, 4), ("OTH", 0.0, 5))
OTHER = 5  # the kind under which all is entered while an institute does not tell them apart


@dataclass(frozen=True)
class Traits:
    """What stays fixed of an institute."""

    mean: Floats  # [E, C, S] new students of a cell in a typical period
    habit: Floats  # [K, C, S] chance that a cell that lives is taught, by season
    parity: Ints  # [C, S] cycles in which a cell is taught: 0 or 1 even or odd ones, 2 all
    rank: Floats  # [E, C, S] a cell has changed its kind while the share that has is above its rank
    season: Floats  # [K, E] seasons of the intake
    stay: Floats  # [K, E, C, S] share of a cell's students who take the next course
    entry: Bools  # [C]
    popular: Floats  # [S]


@dataclass
class State:
    """What the future depends on."""

    students: Floats  # [R, E, C, S] of the last period with classes
    alive: Bools  # [R, E, C, S]
    level: Floats  # [R, E, C, S] log size of a cell, beside its typical one
    mood: Floats  # [R, E] log intake

    def repeated(self, n: int) -> State:
        """The same state n times."""
        return State(
            self.students.repeat(n, axis=0),
            self.alive.repeat(n, axis=0),
            self.level.repeat(n, axis=0),
            self.mood.repeat(n, axis=0),
        )


def draw_traits(make: Make, rng: np.random.Generator) -> Traits:
    """Draw what makes this institute differ from the others of its make."""
    k, e, c, s = make.calendar, make.campuses, make.courses, make.slots
    campus = np.array([0.8**i for i in range(e)])
    popular = rng.uniform(0.5, 1.5, s) if s > 1 else np.ones(1)
    size = make.size * np.exp(rng.normal(0, make.spread, (e, c, s)))
    season = np.exp(rng.normal(0, make.season_sd, (k, 1)) + rng.normal(0, make.season_sd / 3, (k, e)))
    stay = 1.9 + rng.normal(0, 0.35, (1, e, c, 1)) + rng.normal(0, 0.3, (1, e, 1, s))
    stay = stay + rng.normal(0, 0.3, (k, e, 1, 1))
    habit, parity = np.ones((k, c, s)), np.full((c, s), 2)
    if make.sparse:
        kind = rng.random((c, s))
        own = rng.integers(0, k, (c, s)) == np.arange(k)[:, None, None]
        fits = own | (rng.random((c, s)) < 0.35)  # most are taught in one season alone
        sometimes, every_other = rng.uniform(0.01, 0.08, (c, s)), (kind >= 0.35) & (kind < 0.42)
        habit = np.where(kind < 0.35, np.where(fits, 0.95, 0.02), sometimes)
        habit = np.where(every_other, 0.9 * fits, habit)
        parity = np.where(every_other, rng.integers(0, 2, (c, s)), 2)
        if k == 3:  # a summer term is a small one
            habit[1] *= 0.12
    if make.constant:
        season, popular, campus = np.ones((k, e)), np.ones(s), np.ones(e)
    if make.kinds_change is not None:
        size = size * (rng.random((e, c, s)) < np.array([share for _, share, _ in KINDS[:s]]))
    return Traits(
        size * campus[:, None, None] * popular,
        habit,
        parity,
        rng.random((e, c, s)),
        season / season.mean(axis=0),
        1 / (1 + np.exp(-stay)),
        np.arange(c) % make.chain == 0,
        popular / popular.sum(),
    )


class Institute:
    """One institute of a make. Period index 0 is the first that is delivered."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.rng = np.random.default_rng([make.seed, 0])
        self.traits = draw_traits(make, self.rng)
        self.run_up = max(2 * make.calendar, make.chain + 2)
        # The lives of cells that come and go: two in three live, one in twelve of them ends in a cycle.
        self.dies = 0.08 / make.calendar if make.sparse else 0.0

    def opening(self) -> State:
        """The state before the run-up."""
        make, shape = self.make, (1, self.make.campuses, self.make.courses, self.make.slots)
        place = np.arange(make.courses) % make.chain
        students = self.traits.mean * (0.85**place)[:, None] * self._growth(-self.run_up)
        alive = self.rng.random(shape) < (0.67 if make.sparse else 1.0)
        return State(students[None], alive, np.zeros(shape), np.zeros(shape[:2]))

    def _growth(self, t: int) -> float:
        return float((1 + self.make.trend) ** ((t - self.make.history) / self.make.calendar))

    def campus_open(self, t: int) -> Bools:
        """[E] campuses that teach in period index t."""
        make = self.make
        teaches = np.ones(make.campuses, dtype=bool)
        if make.opens is not None:
            teaches[-1] = t >= make.history - make.opens
        if make.closes is not None:
            teaches[-1] = t < make.history - make.closes
        return teaches & (not self.closed(t))

    def closed(self, t: int) -> bool:
        """Whether no class is given anywhere: a closed season, or the hole."""
        make = self.make
        begin, length = make.hole or (0, 0)
        hole = make.hole is not None and make.history - begin <= t < make.history - begin + length
        return t % make.calendar + 1 in make.closed or hole

    def entered(self, students: Numbers, t: int) -> Numbers:
        """The students [..., C, S] under the kinds of class that period index t gives them."""
        make = self.make
        if make.kinds_change is None:
            return students
        since = t - (make.history - make.kinds_change)
        if -4 * make.calendar <= since < -2 * make.calendar:
            entered = np.zeros_like(students)
            entered[..., OTHER] = students.sum(axis=-1)
            return entered
        share = 0.0 if since < 0 else 0.8 if since < make.calendar else 0.3
        changes = self.traits.rank < share
        entered = np.where(changes, 0, students)
        for slot, (_, _, becomes) in enumerate(KINDS):
            entered[..., becomes] += np.where(changes, students, 0)[..., slot]
        return entered

    def intake(self, t: int, state: State) -> Floats:
        """Mean new students of every cell in period index t."""
        make, traits = self.make, self.traits
        begin, length = make.hole or (0, 0)
        since = t - (make.history - begin + length)  # periods since the hole
        recovery = 0.7 + 0.3 * min(since / make.calendar, 1.0) if make.hole and since >= 0 else 1.0
        share = np.where(traits.entry, 1.0, PLACEMENT)[:, None]
        mood = np.exp(state.mood)[:, :, None, None] * traits.season[t % make.calendar][:, None, None]
        return traits.mean * share * mood * np.exp(state.level) * (recovery * self._growth(t))

    def flow(self, t: int, students: Floats, rng: np.random.Generator) -> Floats:
        """Students who go on to the next course, some of them in another slot."""
        arriving = np.zeros_like(students)
        shock = np.exp(rng.normal(0, self.make.noise, students.shape) - self.make.noise**2 / 2)
        going = students * np.minimum(self.traits.stay[t % self.make.calendar] * shock, 1.0)
        arriving[:, :, 1:] = going[:, :, :-1]
        arriving[:, :, self.traits.entry] = 0.0
        elsewhere = arriving.sum(axis=3, keepdims=True) * self.traits.popular
        return (1 - MOVES) * arriving + MOVES * elsewhere

    def step(self, state: State, t: int, rng: np.random.Generator) -> Ints:
        """Let period index t happen: moves the state, returns the students of the cells that are held."""
        make, traits, shape = self.make, self.traits, state.students.shape
        if make.constant:
            return np.rint(np.broadcast_to(traits.mean, shape)).astype(np.int64)
        quarter = 1 / np.sqrt(make.calendar)
        state.mood = 0.8 * state.mood + rng.normal(0, 0.03, state.mood.shape)
        state.level = 0.97 * state.level + rng.normal(0, 0.1 * quarter, shape)
        if self.dies:
            draw = rng.random(shape)
            state.alive = np.where(state.alive, draw >= self.dies, draw < 2 * self.dies)
        season, cycle = t % make.calendar, t // make.calendar
        in_cycle = (traits.parity == 2) | (traits.parity == cycle % 2)
        taught = state.alive & in_cycle
        taught &= rng.random(shape) < traits.habit[season]
        teaches = self.campus_open(t)
        taught &= teaches[:, None, None]
        mean = self.intake(t, state) + self.flow(t, state.students, rng)
        mean = self._moved_campus(mean, teaches) * rng.gamma(1 / make.noise**2, make.noise**2, shape)
        demand = rng.poisson(mean)
        held = np.where(taught & (demand >= make.minimum), demand, 0)
        # Half of those whose cell is not held join the largest cell of their campus and course.
        lost = rng.binomial(np.where(taught, demand - held, 0), 0.5).sum(axis=3)
        largest = held.argmax(axis=3)[..., None]
        joined = np.take_along_axis(held, largest, 3)
        np.put_along_axis(held, largest, joined + np.where(joined > 0, lost[..., None], 0), 3)
        # Who finds everything closed comes back afterwards.
        state.students = held.astype(float) if not self.closed(t) else 0.97 * state.students
        return held

    def _moved_campus(self, mean: Floats, teaches: Bools) -> Floats:
        """Two in three students of a campus that has closed go to the first one."""
        if self.make.closes is None or teaches[-1] or not teaches.any():
            return mean
        moved = mean.copy()
        moved[:, 0] += 0.65 * mean[:, -1] * (~self.traits.entry)[:, None]
        return moved


def simulate(make: Make, origins: int, ahead: int, replicas: int) -> tuple[list[Ints], dict[int, Floats]]:
    """Students [E, C, S] of every period, `ahead` unseen ones included, and what was to be expected.

    The expectation [h, E, C, S] of the periods after each of the last `origins` period indexes that are
    delivered: up to `ahead` of them after the newest, three after the others.
    """
    institute = Institute(make)
    state = institute.opening()
    for t in range(-institute.run_up, 0):
        institute.step(state, t, institute.rng)
    outcomes, expected = [], {}
    for t in range(make.history + ahead):
        outcomes.append(institute.entered(institute.step(state, t, institute.rng)[0], t))
        if make.history - origins <= t < make.history and t >= 0:
            futures, rng = state.repeated(replicas), np.random.default_rng([make.seed, 1, t])
            steps = ahead if t == make.history - 1 else 3
            means = [institute.step(futures, t + h, rng).mean(axis=0) for h in range(1, steps + 1)]
            expected[t] = np.stack([institute.entered(m, t + h) for h, m in enumerate(means, start=1)])
    return outcomes, expected
