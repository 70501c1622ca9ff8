"""What can be known before the source is read: is it there, is there a capture, is there room on the disk."""

import contextlib
import shutil
from datetime import datetime

from flows.errors import Problem
from flows.home import history, warehouse
from flows.settings import Settings

MIB = 2**20
# What a run needs on disk: the warehouse, its temporary files, a release and Prefect's database.
MIN_FREE_BYTES = 200 * MIB
FREE_TIMES_SOURCE = 10


def source_problems(settings: Settings) -> list[Problem]:
    """Why nothing of the source can be read; empty where it may be there."""
    if settings.mapping and not any(settings.mapping.glob("*.sql")):
        what = f"the mapping folder {settings.mapping} has no <table>.sql in it"
        remedy = "name the right one with --mapping or AFORO_MAPPING, or draft one: aforo init-source"
        return [Problem(what, remedy)]
    path = settings.source.path
    if path is None:
        return []
    if settings.source.kind == "duckdb":
        remedy = "name the right file with --source or AFORO_SOURCE"
        return [] if path.is_file() else [Problem(f"the source file {path} does not exist", remedy)]
    remedy = "name the right folder with --source or AFORO_SOURCE (docs/contract.md says what it holds)"
    try:
        if not path.exists():
            return [Problem(f"the source folder {path} does not exist", remedy)]
        if not path.is_dir():
            return [Problem(f"the source {path} is not a folder", remedy)]
        if not any(path.iterdir()):
            return [Problem(f"the source folder {path} is empty", remedy)]
    except OSError as error:
        return [Problem(f"the source folder {path} can't be read: {error.strerror}", remedy)]
    return []


def capture_problems(settings: Settings) -> list[Problem]:
    """Why what is captured can't stand for the source; empty where it can."""
    first = warehouse.first_capture(settings.home)
    if first is None:
        return [
            Problem(
                f"nothing was captured yet in {settings.home.root}",
                "run once without --offline and --as-of, so that the source is captured",
            )
        ]
    others = {found.source for found in warehouse.captures(settings.home)} - {settings.source_name}
    if settings.offline and others:
        return [
            Problem(
                f"what is captured in {settings.home.root} is not of {settings.source_name} alone, but of "
                f"{', '.join(sorted(others))}",
                "name the source that was captured with --source, or run once without --offline",
            )
        ]
    if settings.as_of is not None and datetime.fromisoformat(settings.as_of) < first:
        return [
            Problem(
                f"nothing was captured yet at {settings.as_of} UTC",
                f"give --as-of a moment after the first capture, of {first:%Y-%m-%dT%H:%M:%S} UTC",
            )
        ]
    folded = history.refusal(settings.home, settings.as_of) if settings.as_of is not None else None
    return [folded] if folded else []


def disk_problems(settings: Settings) -> list[Problem]:
    """That the disk has less room than a run needs; empty where it has enough."""
    needed = MIN_FREE_BYTES
    source = settings.source.path
    if settings.captures and source:
        files = (path for path in [source, *source.rglob("*")] if path.is_file())
        # The size of a source that disappears meanwhile can't be read: the audit will say so.
        with contextlib.suppress(OSError):
            needed += FREE_TIMES_SOURCE * sum(path.stat().st_size for path in files)
    free = shutil.disk_usage(settings.home.root).free
    if free >= needed:
        return []
    return [
        Problem(
            f"the disk of {settings.home.root} is nearly full: {free / MIB:,.0f} MiB free, "
            f"{needed / MIB:,.0f} MiB needed",
            "free some space there, or use another --home",
        )
    ]
