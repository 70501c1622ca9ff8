"""Who asks for which class: students who go on, repeat, pause, come back, change slot, or are new."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from seeds.simulator.catalogue import SUMMER_TRACK, TRACKS, Bools, Catalogue, Floats, Ints
from seeds.simulator.config import SUMMER, Config, index_of

CHILDREN = sum(t.share for t in TRACKS if t.programme == "Niños")
OLD, RETURNED, NEW = 0, 1, 2  # order in which applicants are seated


@dataclass
class People:
    """Students as parallel arrays. `course` is the one attended, or the one a paused student waits for."""

    campus: Ints
    course: Ints
    slot: Ints
    ready: Ints  # period index in which the student decides again; unused while paused

    def take(self, which: Ints | Bools) -> People:
        """The students selected by a mask or by positions."""
        return People(*(getattr(self, f.name)[which] for f in fields(self)))

    def __len__(self) -> int:
        return len(self.campus)


def join(groups: list[People]) -> People:
    """All students of several groups, in order."""
    return People(*(np.concatenate([getattr(g, f.name) for g in groups]) for f in fields(People)))


def nobody() -> People:
    """A group of no student."""
    return People(*(np.zeros(0, dtype=np.int64) for _ in fields(People)))


@dataclass
class Traits:
    """What stays fixed of an institute: effects on the logit of going on."""

    campus_slot: Floats  # [E, S]
    course: Floats  # [C]
    season: Floats  # [12, E, 2], the last axis adults and children


def draw_traits(config: Config, catalogue: Catalogue, rng: np.random.Generator) -> Traits:
    """Draw the fixed effects of all campuses' slots and of all courses."""
    season = rng.normal(0, config.season_sd, (12, catalogue.n_campuses, 2))
    # centred, so that another seed or size keeps the institute's retention by month
    share = np.outer([c.share for c in catalogue.campuses], [1 - CHILDREN, CHILDREN])
    season -= np.average(season.reshape(12, -1), axis=1, weights=share.ravel())[:, None, None]
    return Traits(
        rng.normal(0, config.slot_sd, (catalogue.n_campuses, catalogue.n_slots)),
        rng.normal(0, config.course_sd, catalogue.n_courses)
        + np.where(catalogue.entry, config.beginners, 0.0)
        + np.where(catalogue.level_end, config.level_end, 0.0),
        season,
    )


@dataclass
class World:
    """The institute at the end of a period: everything that its future depends on.

    Arrays have E' = copies of the world times E campuses rows, so that one step moves many copies at once.
    """

    active: People
    paused: People
    mood: Floats  # [E'] autoregressive log intake
    held: Ints  # [3, E', C, S] students who began in the last three periods, newest first


def copies_of(world: World, catalogue: Catalogue, n: int) -> World:
    """The same world n times, for n futures; copy i has its campuses at i·E … (i+1)·E - 1."""

    def repeat(people: People) -> People:
        shift = np.repeat(np.arange(n), len(people)) * catalogue.n_campuses
        tiled = [np.tile(getattr(people, f.name), n) for f in fields(People)]
        return People(tiled[0] + shift, *tiled[1:])

    held = np.tile(world.held, (1, n, 1, 1))
    return World(repeat(world.active), repeat(world.paused), np.tile(world.mood, n), held)


@dataclass
class Applicants:
    """Students who ask for a class in a period, with their rank of arrival."""

    people: People
    rank: Ints


def _chance(probability: Floats | float, n: int, rng: np.random.Generator) -> Bools:
    return rng.random(n) < probability


def _logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


def draw_slots(weights: Floats, rng: np.random.Generator) -> Ints:
    """One slot a row, with chances proportional to the row's weights; -1 where all are zero."""
    reach = weights.cumsum(axis=1)
    total = reach[:, -1]
    drawn = (reach < (rng.random(len(reach)) * total)[:, None]).sum(axis=1)
    return np.where(total > 0, drawn, -1)


def _expand(counts: Ints) -> People:
    """One student for every unit of counts [E', C, S]."""
    cells = np.repeat(np.flatnonzero(counts.ravel()), counts.ravel()[np.flatnonzero(counts.ravel())])
    campus, course, slot = np.unravel_index(cells, counts.shape)
    return People(campus, course, slot, np.zeros(len(cells), dtype=np.int64))


def _next_course(people: People, passed: Bools, t: int, catalogue: Catalogue) -> Ints:
    """The course each student takes next; -1 for who has finished or whose course is no longer taught."""
    runs = catalogue.course_runs(t)
    wanted = np.where(passed, catalogue.follows[people.course], people.course)
    for _ in range(2):  # after the summer: the next course that is taught
        stuck = (wanted >= 0) & catalogue.seasonal[wanted] & ~runs[wanted]
        wanted = np.where(stuck, catalogue.follows[wanted], wanted)
    return np.where((wanted >= 0) & runs[wanted], wanted, -1)


def slot_weights(t: int, config: Config, catalogue: Catalogue) -> Floats:
    """Popularity [C, S] of the slots for each course in period index t: mornings have their months."""
    weights = catalogue.weights * np.where(catalogue.morning, config.mornings[t % 12], 1.0)
    return weights / weights.sum(axis=1, keepdims=True)


def _place(people: People, t: int, config: Config, catalogue: Catalogue, rng: np.random.Generator) -> People:
    """Students in a slot and campus that exist for their course; who finds none is left out."""
    campus = people.campus
    base = campus % catalogue.n_campuses
    closed = ~catalogue.campus_open(t)[base]
    stays = ~closed | _chance(config.merge_stay, len(people), rng)
    campus = np.where(closed, campus - base + catalogue.merges_into[base], campus)
    people = People(campus, people.course, people.slot, people.ready).take(stays)

    offered = catalogue.offered(t)[people.campus % catalogue.n_campuses, people.course]
    everyone, saturday = np.arange(len(people)), catalogue.saturday[people.slot]
    summer_is_over = ~offered[everyone, people.slot] & ~catalogue.seasonal[people.course] & (saturday >= 0)
    slot = np.where(summer_is_over, saturday, people.slot)
    moves = _chance(config.move_slot[t % 12], len(people), rng) | ~offered[everyone, slot]
    who = np.flatnonzero(moves)
    popular = slot_weights(t, config, catalogue)[people.course[who]]
    slot[who] = draw_slots(offered[who] * popular * catalogue.nearness[slot[who]], rng)
    return People(people.campus, people.course, slot, people.ready).take(slot >= 0)


def _going_on(
    world: World, traits: Traits, t: int, config: Config, catalogue: Catalogue, rng: np.random.Generator
) -> tuple[People, People, People]:
    """Students of ended courses who go on, who pause, and students still inside their course."""
    deciding = world.active.take(world.active.ready <= t)
    inside = world.active.take(world.active.ready > t)
    n, month = len(deciding), t % 12
    wanted = _next_course(deciding, _chance(config.passing, n, rng), t, catalogue)
    base = deciding.campus % catalogue.n_campuses
    shock = rng.normal(0, config.shock_sd, world.held.shape[1:])
    logit = (
        _logit(config.stay[month])
        + traits.campus_slot[base, deciding.slot]
        + traits.course[deciding.course]
        + traits.season[month, base, catalogue.child[deciding.course].astype(int)]
        + shock[deciding.campus, deciding.course, deciding.slot]
    )
    on = _chance(1 / (1 + np.exp(-logit)), n, rng) & (wanted >= 0)
    pauses = ~on & (wanted >= 0) & _chance(config.pause_share, n, rng)
    following = People(deciding.campus, wanted, deciding.slot, deciding.ready)
    return following.take(on), following.take(pauses), inside


def intake_rates(t: int, mood: Floats, config: Config, catalogue: Catalogue) -> Floats:
    """Expected new students [E', C, S] of the entry courses of period index t."""
    month, n = t % 12, catalogue.n_campuses
    share = np.array([c.share for c in catalogue.campuses])
    age = np.array([t - index_of(c.opens) if c.opens else 999 for c in catalogue.campuses])
    share = share * np.where(age < 8, 1 + config.opening_boost, 1.0) * catalogue.campus_open(t)
    by_course = np.zeros(catalogue.n_courses)
    for i, course in enumerate(catalogue.courses):
        if course.entry:
            track = course.track
            by_course[i] = (
                config.intake * config.intake_season[month] * track.share / max(1, len(track.entries))
                if track is not SUMMER_TRACK
                else config.summer_intake * (0.5 if month == SUMMER[0] else 0.25)
            )
    rates = catalogue.offered(t) * slot_weights(t, config, catalogue) * by_course[:, None]
    rates *= (config.density * share)[:, None, None]
    # beginners are offered the popular slots alone: where too few would come they are sent to the others
    popular = (rates >= config.smallest_group) | ((rates > 0) & (rates == rates.max(axis=2, keepdims=True)))
    kept = np.where(popular, rates, 0.0)
    sent = rates.sum(axis=2) / np.maximum(kept.sum(axis=2), 1e-9)
    rates = kept * sent[:, :, None]
    return np.tile(rates, (len(mood) // n, 1, 1)) * np.exp(mood)[:, None, None]


def predecessors_students(world: World, catalogue: Catalogue) -> Floats:
    """Students [E', C, S] whose course ends now and who, passing, take this course next."""
    ending = np.where(catalogue.duration[:, None] == 1, world.held[0], world.held[1])
    arriving = np.zeros(ending.shape)
    for course in np.flatnonzero(catalogue.follows >= 0):
        arriving[:, catalogue.follows[course]] += ending[:, course]
    return arriving


def apply_for(
    world: World, traits: Traits, t: int, config: Config, catalogue: Catalogue, rng: np.random.Generator
) -> tuple[Applicants, People, People]:
    """Everyone who asks for a class in period index t, who pauses, and who is still inside a course.

    Moves the world's mood one step.
    """
    month = t % 12
    on, pausing, inside = _going_on(world, traits, t, config, catalogue, rng)
    back = _chance(config.return_rate[month], len(world.paused), rng)
    remember = ~back & ~_chance(config.forget, len(world.paused), rng)
    returned = world.paused.take(back)
    returned = returned.take(catalogue.course_runs(t)[returned.course])
    world.mood = config.intake_ar * world.mood + rng.normal(0, config.intake_sd, len(world.mood))
    new = _expand(rng.poisson(intake_rates(t, world.mood, config, catalogue)))
    placed = _expand(rng.poisson(_placement_rates(world, t, config, catalogue)))
    groups = [_place(g, t, config, catalogue, rng) for g in (on, returned)] + [new, placed]
    rank = np.repeat([OLD, RETURNED, NEW, NEW], [len(g) for g in groups])
    return Applicants(join(groups), rank), join([world.paused.take(remember), pausing]), inside


def _placement_rates(world: World, t: int, config: Config, catalogue: Catalogue) -> Floats:
    """Expected students [E', C, S] who enter a course that is not the first, after a placement test."""
    offered = np.tile(catalogue.offered(t), (world.held.shape[1] // catalogue.n_campuses, 1, 1))
    rates = predecessors_students(world, catalogue) * offered * config.placement[t % 12]
    return np.where(catalogue.seasonal[:, None], 0.0, rates)


def opening_population(config: Config, catalogue: Catalogue, rng: np.random.Generator) -> World:
    """An institute in full swing at the beginning of the run-up: students spread over all courses."""
    t = -config.run_up
    share = np.array([c.share for c in catalogue.campuses]) * catalogue.campus_open(t)
    tracks = {track.key: track.share / sum(n for _, n in track.levels) for track in TRACKS}
    by_course = np.array([tracks.get(c.track.key, 0.0) for c in catalogue.courses])
    by_campus = (config.students * config.density * share)[:, None, None]
    rates = catalogue.offered(t) * catalogue.weights * by_course[:, None] * by_campus
    people = _expand(rng.poisson(rates))
    people.ready = t + rng.integers(0, catalogue.duration[people.course])
    held = np.zeros((3, catalogue.n_campuses, catalogue.n_courses, catalogue.n_slots), dtype=np.int64)
    held[:] = np.rint(rates)
    return World(people, nobody(), np.zeros(catalogue.n_campuses), held)
