"""Workbooks of any make (.xlsx, .xlsm, .xlsb, .xls, .ods): a sheet as rows of texts, as a person reads it."""

import contextlib
import datetime as dt
import io
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from flows.reading import grid

ENDINGS = ("xlsx", "xlsm", "xlsb", "xls", "ods")


class NoHeadingError(ValueError):
    """A sheet in which nothing looks like a heading."""


@dataclass(frozen=True)
class Sheet:
    """A sheet: its heading and the row that this begins in, its rows with the sheet's own numbers, from 1."""

    heading: tuple[str, ...]
    heading_row: int
    rows: list[tuple[int, list[str]]]

    @property
    def columns(self) -> list[str]:
        """What its columns are called."""
        return grid.column_names(self.heading)


def read(content: bytes, sheet: str | None = None, heading_row: int | None = None) -> Sheet:
    """The sheet of that name, else the first; ValueError, with what to do, where it can't be read."""
    return _sheet(_opened(content), sheet, heading_row)


def read_several(content: bytes, asked: str, heading_row: int | None = None) -> dict[str, Sheet]:
    """The sheets whose names fit the pattern and whose headings are alike: name -> sheet, in their order.

    Alike is one that has half or more of the columns that most of them have; another (notes, a summary) is no
    part of the table.
    """
    book = _opened(content)
    found = {}
    for name in book.sheet_names:
        if fnmatchcase(name, asked):
            with contextlib.suppress(NoHeadingError):
                found[name] = _sheet(book, name, heading_row)
    if not found:
        raise ValueError(f"has no sheet {asked} with a heading. It has: {', '.join(book.sheet_names)}")
    [(usual, _)] = Counter(tuple(item.columns) for item in found.values()).most_common(1)
    return {name: item for name, item in found.items() if 2 * len({*item.columns} & {*usual}) >= len(usual)}


def also(content: bytes, first: Sheet, heading_row: int | None = None) -> list[str]:
    """The other sheets with the first one's very heading: as likely as not, they are of the same table."""
    book = _opened(content)
    names = []
    for name in book.sheet_names[1:]:
        with contextlib.suppress(NoHeadingError):
            item = _sheet(book, name, heading_row)
            names += [name] if item.rows and item.columns == first.columns else []
    return names


def is_pattern(sheet: str | None) -> bool:
    """Whether it names several sheets: no sheet's own name may hold a star."""
    return "*" in (sheet or "")


def _sheet(book: CalamineWorkbook, sheet: str | None, heading_row: int | None) -> Sheet:
    if sheet is not None and sheet not in book.sheet_names:
        raise ValueError(f"has no sheet {sheet}. It has: {', '.join(book.sheet_names)}")
    found = book.get_sheet_by_index(0) if sheet is None else book.get_sheet_by_name(sheet)
    cells = [[_text(value) for value in row] for row in found.to_python(skip_empty_area=False)]
    merged = found.merged_cell_ranges or []
    found_heading = grid.heading(cells, None if heading_row is None else heading_row - 1)
    if found_heading is None:
        where = f" in row {heading_row}" if heading_row else ""
        raise NoHeadingError(
            f"has no heading{where} in its sheet {found.name}. Export it again, or say in the mapping"
            " where it is: -- header_row: 2, -- sheet: name"
        )
    for (first, column), (last, right) in merged:
        # A cell merged over rows says the same of all of them.
        if first > found_heading.last and column == right:
            for row in cells[first : last + 1]:
                row[column] = cells[first][column]
    numbered = list(enumerate(cells, 1))[found_heading.last + 1 :]
    named = [place for place, text in enumerate(found_heading.texts) if text]
    # A heading that is there again, as on each page of a report, is no row.
    again = [found_heading.texts[place] for place in named]
    told = [(number, row, [row[place] for place in named]) for number, row in numbered]
    rows = [(number, row) for number, row, said in told if any(said) and said != again]
    return Sheet(found_heading.texts, found_heading.first + 1, rows)


def sheets(content: bytes) -> list[str]:
    """The names of its sheets, in order."""
    return list(_opened(content).sheet_names)


def _opened(content: bytes) -> CalamineWorkbook:
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except CalamineError:
        web = content.lstrip()[:1] == b"<" and b"<table" in content[:100_000].lower()
        what = "is a page of the web under a workbook's name" if web else "is no workbook, or has a password"
        raise ValueError(f"{what}. Open it and save it again, as .xlsx or .csv") from None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, dt.datetime):
        moment = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
        return moment.date().isoformat() if moment.time() == dt.time() else moment.isoformat(" ")
    if isinstance(value, dt.time):
        return _hours(value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6)
    if isinstance(value, dt.timedelta):
        return _hours(value.total_seconds())
    return str(value).strip()


def _hours(seconds: float) -> str:
    # Excel counts in parts of a day: 8:00 may be a millionth of a second short of it.
    minutes, rest = divmod(round(seconds), 60)
    shown = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{shown}:{rest:02}" if rest else shown
