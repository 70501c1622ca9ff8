"""The hierarchy's series as one dense matrix, checked on the way in."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

KEY = ["nivel_jerarquia", "unique_id"]
SERIES_COLUMNS = [*KEY, "indice", "y"]


class SeriesError(ValueError):
    """The series are not what the forecast step needs; the message names the series and the place."""


@dataclass(frozen=True)
class Panel:
    """All series on one time axis, sorted by (nivel_jerarquia, unique_id).

    level, unique_id: str arrays of length n. first: position of each series' first period, int, length n.
    values: float64, n x periods; NaN before a series' first period and nowhere else.
    start: `indice` of the first column.
    """

    level: np.ndarray
    unique_id: np.ndarray
    first: np.ndarray
    values: np.ndarray
    start: int

    @property
    def end(self) -> int:
        """`indice` of the last column."""
        return self.start + self.values.shape[1] - 1


def require_columns(frame: pd.DataFrame, columns: list[str], name: str) -> None:
    """Raise SeriesError when `frame` lacks one of `columns`."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise SeriesError(f"{name}: missing columns {missing}; it has {list(frame.columns)}")


def require_integers(frame: pd.DataFrame, column: str, name: str) -> None:
    """Raise SeriesError when `column` holds anything but integers (a null makes pandas read floats)."""
    if frame[column].isna().any():
        row = frame[frame[column].isna()].iloc[0]
        raise SeriesError(f"{name}: {column} is null in the row {row.to_dict()}")
    if not pd.api.types.is_integer_dtype(frame[column]):
        raise SeriesError(f"{name}: {column} must be an integer, it is {frame[column].dtype}")


def build_panel(series: pd.DataFrame) -> Panel:
    """Build the panel from rows (nivel_jerarquia, unique_id, indice, y), in any order.

    Every series must be dense from its first period to the last period of the table: StatsForecast takes
    gaps in silence and forecasts each series from its own last row. Raises SeriesError that names the first
    series with a gap, a duplicate, an early end or a value that is no number.
    """
    require_columns(series, SERIES_COLUMNS, "series")
    if series.empty:
        raise SeriesError("series: no rows; there is nothing to forecast from")
    if series[KEY].isna().any(axis=None):
        raise SeriesError("series: nivel_jerarquia or unique_id is null")
    require_integers(series, "indice", "series")
    ordered = series[SERIES_COLUMNS].sort_values([*KEY, "indice"], kind="stable", ignore_index=True)
    level = ordered["nivel_jerarquia"].to_numpy(dtype=object)
    unique_id = ordered["unique_id"].to_numpy(dtype=object)
    indice = ordered["indice"].to_numpy(dtype=np.int64)
    y = ordered["y"].to_numpy(dtype=np.float64, na_value=np.nan)

    is_first = np.ones(len(ordered), dtype=bool)
    is_first[1:] = (level[1:] != level[:-1]) | (unique_id[1:] != unique_id[:-1])
    start, end = int(indice.min()), int(indice.max())
    _check_dense(level, unique_id, indice, is_first, end)
    _check_finite(level, unique_id, indice, y)

    row = np.cumsum(is_first) - 1
    values = np.full((int(row[-1]) + 1, end - start + 1), np.nan)
    values[row, indice - start] = y
    return Panel(level[is_first], unique_id[is_first], indice[is_first] - start, values, start)


def _check_dense(
    level: np.ndarray, unique_id: np.ndarray, indice: np.ndarray, is_first: np.ndarray, end: int
) -> None:
    step = np.diff(indice, prepend=indice[0])
    broken = np.flatnonzero(~is_first & (step != 1))
    if broken.size:
        i = int(broken[0])
        series = f"series {level[i]} '{unique_id[i]}'"
        if step[i] == 0:
            raise SeriesError(f"{series}: two rows for indice {indice[i]}")
        here, next_one = indice[i - 1], indice[i]
        raise SeriesError(
            f"{series}: gap, no row for indice {here + 1} (it has {here}, then {next_one}); it must be dense"
        )
    last = np.append(is_first[1:], True)
    early = np.flatnonzero(last & (indice != end))
    if early.size:
        i = int(early[0])
        raise SeriesError(
            f"series {level[i]} '{unique_id[i]}': gap, it ends at indice {indice[i]} and the table at {end}; "
            "it must be dense, with zeros after its last student"
        )


def _check_finite(level: np.ndarray, unique_id: np.ndarray, indice: np.ndarray, y: np.ndarray) -> None:
    wrong = np.flatnonzero(~np.isfinite(y))
    if wrong.size:
        i = int(wrong[0])
        raise SeriesError(f"series {level[i]} '{unique_id[i]}': y is {y[i]} at indice {indice[i]}")
