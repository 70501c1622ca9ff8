"""What the institute opens: planned sections, cancellations, seats, and who is seated where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from seeds.simulator.catalogue import Bools, Catalogue, Floats, Ints
from seeds.simulator.config import MINIMUMS, STANDARD_SEATS, Config, period_of, step_value
from seeds.simulator.students import (
    Applicants,
    People,
    Traits,
    World,
    apply_for,
    draw_slots,
    intake_rates,
    join,
    predecessors_students,
)


@dataclass
class Outcome:
    """One period of the institute, arrays [E', C, S]."""

    students: Ints  # seated in held sections
    sections: Ints  # sections held
    seats: Ints  # seats of each held section of the cell
    cancelled: Ints  # sections planned and not held


def minimum(t: int, catalogue: Catalogue) -> Ints:
    """[C] fewest students with which a section is held in period index t."""
    return np.array([step_value(MINIMUMS[c.track.programme], period_of(t)) for c in catalogue.courses])


def standard_seats(t: int, catalogue: Catalogue) -> Ints:
    """[C] size that sections are planned with in period index t."""
    seats = STANDARD_SEATS
    return np.array([step_value(seats[c.line, c.track.programme], period_of(t)) for c in catalogue.courses])


def _sections_for(students: Floats | Ints, seats: Ints, least: Ints) -> Ints:
    """The classical rule: full sections, and one more when the rest reaches the minimum."""
    whole = np.rint(students).astype(np.int64)
    return whole // seats + (whole % seats >= least)


def _plan(
    world: World, t: int, config: Config, catalogue: Catalogue, rng: np.random.Generator
) -> tuple[Floats, Ints]:
    """The institute's own forecast of each cell and the seats it gives the sections (-> [E', C, S])."""
    month = t % 12
    guess = config.stay[month] + config.placement[month] + 0.4 * config.return_rate[month]
    offered = np.tile(catalogue.offered(t), (len(world.mood) // catalogue.n_campuses, 1, 1))
    expected = predecessors_students(world, catalogue) * offered * guess
    expected += intake_rates(t, world.mood * 0, config, catalogue)
    expected *= np.exp(rng.normal(0, config.plan_sd, expected.shape))
    standard = np.broadcast_to(standard_seats(t, catalogue)[:, None], expected.shape)
    least = np.broadcast_to(minimum(t, catalogue)[:, None], expected.shape)
    n = np.maximum(_sections_for(expected, standard, least), 1)
    fitted = np.rint(expected / n + config.tight_slack * rng.normal(0, 1, expected.shape)).astype(np.int64)
    fitted = np.clip(fitted, least + 3, standard)
    tight = rng.random(expected.shape) < config.tight_share
    return expected, np.where(tight, fitted, standard)


def _seat(cell: Ints, order: Floats, room: Ints) -> Bools:
    """Who gets a seat: in every cell the first `room[cell]` in `order`."""
    by_cell = np.lexsort((order, cell))
    sorted_cells = cell[by_cell]
    first = np.searchsorted(sorted_cells, sorted_cells, side="left")
    seated = np.zeros(len(cell), dtype=bool)
    seated[by_cell] = np.arange(len(cell)) - first < room[sorted_cells]
    return seated


def _open_sections(
    demand: Ints,
    expected: Floats,
    seats: Ints,
    t: int,
    config: Config,
    catalogue: Catalogue,
    rng: np.random.Generator,
) -> tuple[Ints, Ints]:
    """Sections held and sections planned [E', C, S], given who asks."""
    least = np.broadcast_to(minimum(t, catalogue)[:, None], demand.shape)
    least = least - 2 * (rng.random(demand.shape) < config.below_minimum)
    planned = _sections_for(expected, seats, least)
    needed = _sections_for(demand, seats, least)
    reacted = rng.binomial(np.maximum(needed - planned, 0), config.react)
    held = np.minimum(planned, needed) + reacted
    return held, np.maximum(planned, held)  # fmt: skip


def step(
    world: World, traits: Traits, t: int, config: Config, catalogue: Catalogue, rng: np.random.Generator
) -> Outcome:
    """Let period index t happen: the world moves on, and what its sections held is returned."""
    expected, seats = _plan(world, t, config, catalogue, rng)
    applicants, paused, inside = apply_for(world, traits, t, config, catalogue, rng)
    people, shape = applicants.people, expected.shape
    cell = np.ravel_multi_index((people.campus, people.course, people.slot), shape)
    demand = np.bincount(cell, minlength=expected.size).reshape(shape)
    held, planned = _open_sections(demand, expected, seats, t, config, catalogue, rng)
    room = (held * seats).ravel()
    seated = _seat(cell, applicants.rank + rng.random(len(cell)), room)
    moved, lost = _spill(applicants, seated, cell, room, shape, config, catalogue, rng)
    begun = join([people.take(seated), moved])
    begun.ready = t + catalogue.duration[begun.course]
    cell = np.ravel_multi_index((begun.campus, begun.course, begun.slot), shape)
    students = np.bincount(cell, minlength=expected.size).reshape(shape)
    waiting = lost.take(rng.random(len(lost)) < config.wait)
    world.active, world.paused = join([inside, begun]), join([paused, waiting])
    world.held = np.concatenate([students[None], world.held[:2]])
    return Outcome(students, held, seats, planned - held)


def _spill(
    applicants: Applicants,
    seated: Bools,
    cell: Ints,
    room: Ints,
    shape: tuple[int, ...],
    config: Config,
    catalogue: Catalogue,
    rng: np.random.Generator,
) -> tuple[People, People]:
    """Students without a seat: those who find one in another slot of their campus, and the others."""
    left = applicants.people.take(~seated)
    taken = np.bincount(cell[seated], minlength=len(room))
    spare = (room - taken).reshape(shape)
    free = spare[left.campus, left.course] > 0
    tries = rng.random(len(left)) < config.spill
    slot = draw_slots(free * catalogue.nearness[left.slot], rng)
    goes = tries & (slot >= 0)
    mover = left.take(goes)
    mover.slot = slot[goes]
    target = np.ravel_multi_index((mover.campus, mover.course, mover.slot), shape)
    got = _seat(target, rng.random(len(target)), spare.ravel())
    return mover.take(got), join([left.take(~goes), left.take(np.flatnonzero(goes)[~got])])  # fmt: skip
