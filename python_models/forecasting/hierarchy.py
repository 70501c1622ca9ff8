"""The hierarchy of the forecasts: which cells each upper series sums."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

CELL = "celda"


class HierarchyError(ValueError):
    """The hierarchy or the forecasts on it are inconsistent; the message names the node."""


@dataclass(frozen=True)
class Hierarchy:
    """The nodes and how they sum.

    level, unique_id: str arrays of the n nodes: the upper ones level by level and by name, then the cells.
    summing: n x cells CSR matrix of 0 and 1; node values = summing @ cell values.
    """

    level: np.ndarray
    unique_id: np.ndarray
    summing: sparse.csr_matrix

    @property
    def n_cells(self) -> int:
        """Number of bottom nodes: the last rows of `summing`, an identity."""
        return int(self.summing.shape[1])


def check_jerarquia(jerarquia: pd.DataFrame) -> pd.DataFrame:
    """Return `jerarquia` sorted by cell, indexed by it: a column a level above the cell, from the top down.

    Raises HierarchyError on a missing column, a null or a cell that appears twice.
    """
    if "unique_id" not in jerarquia.columns or len(jerarquia.columns) == 1:
        raise HierarchyError(
            f"jerarquia: unique_id and levels above it are needed; it has {list(jerarquia.columns)}"
        )
    nodes = jerarquia
    if nodes.isna().any(axis=None):
        row = nodes[nodes.isna().any(axis=1)].iloc[0]
        raise HierarchyError(f"jerarquia: {list(row[row.isna()].index)} null for cell '{row['unique_id']}'")
    repeated = nodes["unique_id"].duplicated()
    if repeated.any():
        raise HierarchyError(f"jerarquia: cell '{nodes.loc[repeated, 'unique_id'].iloc[0]}' appears twice")
    return nodes.set_index("unique_id").sort_index()


def build_hierarchy(nodes: pd.DataFrame) -> Hierarchy:
    """Build the hierarchy above the cells of `nodes` (rows of `check_jerarquia`'s answer, one or more)."""
    cells = nodes.index.to_numpy(dtype=object)
    if not len(cells):
        raise HierarchyError("hierarchy: no cells")
    levels, names, parents = [], [], []
    offset = 0
    for level in nodes.columns:
        level_names, parent = np.unique(nodes[level].to_numpy(dtype=object), return_inverse=True)
        levels += [level] * len(level_names)
        names += list(level_names)
        parents.append(parent + offset)
        offset += len(level_names)
    parents.append(np.arange(len(cells)) + offset)
    row = np.concatenate(parents)
    column = np.tile(np.arange(len(cells)), len(nodes.columns) + 1)
    summing = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(offset + len(cells), len(cells)))
    return Hierarchy(
        np.array([*levels, *[CELL] * len(cells)], dtype=object),
        np.array([*names, *cells], dtype=object),
        summing,
    )
