"""Publishing: the marts go into a new file, are verified there, and replace the published ones in one step.

    releases/<run_id>/aforo_marts.duckdb, parquet/<mart>.parquet, manifest.json
    published -> releases/<run_id>          switched in one rename: the moment of publishing
    history/<run_id>.parquet                prediccion_detalle of every published run, never rewritten

Readers never open the warehouse: a reader of a DuckDB file blocks its writer. Before the rename nothing that
readers see has changed; what a killed run leaves behind is set right by `flows.home.releases.recover`.
"""

import contextlib
import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from flows.errors import AforoError, Problem
from flows.home.record import Record, utc_now
from flows.home.releases import prune
from flows.settings import Home

PREDICTIONS = ("prediccion_alumnos", "prediccion_detalle", "prediccion_jerarquia")
READ_ONLY = 0o444
_CONNECTION: dict[str, str | bool | int | float | list[str]] = {"threads": 2, "memory_limit": "512MB"}


@dataclass(frozen=True)
class Mart:
    """A table of the schema marts: the DDL that makes it again, its rows and their fingerprint."""

    name: str
    ddl: list[str]
    rows: int
    fingerprint: int | None


def publish(home: Home, record: Record, versions: dict[str, str]) -> dict[str, Any]:
    """Publishes the warehouse's marts as the release of this run and returns its manifest.

    Raises AforoError when a prediction is missing or empty, or when what was written is not what was read;
    nothing that readers see has changed then.
    """
    building = home.releases / f".building-{record.run_id}"
    release = home.releases / record.run_id
    pending = home.history / f"{record.run_id}.parquet.pending"
    switched = False
    try:
        (building / "parquet").mkdir(parents=True)
        home.history.mkdir(exist_ok=True)
        marts = copy_marts(home.warehouse, building)
        verify(building, marts)
        manifest = _manifest(building, record, marts, versions)
        (building / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False))
        shutil.copyfile(building / "parquet" / "prediccion_detalle.parquet", pending)
        _make_durable(building, pending)
        building.rename(release)
        _sync(home.releases)
        _switch(home, release)
        switched = True
        pending.rename(home.history / f"{record.run_id}.parquet")
    finally:
        if not switched:
            shutil.rmtree(building, ignore_errors=True)
            shutil.rmtree(release, ignore_errors=True)
            pending.unlink(missing_ok=True)
            _draft_link(home, release).unlink(missing_ok=True)
    # Published is published: an old release that can't be deleted now is deleted after the next run.
    with contextlib.suppress(OSError):
        prune(home)
    return manifest


def copy_marts(warehouse: Path, folder: Path) -> list[Mart]:
    """Copies every table of the warehouse's schema marts into `folder`, with its constraints and comments."""
    with duckdb.connect(str(folder / "aforo_marts.duckdb"), config=_CONNECTION) as connection:
        _attach(connection, warehouse)
        marts = _marts_of(connection)
        _require_predictions(marts)
        connection.execute("create schema marts")
        for mart in marts:
            for statement in mart.ddl:
                connection.execute(statement)
            connection.execute(
                f"insert into marts.{_name(mart.name)} select * from warehouse.marts.{_name(mart.name)}"
            )
            target = str(folder / "parquet" / f"{mart.name}.parquet")
            connection.execute(
                f"copy marts.{_name(mart.name)} to {_text(target)} (format parquet, compression zstd)"
            )
        connection.execute("detach warehouse")
        connection.execute("checkpoint")
    return marts


def verify(folder: Path, marts: list[Mart]) -> None:
    """Opens what was written again, read-only, and compares rows and contents with what was read."""
    with duckdb.connect(str(folder / "aforo_marts.duckdb"), read_only=True, config=_CONNECTION) as connection:
        for mart in marts:
            parquet = str(folder / "parquet" / f"{mart.name}.parquet")
            for relation in (f"marts.{_name(mart.name)}", _text(parquet)):
                if _contents(connection, relation) != (mart.rows, mart.fingerprint):
                    raise AforoError(
                        [
                            Problem(
                                f"what was written of {mart.name} is not what was read ({relation})",
                                "check the disk, then run again",
                                table=mart.name,
                            )
                        ]
                    )


def _marts_of(connection: duckdb.DuckDBPyConnection) -> list[Mart]:
    tables = connection.execute(
        """select table_name, comment from duckdb_tables()
        where database_name = 'warehouse' and schema_name = 'marts' order by table_name"""
    ).fetchall()
    marts = []
    for table, comment in tables:
        rows, fingerprint = _contents(connection, f"warehouse.marts.{_name(table)}")
        marts.append(Mart(table, _ddl(connection, table, comment), rows, fingerprint))
    return marts


def _ddl(connection: duckdb.DuckDBPyConnection, table: str, comment: str | None) -> list[str]:
    columns = connection.execute(
        """select column_name, data_type, is_nullable, comment from duckdb_columns()
        where database_name = 'warehouse' and schema_name = 'marts' and table_name = ?
        order by column_index""",
        [table],
    ).fetchall()
    constraints = connection.execute(
        """select constraint_text from duckdb_constraints()
        where database_name = 'warehouse' and schema_name = 'marts' and table_name = ?
        and constraint_type in ('PRIMARY KEY', 'UNIQUE', 'CHECK') order by constraint_index""",
        [table],
    ).fetchall()
    parts = [f"{_name(name)} {kind}{'' if nullable else ' not null'}" for name, kind, nullable, _ in columns]
    parts += [text for (text,) in constraints]
    ddl = [f"create table marts.{_name(table)} ({', '.join(parts)})"]
    if comment:
        ddl.append(f"comment on table marts.{_name(table)} is {_text(comment)}")
    ddl += [
        f"comment on column marts.{_name(table)}.{_name(name)} is {_text(note)}"
        for name, _, _, note in columns
        if note
    ]
    return ddl


def _contents(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int | None]:
    # The rows' hashes, whatever their order; a sum, unlike an xor, sees a row that is there twice.
    found = connection.execute(f"select count(*), sum(hash(t)::hugeint) from {relation} as t").fetchone()
    return found if found else (0, None)


def _require_predictions(marts: list[Mart]) -> None:
    rows = {mart.name: mart.rows for mart in marts}
    missing = [name for name in PREDICTIONS if not rows.get(name)]
    if missing:
        raise AforoError(
            [
                Problem(
                    "the run made no forecast: the mart is empty",
                    "look at the log; nothing was published",
                    table=name,
                )
                for name in missing
            ]
        )


def _manifest(folder: Path, record: Record, marts: list[Mart], versions: dict[str, str]) -> dict[str, Any]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    with duckdb.connect(str(folder / "aforo_marts.duckdb"), read_only=True, config=_CONNECTION) as connection:
        periods = connection.execute(
            "select distinct periodo from marts.prediccion_alumnos order by 1"
        ).fetchall()
    return {
        "run_id": record.run_id,
        "published_at": utc_now(),
        "periods": [period for (period,) in periods],
        "source": record.source,
        "as_of": record.as_of,
        "git_commit": record.git_commit,
        "versions": versions,
        "rows": {mart.name: mart.rows for mart in marts},
        "sha256": {str(path.relative_to(folder)): _sha256(path) for path in files},
    }


def _switch(home: Home, release: Path) -> None:
    link = _draft_link(home, release)
    link.symlink_to(release.relative_to(home.root), target_is_directory=True)
    link.replace(home.published)
    _sync(home.root)


def _draft_link(home: Home, release: Path) -> Path:
    return home.root / f"published.{release.name}.tmp"


def _make_durable(building: Path, pending: Path) -> None:
    for path in [*building.rglob("*"), building, pending, pending.parent]:
        if path.is_file():
            path.chmod(READ_ONLY)
        _sync(path)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _attach(connection: duckdb.DuckDBPyConnection, warehouse: Path) -> None:
    connection.execute(f"attach {_text(str(warehouse))} as warehouse (read_only)")


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
