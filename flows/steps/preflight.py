"""What can be known before the source is read: is it there, a capture, room on the disk, the right time."""

import contextlib
import shutil
from datetime import UTC, datetime

from flows.errors import Problem
from flows.home import history, releases, warehouse
from flows.settings import Home, Settings, is_demo

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
    names = warehouse.sources(settings.home)
    if settings.offline and settings.source_name not in names:
        return [
            Problem(
                f"what is captured in {settings.home.root} is not of {settings.source_name}, but of "
                f"{', '.join(sorted(names))}",
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


def demo_problems(settings: Settings) -> list[Problem]:
    """That the demo institute would take the place of another in the home; empty where it would not."""
    held = [found for found in warehouse.captures(settings.home) if found.rows and not is_demo(found.source)]
    if not settings.is_demo or not held:
        return []
    names = ", ".join(sorted({found.source for found in held}))
    return [
        Problem(
            f"the demo institute is no source for {settings.home.root}, which holds what was captured of "
            f"{names}",
            "name the institute's source with --source or AFORO_SOURCE; for the demo, use another --home",
        )
    ]


def clock_problems(home: Home) -> list[Problem]:
    """That the clock is behind what the home holds: its history would end before it begins. Else empty."""
    now = datetime.now(UTC)
    known = []
    capture = warehouse.latest(home)
    if capture:
        known.append((capture[1].replace(tzinfo=UTC), f"capture of {capture[0]}"))
    manifest = releases.published_manifest(home)
    if manifest:
        known.append(
            (datetime.fromisoformat(manifest["published_at"]), f"publication, run {manifest['run_id']}")
        )
    ahead = [(moment, what) for moment, what in known if moment > now]
    if not ahead:
        return []
    moment, what = max(ahead)
    return [
        Problem(
            f"this machine's clock says {now:%Y-%m-%d %H:%M:%S} UTC, which is before the newest {what}, of "
            f"{moment:%Y-%m-%d %H:%M:%S} UTC in {home.root}",
            "set the clock right; if it is right now and was ahead then, bring back a copy of the home from "
            "before, or use another --home (docs/reliability.md)",
        )
    ]


def disk_problems(settings: Settings) -> list[Problem]:
    """That the disk has less room than a run needs; empty where it has enough."""
    needed = MIN_FREE_BYTES
    source = settings.source.path
    if settings.reads_source and source:
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
