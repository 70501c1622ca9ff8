"""What can be known before the source is read: is it there, a capture, room on the disk, the right time."""

import contextlib
import shutil
from datetime import UTC, datetime

from flows.errors import Problem
from flows.home import history, releases, warehouse
from flows.language import t
from flows.settings import Home, Settings, is_demo

MIB = 2**20
# What a run needs on disk: the warehouse, its temporary files, a release and Prefect's database.
MIN_FREE_BYTES = 200 * MIB
FREE_TIMES_SOURCE = 10


def source_problems(settings: Settings) -> list[Problem]:
    """Why nothing of the source can be read; empty where it may be there."""
    if settings.mapping and not any(settings.mapping.glob("*.sql")):
        what = t("the mapping folder {mapping} has no <table>.sql in it", mapping=settings.mapping)
        remedy = t("name the right one with --mapping or AFORO_MAPPING, or draft one: aforo init-source")
        return [Problem(what, remedy)]
    path = settings.source.path
    if path is None:
        return []
    if settings.source.kind == "duckdb":
        remedy = t("name the right file with --source or AFORO_SOURCE")
        return (
            [] if path.is_file() else [Problem(t("the source file {path} does not exist", path=path), remedy)]
        )
    remedy = t("name the right folder with --source or AFORO_SOURCE (docs/contract.md says what it holds)")
    try:
        if not path.exists():
            return [Problem(t("the source folder {path} does not exist", path=path), remedy)]
        if not path.is_dir():
            return [Problem(t("the source {path} is not a folder", path=path), remedy)]
        if not any(path.iterdir()):
            return [Problem(t("the source folder {path} is empty", path=path), remedy)]
    except OSError as error:
        return [
            Problem(
                t("the source folder {path} can't be read: {strerror}", path=path, strerror=error.strerror),
                remedy,
            )
        ]
    return []


def capture_problems(settings: Settings) -> list[Problem]:
    """Why what is captured can't stand for the source; empty where it can."""
    first = warehouse.first_capture(settings.home)
    if first is None:
        return [
            Problem(
                t("nothing was captured yet in {root}", root=settings.home.root),
                t("run once without --offline and --as-of, so that the source is captured"),
            )
        ]
    names = warehouse.sources(settings.home)
    if settings.offline and settings.source_name not in names:
        return [
            Problem(
                t(
                    "what is captured in {root} is not of {source_name}, but of {sources}",
                    root=settings.home.root,
                    source_name=settings.source_name,
                    sources=", ".join(sorted(names)),
                ),
                t("name the source that was captured with --source, or run once without --offline"),
            )
        ]
    if settings.as_of is not None and datetime.fromisoformat(settings.as_of) < first:
        return [
            Problem(
                t("nothing was captured yet at {as_of} UTC", as_of=settings.as_of),
                t(
                    "give --as-of a moment after the first capture, of {first:%Y-%m-%dT%H:%M:%S} UTC",
                    first=first,
                ),
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
            t(
                "the demo institute is no source for {root}, which holds what was captured of {names}",
                root=settings.home.root,
                names=names,
            ),
            t("name the institute's source with --source or AFORO_SOURCE; for the demo, use another --home"),
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
            t(
                "this machine's clock says {now:%Y-%m-%d %H:%M:%S} UTC, which is before "
                "the newest {what}, of {moment:%Y-%m-%d %H:%M:%S} UTC in {root}",
                now=now,
                what=what,
                moment=moment,
                root=home.root,
            ),
            t(
                "set the clock right; if it is right now and was ahead then, bring back "
                "a copy of the home from before, or use another --home "
                "(docs/reliability.md)"
            ),
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
            t(
                "the disk of {root} is nearly full: {free} MiB free, {needed} MiB needed",
                root=settings.home.root,
                free=f"{free / MIB:,.0f}",
                needed=f"{needed / MIB:,.0f}",
            ),
            t("free some space there, or use another --home"),
        )
    ]
