"""A published forecast made again from what was known then, and compared with what is kept of it, row by row.

It is made in a scratch home below TMPDIR, of the copy of the source's history and with an empty cache, by the
code, versions and packages of now. The home is only read, also while a run works on it.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from flows.dbt import diagnosis
from flows.dbt.runner import REPRODUCE, Variables, run_dbt
from flows.errors import AforoError, Problem
from flows.home import history, lineage, marker, record, releases, tables, upgrade, warehouse
from flows.home.lineage import Difference, unlike
from flows.language import t
from flows.project import contract_tables, schema_of, version_variables
from flows.quoting import identifier, literal, pattern
from flows.rows import by_name
from flows.screen.progress import Progress
from flows.settings import DEFAULT_SOURCE, Home, Settings
from flows.source import parse

MARTS = ("prediccion_alumnos", "prediccion_detalle")
KEY = ("periodo", "sede", "curso_actual", "horario_actual")
SHOWN = 10
# What says which run made a row and by what, not what it says.
STAMPS = {
    "run_id", "git_commit", "as_of", "datos_al", "estado_fuente", "tablas_respaldo",
    "version_raw", "version_platinum", "version_features", "version_target", "experimento",
}  # fmt: skip
# The room that a scratch home needs, in sizes of the warehouse: its tables and what DuckDB writes meanwhile.
_ROOM = 3


@dataclass(frozen=True)
class Kept:
    """What is kept of a forecast: mart -> SQL that reads it, from its release or from the history."""

    relations: dict[str, str]
    origin: str


@dataclass(frozen=True)
class Rows:
    """A mart's rows, then and now together; how many differ, or are in one alone.

    columns: column -> rows in which it differs; columns_alone: those that only one of both has, which are
    not compared.
    """

    rows: int
    differing: int
    only_then: int
    only_now: int
    columns: dict[str, int]
    columns_alone: list[str]


@dataclass(frozen=True)
class Report:
    """How a forecast that was made again compares. moment: what it was made as of (UTC).

    worst: the rows of prediccion_detalle that differ most: KEY, then and now (students expected).
    differences: what is other than it was, worst first. unknown: of what the record says nothing.
    """

    run_id: str
    moment: str
    compared_with: str
    marts: dict[str, Rows]
    worst: list[dict[str, Any]]
    differences: list[Difference]
    unknown: list[str]

    @property
    def equal(self) -> bool:
        """Whether every row is as it was."""
        return not any(mart.differing for mart in self.marts.values())


def reproduce(home: Home, run_id: str | None, listener: Progress) -> Report:
    """Makes the forecast of a published run again, of the one that readers see where none is named.

    AforoError where it can't be made again or nothing is kept to compare it with: what is missing, and why.
    """
    of_run = _record(home, run_id)
    with _scratch(home) as scratch:
        kept = _kept(home, of_run.run_id, scratch)
        moment = _moment(scratch, of_run)
        _build(scratch, of_run, moment, listener)
        with duckdb.connect(config=tables.CONNECTION) as connection:
            connection.execute(f"attach {literal(str(scratch.warehouse))} as made (read_only)")
            marts = {mart: _compare(connection, kept.relations[mart], mart) for mart in MARTS}
            worst = _worst(connection, kept.relations[MARTS[1]])
        differences, unknown = _differences(home, scratch, of_run, moment)
    return Report(of_run.run_id, moment, kept.origin, marts, worst, differences, unknown)


def _record(home: Home, run_id: str | None) -> record.Record:
    run_id = run_id or releases.require_published(home).name
    if not releases.is_run_id(run_id):
        what = t("{run_id} is no run's id", run_id=repr(run_id))
        raise AforoError([Problem(what, t("give one of marts.ejecuciones or AFORO_HOME/history"))])
    try:
        found = record.load(home.runs / f"{run_id}.json")
    except ValueError:
        what = t("what run {run_id} was asked is not known: its record is gone or damaged", run_id=run_id)
        raise AforoError([Problem(what, _retained())]) from None
    if found.status != "published":
        what = t("run {run_id} published nothing", run_id=run_id)
        raise AforoError([Problem(what, t("give a published run: marts.ejecuciones lists them"))])
    return found


def _retained() -> str:
    return t(
        "`aforo vacuum` deletes records and forecasts after the var dias_publicaciones; restore a backup"
    )


@contextlib.contextmanager
def _scratch(home: Home) -> Iterator[Home]:
    """A home with the history of the source alone, deleted at the end, whatever ends it."""
    copy = home.history_copy
    if not copy.exists():
        what = t("there is no copy of the history in {parent}", parent=copy.parent)
        raise AforoError([Problem(what, t("run `aforo run` once, or restore a backup"))])
    with tempfile.TemporaryDirectory(prefix="aforo-reproduce-") as folder:
        file = home.warehouse if home.warehouse.exists() else copy
        if shutil.disk_usage(folder).free < _ROOM * file.stat().st_size:
            what = t("the disk of {folder} has no room for a scratch home", folder=Path(folder).parent)
            raise AforoError([Problem(what, t("free some space there, or name another folder in TMPDIR"))])
        scratch = Home(Path(folder))
        marker.enter(scratch)
        shutil.copyfile(copy, scratch.warehouse)
        try:
            upgrade.upgrade(scratch)
        except duckdb.Error as error:
            what = t("the copy of the history {copy} is damaged", copy=copy)
            raise AforoError(
                [Problem(what, t("move it away and run `aforo backup`, which makes it again"))]
            ) from error
        yield scratch


def _kept(home: Home, run_id: str, scratch: Home) -> Kept:
    """What is kept, copied: a run may delete a release meanwhile."""
    release = home.releases / run_id
    files = {mart: release / "parquet" / f"{mart}.parquet" for mart in MARTS}
    origin = "release"
    if not release.is_dir() or releases.damage(release):
        files, origin = {MARTS[1]: home.history / f"{run_id}.parquet"}, "history"
    relations = {}
    for mart, file in files.items():
        copy = scratch.root / f"{mart}.parquet"
        try:
            shutil.copyfile(file, copy)
            relations[mart] = f"(from read_parquet({literal(pattern(copy))}))"
            duckdb.sql(f"from {relations[mart]} limit 0")
        except (OSError, duckdb.Error):
            what = t("the forecast of run {run_id} is no longer kept, or damaged", run_id=run_id)
            raise AforoError([Problem(what, _retained())]) from None
    if origin == "history":
        # The history has the detail of each forecast; the mart of five columns is a part of it.
        relations[MARTS[0]] = f"(select {', '.join(KEY)}, predict_alumnos from {relations[MARTS[1]]})"
    return Kept(relations, origin)


def _moment(scratch: Home, of_run: record.Record) -> str:
    """The moment (UTC) whose state the run stood on: as macros/vacuums.sql reckons it."""
    with duckdb.connect(str(scratch.warehouse), read_only=True, config=tables.CONNECTION) as connection:
        captured = connection.execute(
            f"select min(capturada_en) from landing.capturas where run_id = {literal(of_run.run_id)}"
        ).fetchone()
    # One that captured nothing knew what was captured before it began.
    began = datetime.strptime(of_run.run_id[:16], "%Y%m%dT%H%M%SZ") + timedelta(seconds=1)
    moment = (captured[0] if captured else None) or began
    as_of = of_run.as_of or f"{moment:%Y-%m-%d %H:%M:%S.%f}"
    folded = history.refusal(scratch, as_of)
    if folded:
        raise AforoError([folded])
    if not warehouse.inputs(scratch, as_of):
        what = t("the history of the source does not reach back to {as_of} UTC", as_of=as_of)
        raise AforoError([Problem(what, t("restore a backup that was made after that run"))])
    return as_of


def _build(scratch: Home, of_run: record.Record, moment: str, listener: Progress) -> None:
    asked = Settings(
        parse(str(DEFAULT_SOURCE)), scratch, period=of_run.period, horizon=of_run.horizon, as_of=moment
    )
    told = {"periodo": asked.period, "horizonte": asked.horizon, "as_of": moment, "run_id": of_run.run_id}
    listener.step_started("transform")
    began = datetime.now()
    result = run_dbt(REPRODUCE, asked, Variables(version_variables(), told), listener.node)
    seconds = (datetime.now() - began).total_seconds()
    listener.step_ended("transform", "done" if result.ok else "failed", seconds)
    if not result.ok:
        raise diagnosis.failure(result, scratch)


def _compare(connection: duckdb.DuckDBPyConnection, then: str, mart: str) -> Rows:
    now = f"(from made.marts.{mart})"
    had, has = (
        {name.lower(): None for name, *_ in connection.execute(f"describe from {relation}").fetchall()}
        for relation in (then, now)
    )
    values = [name for name in has if name in had and name not in STAMPS and name not in KEY]
    both = f"{then} as t full join {now} as n using ({', '.join(KEY)})"
    is_other = {name: f"t.{identifier(name)} is distinct from n.{identifier(name)}" for name in values}
    gone, new = "n.predict_alumnos is null", "t.predict_alumnos is null"
    [rows, differing, only_then, only_now, *of_columns] = connection.execute(
        f"""select
            count(*), count(*) filter ({" or ".join(is_other.values())}),
            count(*) filter ({gone}), count(*) filter ({new}),
            {", ".join(f"count(*) filter ({other})" for other in is_other.values())}
        from {both}"""
    ).fetchall()[0]
    columns = {name: count for name, count in zip(values, of_columns, strict=True) if count}
    alone = sorted((had.keys() ^ has.keys()) - STAMPS)
    return Rows(rows, differing, only_then, only_now, columns, alone)


def _worst(connection: duckdb.DuckDBPyConnection, then: str) -> list[dict[str, Any]]:
    """The rows whose expected students differ most."""
    return by_name(
        connection,
        f"""select {", ".join(KEY)}, t.media as "then", n.media as "now"
        from {then} as t full join made.marts.prediccion_detalle as n using ({", ".join(KEY)})
        where t.media is distinct from n.media
        order by abs(coalesce(t.media, 0) - coalesce(n.media, 0)) desc, {", ".join(KEY)}
        limit {SHOWN}""",
    )


def _differences(
    home: Home, scratch: Home, of_run: record.Record, moment: str
) -> tuple[list[Difference], list[str]]:
    """What is other than it was for the run, worst first; and of what its record says nothing."""
    packages = lineage.packages()
    had = lineage.kept_packages(home, of_run.package_set) if of_run.package_set else None
    said = {
        "versions": of_run.versions,
        "code": of_run.code,
        "packages": of_run.package_set,
        "inputs": of_run.inputs,
    }
    found = _other_inputs(scratch, of_run, moment, (had or packages)["duckdb"] == packages["duckdb"])
    if of_run.versions:
        found += unlike("version", of_run.versions, version_variables())
    if of_run.code and of_run.code != lineage.code():
        layers = unlike("code", of_run.layers, lineage.layers())
        found += layers or [Difference("code", "dbt", of_run.code, lineage.code())]
    if had:
        found += unlike("package", had, packages)
    elif of_run.package_set and of_run.package_set != lineage.short_hash(packages):
        found.append(Difference("package", "*", of_run.package_set, lineage.short_hash(packages)))
    commit = record.git_commit()
    if of_run.git_commit != commit:
        found.append(Difference("commit", "git", of_run.git_commit, commit))
    return found, [name for name, value in said.items() if not value]


def _other_inputs(scratch: Home, of_run: record.Record, moment: str, same_hash: bool) -> list[Difference]:
    """The tables whose rows are not those that the run read. same_hash: DuckDB hashes as it did then."""
    logged = {found.table: found.hash for found in warehouse.inputs(scratch, moment)}
    then = {found["table"]: found["hash"] for found in of_run.inputs} or logged
    if not same_hash:
        return unlike("input", then, logged)
    raw = schema_of("raw")
    with duckdb.connect(str(scratch.warehouse), read_only=True, config=tables.CONNECTION) as connection:
        now = {
            table: connection.execute(
                f"select cast(sum(hash(t)) as varchar) from {raw}.{table} as t"
            ).fetchall()[0][0]
            for table in contract_tables()
            if table in then
        }
    return unlike("input", then, now)
