"""`aforo vacuum`: what is kept no longer goes (flows/home/retention.py), and old history is folded.

What goes is decided and logged by dbt's operation `vacuum` (macros/vacuums.sql); here it is started and told.
What went can't be rebuilt: flows/home/history.py says so to an `--as-of` that asks for it.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import pyarrow
import pyarrow.parquet
import typer

from flows import settings
from flows.commands.options import AsJson, Home, echo, explained
from flows.dbt import diagnosis
from flows.dbt.runner import VACUUM, Variables, run_dbt
from flows.errors import AforoError, Problem
from flows.home import backup, lock, releases, retention, warehouse
from flows.language import t
from flows.project import version_variables
from flows.quoting import pattern
from flows.screen.table import table
from flows.settings import Home as HomeFolder

EXAMPLES = """Examples:

\b
  aforo vacuum                                  what is older than two years
  aforo vacuum --keep-days 90                   what is older than ninety days
"""


@dataclass(frozen=True)
class Folded:
    """A table of the history, with its rows before and after."""

    table: str
    before: int
    after: int


@dataclass(frozen=True)
class Report:
    """What a vacuum did: the capture that it folded up to (None: none is that old), and what it kept.

    expired: place of the home -> how many old files went.
    """

    keep_days: int
    cut: datetime | None
    moments: list[datetime]
    tables: list[Folded]
    expired: dict[str, int]

    @property
    def deleted(self) -> int:
        """Rows that went."""
        return sum(folded.before - folded.after for folded in self.tables)

    def as_json(self) -> dict[str, Any]:
        """The same for `--json`; moments are UTC."""
        return {
            "keep_days": self.keep_days,
            "cut": self.cut.isoformat() if self.cut else None,
            "kept_moments": [moment.isoformat() for moment in self.moments],
            "tables": {
                folded.table: {"before": folded.before, "after": folded.after} for folded in self.tables
            },
            "expired": self.expired,
        }

    def as_text(self) -> list[str]:
        """The same for a person."""
        old = [f"{count} old files of {place} are gone." for place, count in self.expired.items() if count]
        if not self.deleted:
            return [*old, f"Nothing to fold: no unused history is older than {self.keep_days} days."]
        rows = [[folded.table, folded.before, folded.after] for folded in self.tables]
        return [
            *old,
            f"History up to {self.cut:%Y-%m-%d %H:%M:%S} UTC is folded: {self.deleted:,} rows are gone.",
            "Kept are every current row and what the published forecasts were made from "
            f"({len(self.moments)} moments).",
            *table([["table", "rows before", "after"], *rows]),
        ]


def run(home: HomeFolder, keep_days: int) -> Report:
    """Folds the history of the home's warehouse, all or nothing; nothing that is published is touched."""
    if warehouse.first_capture(home) is None:
        raise AforoError(
            [Problem(t("nothing was captured yet in {root}", root=home.root), t("run `aforo run` once"))]
        )
    with lock.exclusive(home, "aforo vacuum"):
        # A run that was killed while it published counts as published, or not, from here on.
        releases.recover(home)
        backup.require_history(home)
        expired = retention.expire(home, retention.days())
        before = warehouse.vacuums(home)
        asked = settings.resolve(home=str(home.root))
        arguments = {"dias": keep_days, "historias": [pattern(file) for file in _histories(home)]}
        result = run_dbt([*VACUUM, json.dumps(arguments)], asked, Variables(version_variables()))
        if not result.ok:
            raise diagnosis.failure(result, home)
        backup.keep(home)
        if warehouse.vacuums(home) == before:
            return Report(keep_days, None, [], [], expired)
        cut, moments, counted = warehouse.last_vacuum(home)
    folded = [Folded(*each.values()) for each in counted]
    return Report(keep_days, cut, moments, folded, expired)


def _histories(home: HomeFolder) -> list[Path]:
    """The forecasts that were published; AforoError for one that can't be read, so that nothing is folded."""
    files = sorted(home.history.glob("*.parquet"))
    for file in files:
        try:
            pyarrow.parquet.read_schema(file)
        except (OSError, pyarrow.ArrowException) as error:
            raise AforoError(
                [
                    Problem(
                        t(
                            "what the forecasts of {history} were made from can't be read, so that nothing "
                            "was folded: {file}: {reason}",
                            history=home.history,
                            file=file.name,
                            reason=str(error).splitlines()[0],
                        ),
                        t("bring it back from a copy, or move it away if its forecast need not be rebuilt"),
                    )
                ]
            ) from error
    return files


def command(
    home: Home = None,
    keep_days: Annotated[
        int | None,
        typer.Option(
            min=0, help="How many days of history stay whole. Else the var dias_historia of dbt_project.yml."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Delete what is kept no longer: old forecasts, records, logs; history that no published one needs."""
    where = settings.resolve_home(home)
    with explained(where):
        report = run(where, retention.days().historia if keep_days is None else keep_days)
    echo(report.as_json(), report.as_text(), as_json)
