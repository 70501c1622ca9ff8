"""DuckDB's own extensions, which come as wheels of its very version, and the encoding of a text file."""

import functools
import importlib.util
import re
from pathlib import Path

import duckdb

PACKAGES = {
    "excel": "duckdb_extension_excel",
    "httpfs": "duckdb_extension_httpfs",
    "postgres_scanner": "duckdb_extension_postgres_scanner",
}


@functools.cache
def extension_file(name: str) -> Path | None:
    """The extension's file in its wheel, if that is installed in the version of this DuckDB."""
    spec = importlib.util.find_spec(PACKAGES[name])
    folders = spec.submodule_search_locations or [] if spec else []
    files = (
        Path(folder, "extensions", f"v{duckdb.__version__}", f"{name}.duckdb_extension") for folder in folders
    )
    return next((file for file in files if file.is_file()), None)


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
