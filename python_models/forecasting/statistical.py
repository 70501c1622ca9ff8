"""The statistical forecasts of every series at every origin: StatsForecast's models and two references."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import NaNModel

from python_models.forecasting import engine, fallbacks
from python_models.forecasting.cache import Cache
from python_models.forecasting.hierarchy import CELL
from python_models.forecasting.models import (
    LEVEL_MODELS,
    NAIVE,
    REFERENCES,
    SEASONAL_GROWTH,
    SEASONAL_MEAN,
    SEASONAL_NAIVE,
    ModelSpec,
)
from python_models.forecasting.panel import (
    Panel,
    SeriesError,
    build_panel,
    require_columns,
    require_integers,
)

# How many of the last same seasons the reference `media_estacional` averages.
SEASONS_AVERAGED = 3
# A second or two of a worker's time.
SERIES_IN_PIECE = 1000
OUTPUT_COLUMNS = ["indice_origen", "nivel_jerarquia", "unique_id", "h", "modelo", "yhat", "razon"]


@dataclass(frozen=True)
class _Task:
    """The series of one level to forecast at one origin; arrays have one entry (or row) a series.

    values: n x periods up to the origin, NaN before a series began (all NaN: a new one).
    lengths: periods of history. ended: nothing but zeros lately. constant: one value throughout.
    """

    origin: int
    level: str
    unique_id: np.ndarray
    values: np.ndarray
    lengths: np.ndarray
    ended: np.ndarray
    constant: np.ndarray


def forecast_statistics(
    series: pd.DataFrame,
    origins: Sequence[int],
    horizon: int,
    season_length: int,
    candidates: pd.DataFrame | None = None,
    level_models: Mapping[str, tuple[ModelSpec, ...]] = LEVEL_MODELS,
    cache: Cache | None = None,
) -> pd.DataFrame:
    """Forecast every series from every origin with the models of its level.

    series: rows (nivel_jerarquia, unique_id, indice, y), each series dense up to the table's last period.
    origins: the last known period (`indice`) of each forecast; nothing after it is looked at.
    horizon: periods ahead, 1 or more. season_length: periods a year.
    candidates: rows (indice_origen, unique_id): the cells that get a forecast at an origin. Where left out,
    those in play (a student in the last season and one period).
    cache: where the forecasts of earlier runs are kept; none are where it is left out.
    Returns rows (indice_origen, nivel_jerarquia, unique_id, h, modelo, yhat, razon), sorted, yhat finite and
    >= 0; razon is null where the model itself made yhat, else a text from `fallbacks`. The same rows in any
    order give the same result, bit for bit. Raises SeriesError where the series are not as described.
    """
    if horizon < 1 or season_length < 1:
        raise SeriesError(f"horizon and season length must be 1 or more: {horizon}, {season_length}")
    panel = build_panel(series)
    unknown = sorted(set(panel.level) - set(level_models))
    if unknown:
        raise SeriesError(f"series: unknown nivel_jerarquia {unknown}; known are {list(level_models)}")
    wanted = None if candidates is None else _candidate_cells(candidates)
    kept = cache or Cache()
    tasks = [
        task
        for origin in sorted({int(origin) for origin in origins})
        for task in _tasks(
            panel, level_models, origin, season_length, None if wanted is None else wanted.get(origin, set())
        )
    ]
    if not tasks:
        raise SeriesError(f"no series has history at the origins {list(origins)}")
    # Threads don't help: most models hold the interpreter's lock.
    parts = engine.each(
        lambda task, fit: _forecast_task(
            task, _specs(level_models[task.level]), horizon, season_length, kept, fit
        ),
        tasks,
        threads=1,
    )
    return pd.concat(parts, ignore_index=True)


def _specs(own: tuple[ModelSpec, ...]) -> list[ModelSpec | str]:
    """The references first, by name, then the level's own models."""
    return [*REFERENCES, *own]


def _candidate_cells(candidates: pd.DataFrame) -> dict[int, set[str]]:
    require_columns(candidates, ["indice_origen", "unique_id"], "candidates")
    require_integers(candidates, "indice_origen", "candidates")
    origins = candidates["indice_origen"].to_numpy(np.int64)
    return {int(origin): set(candidates.loc[origins == origin, "unique_id"]) for origin in np.unique(origins)}


def _tasks(
    panel: Panel, levels: Iterable[str], origin: int, season_length: int, wanted: set[str] | None
) -> Iterator[_Task]:
    """The levels' series at one origin, in the order of `levels`; those without any are left out."""
    if origin > panel.end:
        raise SeriesError(f"origin {origin} is after the last period of the series, {panel.end}")
    known = panel.values[:, : max(origin - panel.start + 1, 0)]
    lengths = np.maximum(known.shape[1] - panel.first, 0)
    recent = np.nan_to_num(known[:, -(season_length + 1) :])
    in_play = (recent != 0).any(axis=1)
    for level in levels:
        rows = (panel.level == level) & (lengths > 0)
        if level == CELL:
            rows &= in_play if wanted is None else np.isin(panel.unique_id.astype(str), sorted(wanted))
        new = list((wanted or set()) - set(panel.unique_id[rows])) if level == CELL else []
        if not rows.any() and not new:
            continue
        yield _task(origin, level, panel.unique_id[rows], known[rows], lengths[rows], in_play[rows], new)


def _task(
    origin: int,
    level: str,
    unique_id: np.ndarray,
    values: np.ndarray,
    lengths: np.ndarray,
    in_play: np.ndarray,
    new: list[str],
) -> _Task:
    """Put the new cells (without history) behind the series, then sort all by name."""
    ids = np.append(unique_id, np.array(new, dtype=object))
    order = np.argsort(ids, kind="stable")
    values = np.vstack([values, np.full((len(new), values.shape[1]), np.nan)])[order]
    lengths = np.append(lengths, np.zeros(len(new), dtype=lengths.dtype))[order]
    ended = (~np.append(in_play, np.zeros(len(new), dtype=bool)))[order] & (lengths > 0)
    is_last = (values == values[:, -1:]) | np.isnan(values) if values.size else np.isnan(values)
    return _Task(origin, level, ids[order], values, lengths, ended, is_last.all(axis=1) & (lengths > 0))


def _forecast_task(
    task: _Task,
    specs: list[ModelSpec | str],
    horizon: int,
    season_length: int,
    cache: Cache,
    fit: engine.Fit,
) -> pd.DataFrame:
    """The rows of all models for a task, one model after the other; read where an earlier run made them."""
    names = [spec if isinstance(spec, str) else spec.name for spec in specs]
    inputs = [task.origin, task.level, task.unique_id.tolist(), task.values, task.lengths]
    return cache.get(
        [*inputs, task.ended, task.constant, names, horizon, season_length],
        lambda: _of_pieces(
            fit(_forecast_models, [(piece, specs, horizon, season_length) for piece in _pieces(task)])
        ),
    )


def _pieces(task: _Task) -> Iterator[_Task]:
    """The task in parts that workers can share: a series is forecast for itself alone."""
    for start in range(0, len(task.unique_id), SERIES_IN_PIECE):
        part = slice(start, start + SERIES_IN_PIECE)
        yield _Task(
            task.origin,
            task.level,
            task.unique_id[part],
            task.values[part],
            task.lengths[part],
            task.ended[part],
            task.constant[part],
        )


def _of_pieces(made: list[list[pd.DataFrame]]) -> pd.DataFrame:
    """The rows of all pieces, each with a frame of every model: one model after the other."""
    return pd.concat([frame for of_model in zip(*made, strict=True) for frame in of_model], ignore_index=True)


def _forecast_models(
    task: _Task, specs: list[ModelSpec | str], horizon: int, season_length: int
) -> list[pd.DataFrame]:
    """The rows of each model."""
    return [_forecast_model(task, spec, horizon, season_length) for spec in specs]


def _forecast_model(task: _Task, spec: ModelSpec | str, horizon: int, season_length: int) -> pd.DataFrame:
    """One model's rows for all series of a task, fallbacks applied."""
    name = spec if isinstance(spec, str) else spec.name
    last = fallbacks.naive(task.values, horizon)
    razon = np.full(last.shape, None, dtype=object)
    if isinstance(spec, str):
        # A cell that was not held yet had nobody; a campus that was not open yet says nothing of its seasons.
        values = np.nan_to_num(task.values) if task.level == CELL else task.values
        yhat = _reference(name, values, horizon, season_length, last)
        unknown = np.isnan(yhat)
        fallbacks.apply_mask(fallbacks.NEW_SEASON, name, yhat, razon, unknown, NAIVE, last)
    else:
        yhat = _fit_or_fall_back(task, spec, horizon, season_length, last, razon)
    zeros = np.zeros_like(last)
    fallbacks.apply_mask(fallbacks.NEW, name, yhat, razon, task.lengths == 0, fallbacks.ZERO, zeros)
    fallbacks.guard(name, yhat, razon, last)
    return _rows(task, name, yhat, razon)


def _reference(
    name: str, values: np.ndarray, horizon: int, season_length: int, last: np.ndarray
) -> np.ndarray:
    """A reference's forecasts, n x horizon; NaN where no period of the season is known."""
    if name == NAIVE:
        return last.copy()
    newest = fallbacks.seasonal_mean(values, horizon, season_length, 1)
    if name == SEASONAL_NAIVE:
        return newest
    if name == SEASONAL_MEAN:
        return fallbacks.seasonal_mean(values, horizon, season_length, SEASONS_AVERAGED)
    assert name == SEASONAL_GROWTH
    return newest * fallbacks.growth(values, season_length)


def _fit_or_fall_back(
    task: _Task, spec: ModelSpec, horizon: int, season_length: int, last: np.ndarray, razon: np.ndarray
) -> np.ndarray:
    """Fit the series that the model suits; the others get what their cause says (the last cause rules)."""
    short = task.lengths < spec.min_length
    fitted = ~short & ~task.constant & ~task.ended
    yhat = np.full(last.shape, np.nan)
    yhat[fitted] = _fit(task.values[fitted], spec, horizon, season_length)
    fallbacks.apply_mask(fallbacks.CONSTANT, spec.name, yhat, razon, task.constant, NAIVE, last)
    season = fallbacks.seasonal_mean(task.values, horizon, season_length, 1)
    fallbacks.apply_short(spec.name, yhat, razon, task.lengths, spec.min_length, season, last)
    zeros = np.zeros_like(last)
    fallbacks.apply_mask(fallbacks.ENDED, spec.name, yhat, razon, task.ended, fallbacks.ZERO, zeros)
    return yhat


def _fit(values: np.ndarray, spec: ModelSpec, horizon: int, season_length: int) -> np.ndarray:
    """StatsForecast on the rows of `values`; NaN for a series on which the model raises.

    One process: the sparse models take microseconds a series, and forking a process that holds a DuckDB
    connection is unsafe.
    """
    if not len(values):
        return np.empty((0, horizon))
    row, column = np.nonzero(~np.isnan(values))
    frame = pd.DataFrame({"unique_id": row, "ds": column, "y": values[row, column]})
    runner = StatsForecast(models=[spec.make(season_length)], freq=1, n_jobs=1, fallback_model=NaNModel())
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        result = runner.forecast(h=horizon, df=frame)
    return result.drop(columns=["unique_id", "ds"]).to_numpy().reshape(len(values), horizon)


def _rows(task: _Task, name: str, yhat: np.ndarray, razon: np.ndarray) -> pd.DataFrame:
    n, horizon = yhat.shape
    return pd.DataFrame(
        {
            "indice_origen": task.origin,
            "nivel_jerarquia": task.level,
            "unique_id": np.repeat(task.unique_id, horizon),
            "h": np.tile(np.arange(1, horizon + 1), n),
            "modelo": name,
            "yhat": yhat.ravel(),
            # StringDtype: an all-null column of objects would become INTEGER in DuckDB.
            "razon": pd.array(razon.ravel(), dtype="string"),
        },
        columns=OUTPUT_COLUMNS,
    )
