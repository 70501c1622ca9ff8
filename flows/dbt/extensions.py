"""DuckDB's own extensions, which come as wheels of its very version."""

import functools
import importlib.util
from pathlib import Path

import duckdb

PACKAGES = {
    "ducklake": "duckdb_extension_ducklake",
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
