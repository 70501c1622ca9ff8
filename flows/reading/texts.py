"""Text files: their encoding, their separator and where their heading stands.

DuckDB's own sniffer is not asked: it leaves out lines that do not fit, and here they must be an error.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from flows.reading import grid

_HEAD_BYTES = 2**18
_HEAD_ROWS = 60
_SEPARATORS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Text:
    """What a text file is: `skipped` lines stand above the last row of its heading."""

    encoding: str
    separator: str
    heading: tuple[str, ...]
    skipped: int

    @property
    def columns(self) -> list[str]:
        """What its columns are called."""
        return grid.column_names(self.heading)


def look(content: bytes) -> Text:
    """What the file is; ValueError where it is in no one encoding."""
    encoding = encoding_of(content)
    head = content[:_HEAD_BYTES].decode(encoding, errors="ignore").lstrip("\ufeff")
    # A last line that is cut is no row.
    if len(content) > _HEAD_BYTES and "\n" in head:
        head = head.rpartition("\n")[0]
    stated = re.match(r"sep=(.)\r?\n", head, re.IGNORECASE)
    separators = (stated[1],) if stated else _SEPARATORS
    tried = [_Tried.of(head, separator, 1 if stated else 0) for separator in separators]
    best = min(tried, key=lambda item: item.rank)
    return Text(encoding, best.separator, best.heading, best.skipped)


def as_utf8(content: bytes, text: Text) -> str | None:
    """The file in UTF-8 from its heading on; None where it is that already."""
    if text.encoding == "UTF-8" and not text.skipped:
        return None
    # The few bytes that windows-1252 leaves undefined are shown as such, not refused.
    decoded = content.decode(text.encoding, errors="replace").lstrip("\ufeff")
    if not text.skipped:
        return decoded
    lines = io.StringIO(decoded, newline=None)
    for _ in range(text.skipped):
        lines.readline()
    return lines.read()


def encoding_of(content: bytes) -> str:
    """UTF-8, UTF-16 or windows-1252, of which latin-1 is a part: what fits the whole content.

    ValueError where it is UTF-8 but for a few bytes: as windows-1252, every accent would be another text.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    if b"\0" in content[:1000]:
        return "UTF-16LE"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        # An accent in UTF-8 is two signs in windows-1252 that no one writes side by side.
        if re.search(rb"\xc3[\xa0-\xbf]", content):
            line = content[: error.start].count(b"\n") + 1
            raise ValueError(f"line {line} is not UTF-8, as the file is elsewhere: mixed, or cut") from error
        return "windows-1252"
    return "UTF-8"


@dataclass(frozen=True)
class _Tried:
    """The file read with a separator, and how ill that fits."""

    separator: str
    heading: tuple[str, ...]
    skipped: int
    rank: tuple[bool, bool, int, int]

    @classmethod
    def of(cls, head: str, separator: str, above: int) -> "_Tried":
        rows, ends = _rows(head, separator, above)
        found = grid.heading(rows)
        if found is None:
            return cls(separator, (), 0, (True, True, 0, 0))
        width = len(found.texts)
        below = [row for row in rows[found.last + 1 :] if row]
        even = sum(len(row) == width for row in below)
        skipped = above + (ends[found.last - 1] if found.last else 0)
        # A separator that is one makes columns, the same number in most rows, from the earliest row on.
        rank = (width < 2, 2 * even < len(below), found.first, -width)
        return cls(separator, found.texts, skipped, rank)


def _rows(head: str, separator: str, above: int) -> tuple[list[Sequence[str]], list[int]]:
    """The first rows, and the line on which each ends."""
    lines = io.StringIO(head, newline=None)
    for _ in range(above):
        lines.readline()
    reader = csv.reader(lines, delimiter=separator)
    rows: list[Sequence[str]] = []
    ends: list[int] = []
    try:
        for row in islice(reader, _HEAD_ROWS):
            rows.append(row)
            ends.append(reader.line_num)
    except csv.Error:
        # A quote that never closes: what DuckDB says of it names the line.
        pass
    return rows, ends
