"""What DuckDB needs from Python to read sources: a plugin of dbt-duckdb (profiles.yml). The reading is SQL.

- Variables of each connection: `extension_<name>`, the files of DuckDB's own extensions (nothing is loaded
  here: the macro that needs one loads it), and `given_names`.
- Functions, for the project's own SQL: what a source brings runs in a box without them (flows/dbt/box.py).
  - `aforo_attach(address)`: a Postgres source as `instituto`, under a lock: two landing models that attach
    it at once would collide, even with `if not exists`.
  - `aforo_text(file, content)`, `aforo_workbook(file, content, options)`: what a file is, and the copy of it
    that DuckDB reads (flows/reading), as JSON.
  - `aforo_box(request)`: runs foreign SQL in a box and attaches that; `aforo_discard(name)` takes it away.
  - `aforo_ask(file, query)`: rows, as JSON, of a query on a DuckDB source.
  - `aforo_no_select(text)`: why a mapping is not one select; null where it is.
  - `aforo_publications(columns)`: the published forecasts that can be read (flows/dbt/publications.py).
  - `aforo_runs()`: the records of the runs (flows/dbt/records.py), as they are when it is called.
  - `aforo_is_personal(column)`, `aforo_shown(columns)`: flows/dbt/personal.py.
- Errors of DuckDB reach dbt and its log without the values that they quote (flows/dbt/wording.py).
"""

import atexit
import contextlib
import dataclasses
import functools
import json
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.environments import local
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling

from flows.dbt import box, personal, publications, records
from flows.dbt.extensions import PACKAGES, extension_file
from flows.dbt.wording import quiet, without_values
from flows.quoting import identifier, literal
from flows.reading import copies

# Part of the copies' path, by which messages find the original's (flows/dbt/diagnosis.py).
COPIES = "aforo_utf8_"
BOX = "aforo_box_"

# The one place that every error of DuckDB passes on its way to dbt.
local.DuckDBCursorWrapper.execute = quiet(local.DuckDBCursorWrapper.execute)  # type: ignore[method-assign]


class Plugin(BasePlugin):
    """Gives DuckDB's connections the above."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Registers the functions, once a database."""
        assert self.creds
        work = _Work(conn, Path(f"{self.creds.path}.tmp"))

        def register(name: str, function: Callable[..., Any], takes: list[Any], gives: str) -> None:
            conn.create_function(
                name,
                _raising_quietly(function),
                takes,
                gives,
                side_effects=True,
                null_handling=FunctionNullHandling.SPECIAL,
            )

        register("aforo_attach", work.attach, ["VARCHAR"], "BOOLEAN")
        register("aforo_text", work.text, ["VARCHAR", "BLOB"], "VARCHAR")
        register("aforo_workbook", work.workbook, ["VARCHAR", "BLOB", "VARCHAR"], "VARCHAR")
        register("aforo_box", work.box, ["VARCHAR"], "VARCHAR")
        register("aforo_discard", work.discard, ["VARCHAR"], "BOOLEAN")
        register("aforo_ask", _ask, ["VARCHAR", "VARCHAR"], "VARCHAR")
        register("aforo_no_select", _no_select, ["VARCHAR"], "VARCHAR")
        register("aforo_publications", _publications(Path(self.creds.path)), ["VARCHAR"], "VARCHAR")
        register("aforo_runs", _runs(Path(self.creds.path)), [], "VARCHAR")
        register("aforo_is_personal", personal.is_personal_name, ["VARCHAR"], "BOOLEAN")
        register("aforo_shown", personal.shown_names, ["VARCHAR[]"], "VARCHAR[]")

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Sets the variables: they belong to a connection."""
        for name in PACKAGES:
            file = extension_file(name)
            if file:
                cursor.execute(f"set variable extension_{name} = {literal(str(file))}")
        names = ", ".join(literal(name) for name in sorted(personal.GIVEN_NAMES))
        cursor.execute(f"set variable given_names = [{names}]")


class _Work:
    """What the functions of one database share: its connection, a lock, and the folder of what they write."""

    def __init__(self, connection: DuckDBPyConnection, folder: Path) -> None:
        self._connection = connection
        self._folder = folder
        self._lock = threading.Lock()
        self._copies: Path | None = None

    def attach(self, address: str) -> bool:
        sql = f"attach if not exists {literal(address)} as {box.INSTITUTE} (type postgres, read_only)"
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(sql)
        return True

    def text(self, file: str, content: bytes) -> str:
        return json.dumps(dataclasses.asdict(copies.of_text(file, content, self._copies_folder())))

    def workbook(self, file: str, content: bytes, options: str) -> str:
        """`options`: a mapping's `sheet` and `header_row`, as JSON."""
        asked = json.loads(options)
        row = int(asked["header_row"]) if "header_row" in asked else None
        copy = copies.of_workbook(file, content, self._copies_folder(), asked.get("sheet"), row)
        return json.dumps(dataclasses.asdict(copy))

    def _copies_folder(self) -> Path:
        with self._lock:
            if self._copies is None:
                self._copies = self._new(COPIES)
        return self._copies

    def box(self, request: str) -> str:
        """`delivered`: what `entrega` is; `source`: a DuckDB file; `query`: a mapping's; any may be null.

        A table of a DuckDB source is selected in the box; other tables are put into it.
        """
        asked = json.loads(request)
        source = Path(asked["source"]) if asked["source"] else None
        query = box.parse(asked["query"]) if asked["query"] else None
        folder = self._new(BOX)
        file = folder / "box.duckdb"
        selects = {}
        if source is None and query:
            institute = folder / f"{box.INSTITUTE}.duckdb"
            with self._connection.cursor() as cursor:
                cursor.execute("set TimeZone = 'UTC'")
                there = asked["database"] and bool(query.institute_tables)
                box.fill(cursor, file, institute if there else None, query, asked["delivered"])
            source = institute if there else None
        elif asked["delivered"]:
            selects["entrega" if query else box.ANSWER] = f"select * from {asked['delivered']}"
        if query:
            selects[box.ANSWER] = query.text
        box.run(file, source, selects)
        with self._lock, self._connection.cursor() as cursor:
            name = folder.name
            cursor.execute(f"attach {literal(str(file))} as {identifier(name)} (read_only)")
        return name

    def discard(self, name: str) -> bool:
        with self._lock, self._connection.cursor() as cursor:
            cursor.execute(f"detach {identifier(name)}")
        shutil.rmtree(self._folder / name, ignore_errors=True)
        return True

    def _new(self, prefix: str) -> Path:
        # Beside what DuckDB itself writes for a while: what a killed run leaves there, the next one deletes.
        self._folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=prefix, dir=self._folder))
        atexit.register(_remove, made)
        return made


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # The last one takes their common folder with it.
    with contextlib.suppress(OSError):
        folder.parent.rmdir()


def _ask(file: str, query: str) -> str:
    return json.dumps(box.ask(Path(file), query))


def _publications(warehouse: Path) -> Callable[[str], str]:
    """`columns`: {required, optional}, each with its columns' types, as JSON. Looked at once a process."""

    @functools.cache
    def looked(columns: str) -> str:
        asked = json.loads(columns)
        history = warehouse.resolve().parent / "history"
        return json.dumps(publications.look(history, asked["required"], asked["optional"]))

    return looked


def _runs(warehouse: Path) -> Callable[[], str]:
    return lambda: records.as_json(warehouse.resolve().parent)


def _no_select(text: str) -> str | None:
    try:
        box.parse(text)
    except ValueError as error:
        return str(error)
    return None


def _raising_quietly(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose errors quote no value, nor their kind: they come wrapped in one of DuckDB's."""

    @functools.wraps(function)
    def quietly(*arguments: object) -> object:
        try:
            return function(*arguments)
        except Exception as error:
            raise ValueError(without_values(str(error))) from None

    return quietly
