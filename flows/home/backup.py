"""A verified copy of what can't be made again: the history of the source, backup/aforo_history.duckdb.

It holds the snapshots and the logs that the raw layer reads with them. `keep` renews it after each capture
and publication; `restore` makes the warehouse from it, and all else is made by the next run.
"""

import contextlib
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from flows.errors import AforoError, Problem
from flows.home import tables
from flows.home.releases import sync
from flows.home.tables import Table
from flows.home.warehouse import damaged
from flows.language import t
from flows.quoting import identifier, literal
from flows.settings import Home

HISTORY = """schema_name = 'snapshots' or (
    schema_name = 'landing' and table_name in ('capturas', 'columnas_retiradas', 'migraciones', 'vaciados')
)"""
LOG = "landing.capturas"
# What a restore from a backup file (flows/home/archive.py) has verified and not yet put in its place.
RESTORING = "restoring"
# What DuckDB writes of a file before anything else: three headers, its name behind the first checksum.
HEADERS_BYTES = 3 * 4096
MAGIC = slice(8, 12)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Restored:
    """The tables that were made again, when they were last captured (UTC), where the damaged file is."""

    tables: list[Table]
    captured_at: datetime | None
    damaged: Path | None


def keep(home: Home) -> None:
    """Renews the copy where the history has changed; AforoError where it knows more than the warehouse."""
    copy = home.history_copy
    draft = copy.with_suffix(".tmp")
    if not home.warehouse.exists():
        return
    copy.parent.mkdir(exist_ok=True)
    draft.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(draft), config=tables.CONNECTION) as connection:
            _attach(connection, home.warehouse, "warehouse")
            history = tables.read(connection, "warehouse", HISTORY)
            if not _is_known(history):
                return
            if copy.exists():
                with contextlib.suppress(duckdb.Error):
                    # A copy that is damaged is made anew.
                    _attach(connection, copy, "kept")
                    if tables.read(connection, "kept", HISTORY) == history:
                        return
                    _require_all_captures(connection, home)
                connection.execute("detach database if exists kept")
            tables.copy(connection, "warehouse", history)
            connection.execute("detach warehouse")
            connection.execute("checkpoint")
        _verify(draft, history)
        sync(draft)
        draft.replace(copy)
        sync(copy.parent)
    finally:
        with contextlib.suppress(OSError):
            for leftover in (draft, draft.with_name(f"{draft.name}.wal")):
                leftover.unlink(missing_ok=True)


def keep_if_possible(home: Home) -> Problem | None:
    """`keep`, after what can't be taken back: why the copy is not renewed, if it is not."""
    try:
        keep(home)
    except AforoError as error:
        return error.problems[0]
    except Exception as error:
        log.exception("no copy of the history was kept")
        what = t("no copy of the history was kept: {reason}", reason=str(error).splitlines()[0])
        return Problem(what, t("the next run tries again; see {log}", log=home.log))
    return None


def require_history(home: Home) -> None:
    """AforoError where the warehouse is gone, damaged, or knows less of the source than the copy."""
    if (home.root / RESTORING).exists():
        what = t("a restore of the home {root} was cut off", root=home.root)
        raise AforoError([Problem(what, t("run `aforo restore`, which finishes it"))])
    copy = home.history_copy
    if not home.warehouse.exists() or not home.warehouse.stat().st_size:
        if copy.exists():
            gone = "is gone" if not home.warehouse.exists() else "is empty"
            raise AforoError([damaged(home.warehouse, f"{gone}, and with it the history of the source")])
        # A run that was killed as it made the file: it is begun anew.
        return
    if _is_unfinished(home.warehouse) and not copy.exists():
        # A disk that was full as the file was made: it never held anything, and DuckDB can't open it.
        home.warehouse.unlink()
        return
    try:
        with duckdb.connect(config=tables.CONNECTION) as connection:
            _attach(connection, home.warehouse, "warehouse")
            history = tables.read(connection, "warehouse", HISTORY)
            if copy.exists():
                if not _is_known(history):
                    raise AforoError([damaged(home.warehouse, "holds no history of the source")])
                with contextlib.suppress(duckdb.Error):
                    # A copy that is damaged is made anew by the next `keep`.
                    _attach(connection, copy, "kept")
                    _require_all_captures(connection, home)
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            raise
        raise AforoError([damaged(home.warehouse, str(error).splitlines()[0])]) from error


def restore(home: Home) -> Restored:
    """Makes the warehouse anew from the copy; a damaged one is moved to AFORO_HOME/damaged, never deleted.

    Nothing is done where all of the warehouse can be read. The caller holds the home.
    """
    copy = home.history_copy
    if is_whole(home):
        return Restored([], None, None)
    if not copy.exists():
        raise AforoError(
            [
                Problem(
                    t("there is no copy of the history in {parent}", parent=copy.parent),
                    t("move {name} away: the next run begins a new history", name=home.warehouse.name),
                )
            ]
        )
    draft = home.root / f"{home.warehouse.name}.restoring"
    draft.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(draft), config=tables.CONNECTION) as connection:
            _attach(connection, copy, "kept")
            history = tables.read(connection, "kept", HISTORY)
            tables.copy(connection, "kept", history)
            found = connection.execute(f"select max(capturada_en) from {LOG}").fetchone()
            connection.execute("detach kept")
            connection.execute("checkpoint")
        _verify(draft, history)
        sync(draft)
    except duckdb.Error as error:
        what = t(
            "the copy of the history {copy} is damaged too: {reason}",
            copy=copy,
            reason=str(error).splitlines()[0],
        )
        raise AforoError(
            [Problem(what, t("bring the home's folder back from a backup of your own"))]
        ) from error
    aside = _move_aside(home)
    draft.replace(home.warehouse)
    sync(home.root)
    return Restored(history, found[0] if found else None, aside)


def _attach(connection: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    connection.execute(f"attach {literal(str(path))} as {identifier(name)} (read_only)")


def _is_unfinished(warehouse: Path) -> bool:
    if warehouse.stat().st_size >= HEADERS_BYTES:
        return False
    return warehouse.read_bytes()[MAGIC] in (b"", b"DUCK")


def _is_known(history: list[Table]) -> bool:
    return any(f"{table.schema}.{table.name}" == LOG and table.rows for table in history)


def _require_all_captures(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    lost = connection.execute(
        f"""select count(*), max(capturada_en) from kept.{LOG}
        where run_id not in (select w.run_id from warehouse.{LOG} as w)"""
    ).fetchone()
    if lost and lost[0]:
        raise AforoError(
            [
                Problem(
                    t(
                        "the warehouse {warehouse} knows less of the source than its copy in "
                        "{parent}: captures up to {captured:%Y-%m-%d %H:%M:%S} UTC are missing",
                        warehouse=home.warehouse,
                        parent=home.history_copy.parent,
                        captured=lost[1],
                    ),
                    t(
                        "move {name} away and run `aforo restore`; or, if the older is meant, "
                        "move {parent} away",
                        name=home.warehouse.name,
                        parent=home.history_copy.parent,
                    ),
                )
            ]
        )


def _verify(path: Path, history: list[Table]) -> None:
    with duckdb.connect(str(path), read_only=True, config=tables.CONNECTION) as connection:
        if tables.read(connection, path.name.partition(".")[0], HISTORY) != history:
            raise AforoError(
                [
                    Problem(
                        t("what was written to {path} is not what was read", path=path),
                        t("check the disk, then run again"),
                    )
                ]
            )


def is_whole(home: Home) -> bool:
    """Whether every table of the warehouse can be read, and its history is not behind the copy."""
    try:
        require_history(home)
        with duckdb.connect(config=tables.CONNECTION) as connection:
            _attach(connection, home.warehouse, "warehouse")
            tables.read(connection, "warehouse", "true")
    except AforoError:
        return False
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            raise
        return False
    return True


def _move_aside(home: Home) -> Path | None:
    aside = home.root / "damaged" / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    found = [path for path in (home.warehouse, Path(f"{home.warehouse}.wal")) if path.exists()]
    if not found:
        return None
    aside.mkdir(parents=True)
    # The log first: without its file it is nothing, with another one it would be played into that.
    for path in reversed(found):
        path.replace(aside / path.name)
    sync(aside)
    return aside
