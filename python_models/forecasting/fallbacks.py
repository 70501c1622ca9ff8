"""What a series gets when a model does not suit it, and the reason that the tables show for it.

The reasons are data: `<cause>: <model> -> <what was used>`, with these causes only.
"""

import numpy as np

from python_models.forecasting.models import NAIVE, SEASONAL_NAIVE

NEW = "serie nueva"  # no history at the origin
ENDED = "serie terminada"  # nothing but zeros in the last season and one period
CONSTANT = "serie constante"
NEW_SEASON = "estacion desconocida"  # no period of the season was seen yet
SHORT = "serie corta"  # followed by (length < needed)
NO_RESULT = "sin resultado"  # the model raised, or gave NaN or infinity
NEGATIVE = "valor negativo"
ZERO = "cero"


def reason(cause: str, model: str, used: str) -> str:
    """The text of a fallback, e.g. 'serie corta (4 < 12): naive_estacional -> naive'."""
    return f"{cause}: {model} -> {used}"


def naive(values: np.ndarray, horizon: int) -> np.ndarray:
    """Each series' last value, n x horizon; 0 where it has none. values: n x periods, NaN before a series."""
    if values.shape[1] == 0:
        return np.zeros((values.shape[0], horizon))
    return np.repeat(np.nan_to_num(values[:, -1:]), horizon, axis=1)


def same_seasons(values: np.ndarray, step: int, season_length: int, most: int) -> np.ndarray:
    """The newest `most` values of the season that is `step` periods (from 0) behind the next, newest first.

    values: n x periods; returns n x (0 to most).
    """
    newest = values.shape[1] - (season_length - step % season_length)
    return (
        values[:, newest : -values.shape[1] - 1 : -season_length][:, :most] if newest >= 0 else values[:, :0]
    )


def seasonal_mean(values: np.ndarray, horizon: int, season_length: int, cycles: int) -> np.ndarray:
    """Each series' mean over the last known `cycles` periods of the season, n x horizon; NaN where none is.

    values: n x periods, NaN before a series.
    """
    out = np.full((values.shape[0], horizon), np.nan)
    for step in range(horizon):
        seasons = same_seasons(values, step, season_length, cycles)
        known = (~np.isnan(seasons)).sum(axis=1)
        np.divide(np.nansum(seasons, axis=1), known, out=out[:, step], where=known > 0)
    return out


def growth(values: np.ndarray, season_length: int) -> np.ndarray:
    """How much each series has grown over a cycle, n x 1; 1 where it can't be said.

    The last cycle is compared with the same periods of the one before, as far as they are known. A part of a
    cycle counts as much less (in logarithms), and no growth goes beyond 2. values: n x periods, NaN before a
    series.
    """
    pairs = min(season_length, values.shape[1] - season_length)
    if pairs < 1:
        return np.ones((values.shape[0], 1))
    now, before = values[:, -pairs:], values[:, -pairs - season_length :][:, :pairs]
    known = ~np.isnan(before)
    late, early = np.where(known, now, 0).sum(axis=1), np.nansum(before, axis=1)
    ratio = np.divide(late, early, out=np.ones_like(late), where=(late > 0) & (early > 0))
    return (np.clip(ratio, 0.5, 2) ** (known.sum(axis=1) / season_length))[:, None]


def apply_short(
    model: str,
    yhat: np.ndarray,
    razon: np.ndarray,
    lengths: np.ndarray,
    needed: int,
    season: np.ndarray,
    last: np.ndarray,
) -> None:
    """Give series shorter than `needed` the same season's value, or their last, in place.

    All arrays have a row a series; season is NaN where no period of the season is known.
    """
    known = ~np.isnan(season)
    for length in np.unique(lengths[(lengths > 0) & (lengths < needed)]):
        rows = np.broadcast_to((lengths == length)[:, None], yhat.shape)
        cause = f"{SHORT} ({length} < {needed})"
        apply_mask(cause, model, yhat, razon, rows & known, SEASONAL_NAIVE, season)
        apply_mask(cause, model, yhat, razon, rows & ~known, NAIVE, last)


def apply_mask(
    cause: str,
    model: str,
    yhat: np.ndarray,
    razon: np.ndarray,
    mask: np.ndarray,
    used: str,
    value: np.ndarray,
) -> None:
    """Put `value` (same shape as yhat) and its reason where `mask` (of series or of single steps) is true."""
    yhat[mask] = value[mask]
    razon[mask] = reason(cause, model, used)


def guard(model: str, yhat: np.ndarray, razon: np.ndarray, last: np.ndarray) -> None:
    """Let no NaN, infinity or negative out: the last value for the former, 0 for the latter, in place."""
    apply_mask(NO_RESULT, model, yhat, razon, ~np.isfinite(yhat).all(axis=1), NAIVE, last)
    apply_mask(NEGATIVE, model, yhat, razon, yhat < 0, ZERO, np.zeros_like(yhat))
