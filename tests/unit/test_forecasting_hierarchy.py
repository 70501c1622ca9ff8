"""The hierarchy sums each cell into one node of every level, courses and slots crossed."""

import numpy as np
import pandas as pd
import pytest

from python_models.forecasting.hierarchy import HierarchyError, build_hierarchy, check_jerarquia


def jerarquia(cells: list[str]) -> pd.DataFrame:
    """Rows for cells 'SEDE/CURSO/HORARIO'; the programme is the course's first letter."""
    parts = [cell.split("/") for cell in cells]
    return pd.DataFrame(
        {
            "unique_id": cells,
            "total": "total",
            "sede": [sede for sede, _, _ in parts],
            "sede_programa": [f"{sede}/{curso[0]}" for sede, curso, _ in parts],
            "sede_curso": [f"{sede}/{curso}" for sede, curso, _ in parts],
            "sede_horario": [f"{sede}/{horario}" for sede, _, horario in parts],
        }
    )


CELLS = ["S2/A1/08", "S1/A2/08", "S1/A1/10", "S1/A1/08", "S1/B1/10"]


def test_nodes_are_ordered_and_sum_their_own_cells() -> None:
    hierarchy = build_hierarchy(check_jerarquia(jerarquia(CELLS)))
    nodes = [f"{level} {name}" for level, name in zip(hierarchy.level, hierarchy.unique_id, strict=True)]
    # Cells, by name: S1/A1/08, S1/A1/10, S1/A2/08, S1/B1/10, S2/A1/08.
    expected = {
        "total total": [1, 1, 1, 1, 1],
        "sede S1": [1, 1, 1, 1, 0],
        "sede S2": [0, 0, 0, 0, 1],
        "sede_programa S1/A": [1, 1, 1, 0, 0],
        "sede_programa S1/B": [0, 0, 0, 1, 0],
        "sede_programa S2/A": [0, 0, 0, 0, 1],
        "sede_curso S1/A1": [1, 1, 0, 0, 0],
        "sede_curso S1/A2": [0, 0, 1, 0, 0],
        "sede_curso S1/B1": [0, 0, 0, 1, 0],
        "sede_curso S2/A1": [0, 0, 0, 0, 1],
        "sede_horario S1/08": [1, 0, 1, 0, 0],
        "sede_horario S1/10": [0, 1, 0, 1, 0],
        "sede_horario S2/08": [0, 0, 0, 0, 1],
    }
    assert nodes == [*expected, *[f"celda {cell}" for cell in sorted(CELLS)]]
    np.testing.assert_array_equal(hierarchy.summing.toarray(), [*expected.values(), *np.eye(5)])


def test_order_of_rows_does_not_matter() -> None:
    one = build_hierarchy(check_jerarquia(jerarquia(CELLS)))
    other = build_hierarchy(check_jerarquia(jerarquia(CELLS[::-1])))
    assert one.unique_id.tolist() == other.unique_id.tolist()
    assert (one.summing != other.summing).nnz == 0


def test_one_cell_has_a_node_at_every_level() -> None:
    hierarchy = build_hierarchy(check_jerarquia(jerarquia(["S1/A1/08"])))
    np.testing.assert_array_equal(hierarchy.summing.toarray(), np.ones((6, 1)))


def test_cell_that_appears_twice_is_an_error() -> None:
    with pytest.raises(HierarchyError, match="cell 'S1/A1/08' appears twice"):
        check_jerarquia(jerarquia([*CELLS, "S1/A1/08"]))


def test_null_parent_is_an_error() -> None:
    broken = jerarquia(CELLS)
    broken.loc[2, "sede_programa"] = None
    with pytest.raises(HierarchyError, match=r"\['sede_programa'\] null for cell 'S1/A1/10'"):
        check_jerarquia(broken)


def test_missing_column_and_no_cells_are_errors() -> None:
    with pytest.raises(HierarchyError, match=r"unique_id and levels above it are needed; it has \['total'"):
        check_jerarquia(jerarquia(CELLS).drop(columns="unique_id"))
    with pytest.raises(HierarchyError, match=r"it has \['unique_id'\]"):
        check_jerarquia(jerarquia(CELLS)[["unique_id"]])
    with pytest.raises(HierarchyError, match="no cells"):
        build_hierarchy(check_jerarquia(jerarquia([])))
