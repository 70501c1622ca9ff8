"""The checks of a home: is all of it there and whole, and can the next run work on it."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from flows.doctor.check import Finding, fine, warning, wrong
from flows.errors import Problem
from flows.home import archive, backup, lock, marker, record, releases, tables, upgrade, warehouse
from flows.language import t
from flows.quoting import literal, pattern
from flows.settings import Home, Settings
from flows.steps import preflight

# A backup that is older is said: by then a week's captures would be lost with the machine.
BACKUP_DAYS = 7
LEFTOVERS = (
    "releases/.building-*", "history/*.pending", "runs/*.tmp", "published.*.tmp", "backup/*.tmp",
    "*.restoring", archive.DRAFT,
)  # fmt: skip


def permissions(settings: Settings) -> Finding:
    """Whether the user that asks may write in the home, or make it."""
    root = settings.home.root
    there = next(path for path in (root, *root.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        what = t("nothing can be written in the home {root}", root=root)
        return wrong(Problem(what, t("give the user that runs aforo the right to, or use another --home")))
    if root == there:
        return fine(t("{root} can be written", root=root))
    return warning(t("there is no home {root} yet", root=root), t("run `aforo run`, which makes it"))


def disk(settings: Settings) -> Finding:
    """Whether the disk has the room that a run needs."""
    if not settings.home.root.exists():
        return fine(t("there is nothing yet"))
    problems = preflight.disk_problems(settings)
    return wrong(problems[0]) if problems else fine(t("a run has room"))


def holder(settings: Settings) -> Finding:
    """Whether who says that it holds the home is alive."""
    home = settings.home
    alive = lock.holder_of(home)
    if alive:
        return fine(
            t(
                "process {pid} works on it ({purpose}, since {since})",
                pid=alive["pid"],
                purpose=alive["purpose"],
                since=alive["since"],
            )
        )
    if (home.root / "aforo.lock.json").exists():
        what = t("a process that is gone has left its note aforo.lock.json")
        return warning(what, t("nothing: it holds nothing, and the next run replaces it"))
    return fine(t("nobody works on it"))


def format_(settings: Settings) -> Finding:
    """Whether the home is of this release's format."""
    home = settings.home
    if not home.warehouse.exists():
        return fine(t("there is nothing yet"))
    with duckdb.connect(str(home.warehouse), read_only=True, config=tables.CONNECTION) as connection:
        held = upgrade.format_of(connection)
        differences = upgrade.differences(connection)
    if held > marker.FORMAT:
        return wrong(marker.newer(home, held))
    if held < marker.FORMAT or differences:
        what = t("the home is of format {held}, this release makes {ours}", held=held, ours=marker.FORMAT)
        return warning(what, t("nothing: the next run upgrades it, after a backup of it"))
    return fine(t("format {held}", held=held))


def warehouse_(settings: Settings) -> Finding:
    """Whether every table of the warehouse can be read."""
    home = settings.home
    if (home.root / backup.RESTORING).exists():
        what = t("a restore of the home {root} was cut off", root=home.root)
        return wrong(Problem(what, t("run `aforo restore`, which finishes it")))
    problem = warehouse.problem(home)
    if problem:
        return wrong(problem)
    if not home.warehouse.exists():
        return fine(t("there is nothing yet"))
    return _every_table(home.warehouse, lambda error: warehouse.damaged(home.warehouse, error))


def history_copy(settings: Settings) -> Finding:
    """Whether the home's own copy of the source's history can be read."""
    copy = settings.home.history_copy
    if not copy.exists():
        if warehouse.latest(settings.home) is None:
            return fine(t("there is nothing yet"))
        what = t("there is no copy of the history in {parent}", parent=copy.parent)
        return warning(what, t("run `aforo backup`, which makes it"))
    remedy = t("move it away and run `aforo backup`, which makes it again")
    what = t("the copy of the history {copy} is damaged", copy=copy)
    return _every_table(copy, lambda _: Problem(what, remedy))


def published(settings: Settings) -> Finding:
    """Whether `published` names a release whose files are as they were published."""
    home = settings.home
    run_id = releases.published_run(home)
    if run_id is None:
        return fine(t("nothing is published yet"))
    damage = releases.damage(home.releases / run_id)
    if damage:
        what = t("{release}: {damage}", release=home.releases / run_id, damage="; ".join(damage))
        return wrong(Problem(what, t("run `aforo run`, which publishes anew")))
    return fine(t("run {run_id}, as it was published", run_id=run_id))


def past_forecasts(settings: Settings) -> Finding:
    """Whether every published forecast that is kept can be read whole."""
    unreadable = []
    files = sorted(settings.home.history.glob("*.parquet"))
    with duckdb.connect(config=tables.CONNECTION) as connection:
        for file in files:
            try:
                path = literal(pattern(file))
                connection.execute(f"select sum(hash(f)::hugeint) from read_parquet({path}) as f").fetchall()
            except duckdb.Error:
                unreadable.append(file.name)
    if unreadable:
        what = t("{files}: can't be read", files=", ".join(unreadable))
        return wrong(Problem(what, t("bring it back from a backup (docs/runbook.md), or move it away")))
    return fine(t("{count} forecasts can be read", count=len(files)))


def records(settings: Settings) -> Finding:
    """Whether every file in runs/ is a record of a run."""
    found, others = record.read_all(settings.home)
    if others:
        what = t("{files}: no record of a run", files=", ".join(path.name for path in others))
        return warning(what, t("bring it back from a backup (docs/runbook.md), or move it away"))
    return fine(t("{count} records can be read", count=len(found)))


def leftovers(settings: Settings) -> Finding:
    """Whether a killed run has left work in progress."""
    home = settings.home
    if lock.holder_of(home):
        return fine(t("a run is at work"))
    left = [str(path.relative_to(home.root)) for name in LEFTOVERS for path in home.root.glob(name)]
    left += [
        f"runs/{found.run_id}.json" for found in record.read_all(home)[0]
        if found.status == "interrupted" and not found.ended_at
    ]  # fmt: skip
    if left:
        what = t("a run or restore that was killed has left {files}", files=", ".join(left))
        return warning(what, t("nothing: the next run sets it right"))
    return fine(t("nothing is left of killed runs"))


def clock(settings: Settings) -> Finding:
    """Whether the clock is behind what the home holds."""
    problems = preflight.clock_problems(settings.home)
    return wrong(problems[0]) if problems else fine(t("it is after the newest capture and publication"))


def last_backup(settings: Settings) -> Finding:
    """Whether there is a backup, and of when."""
    home = settings.home
    if not home.warehouse.exists():
        return fine(t("there is nothing yet"))
    made = _backup_of(home)
    if made is None:
        return warning(t("no backup was made yet"), t("run `aforo backup --to FOLDER`, on another disk"))
    moment, path = made
    days = (datetime.now(UTC) - moment).days
    if days >= BACKUP_DAYS:
        what = t("the last backup is {days} days old", days=days)
        return warning(what, t("run `aforo backup --to FOLDER`, on another disk"))
    return fine(t("{path}, {days} days old", path=path, days=days))


def _backup_of(home: Home) -> tuple[datetime, str] | None:
    try:
        made = json.loads(home.last_backup.read_text(encoding="utf-8"))
        return datetime.fromisoformat(made["made_at"]), str(made["path"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _every_table(file: Path, problem: Callable[[str], Problem]) -> Finding:
    try:
        with duckdb.connect(str(file), read_only=True, config=tables.CONNECTION) as connection:
            found = tables.read(connection, file.stem, "true")
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            raise
        return wrong(problem(str(error).splitlines()[0]))
    return fine(t("{count} tables can be read", count=len(found)))
