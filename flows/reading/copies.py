"""What DuckDB does not read as it is, it reads from a copy: a text file in UTF-8, a sheet as Parquet."""

import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from flows.reading import grid, texts, workbooks

# Columns of a copy that say where a row is from.
_ORIGIN = ("archivo", "fila")


@dataclass(frozen=True)
class Copy:
    """A file as DuckDB reads it: from `path`, its `columns`. Which headings are `repeated`, and where."""

    path: str
    columns: list[str]
    repeated: dict[str, list[int]]
    heading_row: int = 1
    encoding: str | None = None
    separator: str | None = None


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
    """A sheet, as a Parquet file of texts below the folder, with the sheet's own row numbers as `fila`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = workbooks.read(content, sheet, heading_row)
    except ValueError as error:
        raise type(error)(f"[aforo] The workbook {file} {error}") from error
    columns = found.columns
    kept = [(place, name) for place, name in enumerate(columns) if name.lower() not in _ORIGIN]
    table = {name: pa.array([row[place] for _, row in found.rows], pa.string()) for place, name in kept}
    table["fila"] = pa.array([number for number, _ in found.rows], pa.int64())
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(suffix=".parquet", dir=folder, delete=False) as copy:
        pq.write_table(pa.table(table), copy)
    return Copy(copy.name, [name for _, name in kept], grid.repeated(found.heading), found.heading_row)
