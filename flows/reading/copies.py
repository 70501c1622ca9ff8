"""What DuckDB does not read as it is, it reads from a copy: a text file in UTF-8, a sheet as Parquet."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from flows.reading import grid, texts, workbooks

# Columns of a copy that say where a row is from.
_ORIGIN = ("archivo", "fila")
# The column that names a row's sheet where several are read.
SHEET = "hoja"


@dataclass(frozen=True)
class Copy:
    """A file as DuckDB reads it: from `path`, its `columns`. Which headings are `repeated`, and where.

    `unread`: sheets that no one has asked for, and that look like the one that is read.
    """

    path: str
    columns: list[str]
    repeated: dict[str, list[int]]
    heading_row: int = 1
    encoding: str | None = None
    separator: str | None = None
    unread: list[str] = field(default_factory=list)


def of_text(file: str, content: bytes, folder: Path) -> Copy:
    """A text file, copied below the folder under its own path where it is not UTF-8 from its heading on."""
    try:
        found = texts.look(content)
    except ValueError as error:
        raise ValueError(f"[aforo] {file}, {error}. Export it again, in one encoding") from error
    changed = texts.as_utf8(content, found)
    path = file
    if changed is not None:
        place = urlsplit(file).path if "://" in file else file
        # Below the folder, whatever the file calls itself.
        below = [part for part in PurePosixPath(place).parts if part not in ("/", "..")]
        copy = folder.joinpath(*below)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(changed, encoding="utf-8", newline="")
        path = str(copy)
    columns = found.columns if found.heading else []
    return Copy(
        path, columns, grid.repeated(found.heading), found.skipped + 1, found.encoding, found.separator
    )


def of_workbook(
    file: str, content: bytes, folder: Path, sheet: str | None = None, heading_row: int | None = None
) -> Copy:
    """A sheet, as a Parquet file of texts below the folder, with the sheet's own row numbers as `fila`.

    Where a pattern names several sheets (`*`), they are one table, and `hoja` says which a row is from.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    several = workbooks.is_pattern(sheet)
    try:
        if several and sheet:
            found = workbooks.read_several(content, sheet, heading_row)
        else:
            found = {"": workbooks.read(content, sheet, heading_row)}
    except ValueError as error:
        raise type(error)(f"[aforo] The workbook {file} {error}") from error
    columns: list[str] = []
    parts = []
    for name, item in found.items():
        kept = [(place, text) for place, text in enumerate(item.columns) if text.lower() not in _ORIGIN]
        table = {text: pa.array([row[place] for _, row in item.rows], pa.string()) for place, text in kept}
        if several and SHEET not in map(str.lower, table):
            table[SHEET] = pa.array([name] * len(item.rows), pa.string())
        columns += [text for text in table if text not in columns]
        table["fila"] = pa.array([number for number, _ in item.rows], pa.int64())
        parts.append(pa.table(table))
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(suffix=".parquet", dir=folder, delete=False) as copy:
        pq.write_table(pa.concat_tables(parts, promote_options="default"), copy)
    first, *_ = found.values()
    unread = workbooks.also(content, first, heading_row) if sheet is None else []
    return Copy(copy.name, columns, grid.repeated(first.heading), first.heading_row, unread=unread)
