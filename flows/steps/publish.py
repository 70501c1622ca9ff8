"""Publishing: the marts go into a new file, are verified there, and replace the published ones in one step.

    releases/<run_id>/aforo_marts.duckdb, parquet/<mart>.parquet, reporte.html,
                       ficha_modelo.md, manifest.json
    published -> releases/<run_id>          switched in one rename: the moment of publishing
    history/<run_id>.parquet                prediccion_detalle of every published run, never rewritten

Readers never open the warehouse: a reader of a DuckDB file blocks its writer. Before the rename nothing that
readers see has changed; after it nothing of the release is taken back, whatever fails (docs/reliability.md).
What a killed run leaves behind is set right by `flows.home.releases.recover`.
"""

import contextlib
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from flows.errors import AforoError, Problem, as_text
from flows.home import backup, tables
from flows.home.record import Record, utc_now
from flows.home.releases import (
    CARD,
    MANIFEST,
    REPORT,
    delete,
    draft_link,
    keep_history,
    prune,
    published_run,
    sha256,
    switch,
    sync,
)
from flows.home.tables import Table
from flows.language import t
from flows.quoting import literal, pattern
from flows.report import card, page
from flows.settings import MARTS_FILE, Home

PREDICTIONS = ("prediccion_alumnos", "prediccion_detalle", "prediccion_jerarquia")
READ_ONLY = 0o444

log = logging.getLogger(__name__)


def publish(home: Home, record: Record, versions: dict[str, str]) -> dict[str, Any]:
    """Publishes the warehouse's marts as the release of this run and returns its manifest.

    Raises AforoError when a prediction is missing or empty, or when what was written is not what was read;
    nothing that readers see has changed then.
    """
    try:
        manifest = _prepare(home, record, versions)
        switch(home, record.run_id)
    except BaseException as error:
        # Neither a rename that fails nor a signal says whether the switch was made: the link does.
        published = _is_published(home, record.run_id)
        if published is False:
            _take_back(home, record.run_id)
        if not published or not isinstance(error, Exception):
            raise
        log.exception("run %s is published; then this failed", record.run_id)
    _finish(home, record)
    return manifest


def copy_marts(warehouse: Path, folder: Path, run_id: str) -> list[Table]:
    """Copies the warehouse's schema marts into `folder`: tables, constraints, comments, table macros."""
    with duckdb.connect(str(folder / MARTS_FILE), config=tables.CONNECTION) as connection:
        connection.execute(f"attach {literal(str(warehouse))} as warehouse (read_only)")
        marts = tables.read(connection, "warehouse", "schema_name = 'marts'")
        _require_predictions(marts)
        tables.copy(connection, "warehouse", marts)
        tables.copy_macros(connection, "warehouse", "marts")
        for mart in marts:
            # Each file says of which run it is: readers of several can tell that they are of one release.
            connection.execute(
                f"copy {mart.relation} to {literal(str(_parquet(folder, mart)))}"
                f" (format parquet, compression zstd, kv_metadata {{aforo_run: {literal(run_id)}}})"
            )
        connection.execute("detach warehouse")
        connection.execute("checkpoint")
    return marts


def verify(folder: Path, marts: list[Table]) -> None:
    """Opens what was written again, read-only, and compares rows and contents with what was read."""
    file = str(folder / MARTS_FILE)
    with duckdb.connect(file, read_only=True, config=tables.CONNECTION) as connection:
        for mart in marts:
            parquet = f"read_parquet({literal(pattern(_parquet(folder, mart)))})"
            for relation in (mart.relation, parquet):
                if tables.contents(connection, relation) != (mart.rows, mart.fingerprint):
                    raise AforoError(
                        [
                            Problem(
                                t(
                                    "what was written of {name} is not what was read ({relation})",
                                    name=mart.name,
                                    relation=relation,
                                ),
                                t("check the disk, then run again"),
                                table=mart.name,
                            )
                        ]
                    )


def _prepare(home: Home, record: Record, versions: dict[str, str]) -> dict[str, Any]:
    """The release, whole and on the disk, in its folder; nobody sees it yet."""
    building = home.releases / f".building-{record.run_id}"
    pending = home.history / f"{record.run_id}.parquet.pending"
    (building / "parquet").mkdir(parents=True)
    home.history.mkdir(exist_ok=True)
    marts = copy_marts(home.warehouse, building, record.run_id)
    verify(building, marts)
    _readable(building, record, page.write, REPORT)
    _readable(building, record, card.write, CARD)
    manifest = _manifest(building, record, marts, versions)
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (building / MANIFEST).write_text(text, encoding="utf-8")
    shutil.copyfile(building / "parquet" / "prediccion_detalle.parquet", pending)
    for path in [*building.rglob("*"), building, pending, pending.parent]:
        if path.is_file():
            path.chmod(READ_ONLY)
        sync(path)
    building.rename(home.releases / record.run_id)
    sync(home.releases)
    return manifest


def _readable(building: Path, record: Record, write: Callable[[Path, Path], None], name: str) -> None:
    """A file for readers, from what was just written; one that can't be made is said, and stops nothing."""
    file = building / name
    try:
        write(building / MARTS_FILE, file)
    except Exception as error:
        log.exception("run %s: no %s", record.run_id, name)
        file.unlink(missing_ok=True)
        record.hints.append(
            t(
                "{name} could not be made ({reason}: see the log); the marts are published without it",
                name=name,
                reason=type(error).__name__,
            )
        )


def _is_published(home: Home, run_id: str) -> bool | None:
    """Whether readers see the release; None where that can't be known."""
    try:
        return published_run(home) == run_id
    except OSError:
        return None


def _take_back(home: Home, run_id: str) -> None:
    """What was prepared goes; what can't go now goes before the next run (releases.recover)."""
    with contextlib.suppress(OSError):
        draft_link(home, run_id).unlink(missing_ok=True)
    for folder in (home.releases / run_id, home.releases / f".building-{run_id}"):
        with contextlib.suppress(OSError):
            delete(folder, run_id)
    with contextlib.suppress(OSError):
        (home.history / f"{run_id}.parquet.pending").unlink(missing_ok=True)


def _finish(home: Home, record: Record) -> None:
    """What follows a publication; what fails of it is done by the next run, and takes nothing back."""
    for act in (lambda: keep_history(home, record.run_id), lambda: prune(home)):
        try:
            act()
        except Exception:
            log.exception("run %s is published; then this failed", record.run_id)
    problem = backup.keep_if_possible(home)
    if problem:
        record.hints.append(" ".join(line.strip() for line in as_text(problem)))


def _require_predictions(marts: list[Table]) -> None:
    rows = {mart.name: mart.rows for mart in marts}
    missing = [name for name in PREDICTIONS if not rows.get(name)]
    if missing:
        raise AforoError(
            [
                Problem(
                    t("the run made no forecast: the mart is empty"),
                    t("look at the log; nothing was published"),
                    table=name,
                )
                for name in missing
            ]
        )


def _manifest(folder: Path, record: Record, marts: list[Table], versions: dict[str, str]) -> dict[str, Any]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    file = str(folder / MARTS_FILE)
    with duckdb.connect(file, read_only=True, config=tables.CONNECTION) as connection:
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
        "gate": record.gate,
        "rows": {mart.name: mart.rows for mart in marts},
        "sha256": {str(path.relative_to(folder)): sha256(path) for path in files},
    }


def _parquet(folder: Path, mart: Table) -> Path:
    return folder / "parquet" / f"{mart.name}.parquet"
