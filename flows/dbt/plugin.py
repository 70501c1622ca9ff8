"""What DuckDB needs from Python to read sources: a plugin of dbt-duckdb (profiles.yml). The reading is SQL.

- Variables `extension_<name>` of each connection: the files of DuckDB's own extensions. Nothing is loaded
  here: the macro that needs one loads it.
- `aforo_attach(sql)`: ATTACH under a lock. Two landing models that attach the source at once would collide,
  even with `if not exists`.
- `aforo_utf8(file, content)`: DuckDB reads UTF-8; a text file in another encoding is copied into one that is.
"""

import atexit
import shutil
import tempfile
import threading
from pathlib import Path
from urllib.parse import urlsplit

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from flows.dbt.extensions import PACKAGES, encoding_of, extension_file

# Part of the copies' path, by which messages find the original's (flows/dbt/diagnosis.py).
COPIES = "aforo_utf8_"


class Plugin(BasePlugin):
    """Gives DuckDB's connections the above."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Registers the functions, once a database."""
        lock = threading.Lock()
        copies: list[Path] = []

        def attach(sql: str) -> bool:
            with lock, conn.cursor() as cursor:
                cursor.execute(sql)
            return True

        def utf8(file: str, content: bytes) -> dict[str, str | None]:
            try:
                encoding = encoding_of(content)
            except ValueError as error:
                raise ValueError(f"[aforo] {file}, {error}. Export it again, in one encoding") from error
            if encoding == "UTF-8":
                return {"codificacion": encoding, "copia": None}
            with lock:
                if not copies:
                    copies.append(Path(tempfile.mkdtemp(prefix=COPIES)))
                    atexit.register(shutil.rmtree, copies[0], ignore_errors=True)
            copy = copies[0] / urlsplit(file).path.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            # The few bytes that windows-1252 leaves undefined are shown as such, not refused.
            copy.write_text(content.decode(encoding, errors="replace"), encoding="utf-8", newline="")
            return {"codificacion": encoding, "copia": str(copy)}

        conn.create_function("aforo_attach", attach, ["VARCHAR"], "BOOLEAN", side_effects=True)
        conn.create_function(
            "aforo_utf8",
            utf8,
            ["VARCHAR", "BLOB"],
            "STRUCT(codificacion VARCHAR, copia VARCHAR)",
            side_effects=True,
        )

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Names the extensions' files: variables belong to a connection."""
        for name in PACKAGES:
            file = extension_file(name)
            if file:
                quoted = str(file).replace("'", "''")
                cursor.execute(f"set variable extension_{name} = '{quoted}'")
