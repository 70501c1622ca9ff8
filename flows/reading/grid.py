"""The heading in a grid of cells, be it a text file's or a workbook's, and what its columns are called."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

HEADING_ROWS = 20
# Rows below a heading by which a second row of it is told from data.
_ROWS_BELOW = 5
_LIKE_DATA = re.compile(r"[-+]?\d[\d.,:/ -]*")

Row = Sequence[str]


@dataclass(frozen=True)
class Heading:
    """Where a heading begins and ends, rows counted from 0, and the text above each column ('' for none)."""

    first: int
    last: int
    texts: tuple[str, ...]


def heading(rows: Sequence[Row], asked: int | None = None) -> Heading | None:
    """The heading: the row that is asked for, or else the first that fills half of the columns that the
    fullest of the first rows does (a title above it has a cell or two). None where all is empty.

    A second row that names the columns below merged cells is part of it.
    """
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    if asked is None:
        most = max(filled[:HEADING_ROWS], default=0)
        least = max(most / 2, 2 if most > 1 else 1)
        first = next((number for number, size in enumerate(filled) if size >= least), None)
    else:
        first = asked if asked < len(rows) and filled[asked] else None
    if first is None:
        return None
    if asked is None and first and filled[first - 1] > 1 and _is_upper(rows, first - 1):
        first -= 1
    if _has_second(rows, first):
        return Heading(first, first + 1, _joined(rows[first], rows[first + 1]))
    return Heading(first, first, tuple(cell.strip() for cell in rows[first]))


def column_names(texts: Sequence[str]) -> list[str]:
    """What the columns are called: one without a heading after its place (and left out), one whose heading
    is another's too after both, so that no one of them is taken for the other."""
    often = _often(texts)
    names: list[str] = []
    for place, text in enumerate(texts, 1):
        name = text.strip() or f"sin_nombre_{place}"
        if _key(text) in often:
            name = f"{name}_{place}"
        while name.lower() in {taken.lower() for taken in names}:
            name = f"{name}_"
        names.append(name)
    return names


def repeated(texts: Sequence[str]) -> dict[str, list[int]]:
    """The headings that are there more than once, in any case: the places of each, from 1."""
    often = _often(texts)
    places: dict[str, list[int]] = {}
    for place, text in enumerate(texts, 1):
        key = _key(text)
        if key in often:
            places.setdefault(key, []).append(place)
    return places


def _key(text: str) -> str:
    return " ".join(text.split()).lower()


def _often(texts: Sequence[str]) -> set[str]:
    keys = [_key(text) for text in texts]
    return {key for key in keys if key and keys.count(key) > 1}


def _has_second(rows: Sequence[Row], first: int) -> bool:
    if first + 1 >= len(rows):
        return False
    above, below = rows[first], rows[first + 1]
    named = [place for place, cell in enumerate(above) if cell.strip()]
    gaps = [
        place
        for place, cell in enumerate(below)
        if cell.strip() and not (place < len(above) and above[place].strip()) and place > named[0]
    ]
    if not gaps or any(_LIKE_DATA.fullmatch(cell.strip()) for cell in below):
        return False
    data = rows[first + 2 : first + 2 + _ROWS_BELOW]
    return any(_LIKE_DATA.fullmatch(cell.strip()) for row in data for cell in row)


def _is_upper(rows: Sequence[Row], above: int) -> bool:
    """Whether that row is the upper one of a heading: it names columns that the lower one leaves empty."""
    upper, lower, *data = rows[above : above + 2 + _ROWS_BELOW]
    named = [place for place, cell in enumerate(upper) if cell.strip()]
    alone = [place for place in named if not "".join(lower[place : place + 1]).strip()]
    has_data = any(row[place].strip() for place in alone for row in data if place < len(row))
    return has_data and _has_second(rows, above)


def _joined(above: Row, below: Row) -> tuple[str, ...]:
    width = max(len(above), len(below))
    upper = [cell.strip() for cell in [*above, *[""] * (width - len(above))]]
    lower = [cell.strip() for cell in [*below, *[""] * (width - len(below))]]
    group = ""
    groups = []
    for text in upper:
        group = text or group
        groups.append(group)
    texts = [under or over for over, under in zip(upper, lower, strict=True)]
    often = _often(texts)
    return tuple(
        f"{over} {text}".strip() if under and text.lower() in often else text
        for over, under, text in zip(groups, lower, texts, strict=True)
    )
