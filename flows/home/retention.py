"""How long each place of a home keeps what is in it; `aforo vacuum` enforces it (docs/data_dictionary.md).

| place | kept |
| --- | --- |
| snapshots | var dias_historia, and what published forecasts were made from (macros/vacuums.sql) |
| history, runs | var dias_publicaciones; the published run's always |
| logs | var dias_registros; begun anew at each vacuum |
| Prefect's database | ninety days, by its own server (flows/settings.py) |
| releases, cache | the newest three; sixty days unused |
| a lake | its option expire_older_than, which is var dias_publicaciones where a push makes the lake |
| backup | one copy of the history; var dias_registros for the backups from before upgrades |
"""

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from flows.home import releases
from flows.settings import PROJECT, Home

DAY_SECONDS = 86_400
_DATED = re.compile(r"\.\d{8}\.log$")


@dataclass(frozen=True)
class Days:
    """The vars of dbt_project.yml that say how many days are kept."""

    historia: int
    publicaciones: int
    registros: int


def days() -> Days:
    """The days as dbt_project.yml has them."""
    stated = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    return Days(*(int(stated[f"dias_{name}"]) for name in ("historia", "publicaciones", "registros")))


def expire(home: Home, kept: Days) -> dict[str, int]:
    """Deletes what is kept no longer, but for the source's history: place -> how many files went.

    The published run's forecast and record stay, however old. Who calls it holds the home.
    """
    gone = {
        "history": list(_old_runs(home, home.history, ".parquet", kept.publicaciones)),
        "runs": list(_old_runs(home, home.runs, ".json", kept.publicaciones)),
        "logs": list(_old(home.logs.glob("*.log*"), kept.registros)),
        "backup": list(_old(home.history_copy.parent.glob("before_format_*.tar.gz"), kept.registros)),
    }
    for file in (file for files in gone.values() for file in files):
        file.unlink(missing_ok=True)
    _begin_logs_anew(home)
    return {place: len(files) for place, files in gone.items()}


def _old_runs(home: Home, folder: Path, suffix: str, kept_days: int) -> Iterator[Path]:
    """The files of runs that began longer ago; a file that no run wrote is left as it is."""
    oldest = f"{datetime.now(UTC) - timedelta(days=kept_days):%Y%m%dT%H%M%SZ}"
    published = releases.published_run(home)
    for file in sorted(folder.glob(f"*{suffix}")):
        run_id = file.name.removesuffix(suffix)
        if releases.is_run_id(run_id) and run_id != published and run_id < oldest:
            yield file


def _old(files: Iterable[Path], kept_days: int) -> Iterator[Path]:
    """The files that nobody has written to for so long."""
    oldest = time.time() - kept_days * DAY_SECONDS
    return (file for file in sorted(files) if file.stat().st_mtime < oldest)


def _begin_logs_anew(home: Home) -> None:
    """Today's logs get their date; who has one open goes on in it."""
    today = f"{datetime.now(UTC):%Y%m%d}"
    for file in sorted(home.logs.glob("*.log")):
        dated = file.with_name(f"{file.stem}.{today}.log")
        if not _DATED.search(file.name) and not dated.exists():
            file.rename(dated)
