"""What a series gets when a model does not suit it, and the reason that the tables show for it.

The reasons are data: `<cause>: <model> -> <what was used>`, with these causes only.
"""

import numpy as np

from python_models.forecasting.models import NAIVE

NEW = "serie nueva"  # no history at the origin
ENDED = "serie terminada"  # nothing but zeros in the last season and one period
CONSTANT = "serie constante"
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


def seasonal_naive(values: np.ndarray, horizon: int, season_length: int) -> np.ndarray:
    """Each series' value of the same season a year before, n x horizon; NaN where it did not exist yet."""
    out = np.full((values.shape[0], horizon), np.nan)
    for step in range(horizon):
        back = season_length - step % season_length
        if back <= values.shape[1]:
            out[:, step] = values[:, -back]
    return out


def apply_short(
    model: str, yhat: np.ndarray, razon: np.ndarray, lengths: np.ndarray, needed: int, last: np.ndarray
) -> None:
    """Give series shorter than `needed` their last value, in place. All arrays have a row a series."""
    for length in np.unique(lengths[(lengths > 0) & (lengths < needed)]):
        rows = lengths == length
        yhat[rows] = last[rows]
        razon[rows] = reason(f"{SHORT} ({length} < {needed})", model, NAIVE)


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
