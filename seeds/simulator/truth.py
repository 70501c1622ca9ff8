"""The true expected students of every cell, given all that was so at the origin of a forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from seeds.simulator.catalogue import SLOTS, Catalogue, Floats
from seeds.simulator.config import Config, period_of
from seeds.simulator.students import Traits, World, copies_of
from seeds.simulator.timetable import Outcome, step

HORIZON = 3
SMALLEST = 0.1  # expected students below which a cell that did not happen is left out
BATCH = 2_000_000  # students that are moved at once


def expected_students(
    world: World, traits: Traits, t: int, config: Config, catalogue: Catalogue, rng: np.random.Generator
) -> Floats:
    """Mean students [HORIZON, E, C, S] over many futures of the world as it was after period index t.

    Capacity, minimums and the spill between slots make the expectation no closed formula; a mean of
    128 futures misses it by a fifth of a student in a typical cell.
    """
    batch = max(1, min(config.replicas, BATCH // (len(world.active) + len(world.paused) + 1)))
    shape = (-1, catalogue.n_campuses, catalogue.n_courses, catalogue.n_slots)
    total = np.zeros((HORIZON, *shape[1:]))
    done = 0
    while done < config.replicas:
        n = min(batch, config.replicas - done)
        futures = copies_of(world, catalogue, n)
        for h in range(HORIZON):
            outcome = step(futures, traits, t + h + 1, config, catalogue, rng)
            total[h] += outcome.students.reshape(shape).sum(axis=0)
        done += n
    return total / config.replicas


def truth_table(
    worlds: dict[int, World], traits: Traits, outcomes: list[Outcome], config: Config, catalogue: Catalogue
) -> pd.DataFrame:
    """Expected and realised students of the cells, for every origin (period index -> world after it)."""
    parts = []
    for t, world in worlds.items():
        rng = np.random.default_rng([config.seed, 3, t])
        expected = expected_students(replace(world), traits, t, config, catalogue, rng)
        for h in range(1, HORIZON + 1):
            realised = outcomes[t + h].students
            cells = np.nonzero((expected[h - 1] >= SMALLEST) | (realised > 0))
            parts.append(
                pd.DataFrame(
                    {
                        "periodo_origen": period_of(t),
                        "periodo": period_of(t + h),
                        "h": h,
                        "sede": np.array(config.campus_names)[cells[0]],
                        "curso_actual": np.array([c.code for c in catalogue.courses])[cells[1]],
                        "horario_actual": np.array([s.code for s in SLOTS])[cells[2]],
                        "esperado": expected[h - 1][cells].round(3),
                        "realizado": realised[cells],
                    }
                )
            )
    frame = pd.concat(parts, ignore_index=True)
    return frame.astype(dict.fromkeys(("periodo_origen", "periodo", "h", "realizado"), "int32"))
