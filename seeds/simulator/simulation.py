"""One institute from its parameters: the raw tables and the truth behind them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from seeds.simulator import tables
from seeds.simulator.catalogue import Catalogue
from seeds.simulator.config import Config
from seeds.simulator.mess import programacion
from seeds.simulator.students import draw_traits, opening_population
from seeds.simulator.timetable import step
from seeds.simulator.truth import truth_table


def simulate(config: Config) -> tuple[dict[str, pd.DataFrame], pd.DataFrame | None]:
    """The raw tables by name, and the truth (None with `config.replicas` 0).

    The simulation runs `config.hidden` periods past the end of the data: they are realised in the truth only.
    """
    catalogue = Catalogue(config)
    rng = np.random.default_rng([config.seed, 1])
    traits = draw_traits(config, catalogue, rng)
    world = opening_population(config, catalogue, rng)
    outcomes, worlds = [], {}
    for t in range(-config.run_up, config.periods + config.hidden):
        outcome = step(world, traits, t, config, catalogue, rng)
        if t >= 0:
            outcomes.append(outcome)
        if config.periods - 1 - config.origins <= t < config.periods:
            worlds[t] = replace(world)
    mess_rng = np.random.default_rng([config.seed, 2])
    raw = {
        "programacion": programacion(outcomes[: config.periods], config, catalogue, mess_rng),
        "cursos": tables.cursos(catalogue),
        "equivalencia_cursos": tables.equivalencia_cursos(catalogue),
        "horarios": tables.horarios(),
        "sedes": tables.sedes(config, catalogue),
        "minimos_apertura": tables.minimos_apertura(config),
        "vacantes_estandar": tables.vacantes_estandar(config, catalogue),
        "calendario": tables.calendario(config),
    }
    truth = truth_table(worlds, traits, outcomes, config, catalogue) if config.replicas else None
    return raw, truth
