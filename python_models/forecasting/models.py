"""Which StatsForecast models are fitted at which level of the hierarchy."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from statsforecast.models import (
    ADIDA,
    IMAPA,
    TSB,
    AutoETS,
    CrostonSBA,
    DynamicOptimizedTheta,
    WindowAverage,
)

# Every level has these beside its own models: whoever has no model at all would forecast so.
NAIVE = "naive"
SEASONAL_NAIVE = "naive_estacional"
SEASONAL_MEAN = "media_estacional"
SEASONAL_GROWTH = "estacional_con_crecimiento"
REFERENCES = (NAIVE, SEASONAL_NAIVE, SEASONAL_MEAN, SEASONAL_GROWTH)


@dataclass(frozen=True)
class ModelSpec:
    """A StatsForecast model: its name in the tables, how to make it, the fewest periods it needs.

    make: takes the season's length in periods and returns a StatsForecast model.
    min_length: below it the model raises, gives NaN or estimates nothing; the series falls back instead.
    """

    name: str
    make: Callable[[int], Any]
    min_length: int


# Season and error type are chosen by AICc; trend is left out: on 41 months the trended forms (ZZZ) take four
# times as long and are no better at h = 1 (docs/forecast.md).
AUTO_ETS = ModelSpec("auto_ets", lambda season: AutoETS(season_length=season, model="ZNZ"), 8)
THETA_OPTIMIZED = ModelSpec("theta_optimizada", lambda season: DynamicOptimizedTheta(season_length=season), 6)
WINDOW_3 = ModelSpec("media_movil_3", lambda _: WindowAverage(window_size=3), 3)
CROSTON = ModelSpec("croston_sba", lambda _: CrostonSBA(), 2)
TSB_FIXED = ModelSpec("tsb", lambda _: TSB(alpha_d=0.2, alpha_p=0.2), 2)
ADIDA_AUTO = ModelSpec("adida", lambda _: ADIDA(), 2)
IMAPA_AUTO = ModelSpec("imapa", lambda _: IMAPA(), 2)

# From a few smooth series to thousands of sparse ones: what a model costs decides as much as what it gives.
LEVEL_MODELS: dict[str, tuple[ModelSpec, ...]] = {
    "total": (AUTO_ETS, THETA_OPTIMIZED, WINDOW_3),
    "sede": (AUTO_ETS, THETA_OPTIMIZED, WINDOW_3),
    "sede_programa": (AUTO_ETS, THETA_OPTIMIZED, WINDOW_3),
    "sede_curso": (ADIDA_AUTO, WINDOW_3),
    "sede_horario": (AUTO_ETS, THETA_OPTIMIZED, WINDOW_3),
    "celda": (TSB_FIXED, CROSTON, ADIDA_AUTO, IMAPA_AUTO, WINDOW_3),
}
