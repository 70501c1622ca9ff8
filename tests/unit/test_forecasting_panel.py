"""The series are refused unless dense: a gap would shift a forecast in silence."""

import numpy as np
import pandas as pd
import pytest

from python_models.forecasting.panel import SeriesError, build_panel


def rows(unique_id: str, values: list[float], start: int = 1, level: str = "celda") -> pd.DataFrame:
    indice = range(start, start + len(values))
    return pd.DataFrame({"nivel_jerarquia": level, "unique_id": unique_id, "indice": indice, "y": values})


def test_series_that_begin_later_are_empty_before() -> None:
    panel = build_panel(pd.concat([rows("b", [4.0, 5.0], start=2), rows("a", [1.0, 2.0, 3.0])]))
    assert panel.unique_id.tolist() == ["a", "b"]
    assert (panel.start, panel.end, panel.first.tolist()) == (1, 3, [0, 1])
    np.testing.assert_array_equal(panel.values, [[1, 2, 3], [np.nan, 4, 5]])


def test_gap_is_an_error_that_names_series_and_gap() -> None:
    gappy = rows("S1/A/08", [1.0, 2.0, 3.0, 4.0]).drop(index=1)
    with pytest.raises(SeriesError, match=r"celda 'S1/A/08': gap, no row for indice 2 \(it has 1, then 3\)"):
        build_panel(gappy)


def test_duplicate_is_an_error() -> None:
    twice = pd.concat([rows("x", [1.0, 2.0]), rows("x", [9.0], start=2)])
    with pytest.raises(SeriesError, match="celda 'x': two rows for indice 2"):
        build_panel(twice)


def test_same_name_at_two_levels_is_no_duplicate() -> None:
    panel = build_panel(pd.concat([rows("x", [1.0], level="sede"), rows("x", [1.0], level="total")]))
    assert panel.level.tolist() == ["sede", "total"]


def test_series_that_ends_before_the_table_is_an_error() -> None:
    with pytest.raises(SeriesError, match="celda 'b': gap, it ends at indice 2 and the table at 3"):
        build_panel(pd.concat([rows("a", [1.0, 2.0, 3.0]), rows("b", [1.0, 2.0])]))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_value_that_is_no_number_is_an_error(value: float) -> None:
    with pytest.raises(SeriesError, match=r"celda 'a': y is (nan|inf) at indice 2"):
        build_panel(rows("a", [1.0, value]))


def test_period_that_is_no_integer_is_an_error() -> None:
    with pytest.raises(SeriesError, match="indice must be an integer, it is float64"):
        build_panel(rows("a", [1.0, 2.0]).astype({"indice": float}))


def test_null_period_is_an_error() -> None:
    broken = rows("a", [1.0, 2.0])
    with pytest.raises(SeriesError, match=r"indice is null in the row .*'a'"):
        build_panel(broken.assign(indice=[1.0, np.nan]))


def test_no_rows_and_no_columns_are_errors() -> None:
    with pytest.raises(SeriesError, match="no rows"):
        build_panel(rows("a", []))
    with pytest.raises(SeriesError, match=r"missing columns \['y'\]"):
        build_panel(rows("a", [1.0]).drop(columns="y"))
