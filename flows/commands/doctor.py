"""`aforo doctor`: what is wrong with a home and the machine around it, and the command that mends it."""

from dataclasses import asdict
from typing import Any

import typer

from flows import settings
from flows.commands.options import AsJson, Home, Mapping, Source, echo
from flows.doctor import home as of_home
from flows.doctor import machine
from flows.doctor.check import Check, Looked, busy, look
from flows.errors import AforoError
from flows.home import lock, marker
from flows.language import marked, t
from flows.settings import Settings
from flows.source import parse

CHECKS: dict[str, Looked] = {
    marked("variables"): machine.environment,
    marked("packages"): machine.packages,
    marked("permissions"): of_home.permissions,
    marked("disk"): of_home.disk,
    marked("lock"): of_home.holder,
    marked("clock"): of_home.clock,
    marked("format"): of_home.format_,
    marked("warehouse"): of_home.warehouse_,
    marked("history copy"): of_home.history_copy,
    marked("published"): of_home.published,
    marked("past forecasts"): of_home.past_forecasts,
    marked("records"): of_home.records,
    marked("leftovers"): of_home.leftovers,
    marked("last backup"): of_home.last_backup,
    marked("prefect"): machine.prefect,
    marked("mapping"): machine.mapping,
    marked("source"): machine.source,
}


# These open the warehouse.
OPENING = {"clock", "format", "warehouse", "history copy"}


def examine(asked: Settings) -> list[Check]:
    """Every check, in order; none changes anything. What a run has is not looked at, or the run waits."""
    with lock.at_rest(asked.home) as free:
        return [
            look(name, looked, asked) if free or name not in OPENING else busy(name)
            for name, looked in CHECKS.items()
        ]


def as_json(asked: Settings, checks: list[Check]) -> dict[str, Any]:
    """The same for `--json`."""
    return {"home": str(asked.home.root), "sound": _is_sound(checks), "checks": [asdict(c) for c in checks]}


def as_text(asked: Settings, checks: list[Check]) -> list[str]:
    """The same for a person: a line a check, and below it what to do."""
    lines = [t("Home: {home}", home=asked.home.root)]
    for check in checks:
        lines.append(f"  {t(check.state)}: {t(check.name)}: {check.what}")
        if check.remedy:
            lines.append(f"    -> {check.remedy}")
    sound = t("Nothing is wrong.") if _is_sound(checks) else t("Something is wrong: see above.")
    return [*lines, sound]


def _is_sound(checks: list[Check]) -> bool:
    return all(check.state != "wrong" for check in checks)


def command(
    source: Source = None, home: Home = None, mapping: Mapping = None, as_json_: AsJson = False
) -> None:
    """Say what is wrong with a home and what to run; exit 1 where something is. Changes nothing."""
    where = settings.resolve_home(home)
    marker.look(where)
    try:
        asked = settings.resolve(source=source, home=home, mapping=mapping)
        refused = []
    except AforoError as error:
        # Everything else can be looked at.
        asked = Settings(parse(str(settings.DEFAULT_SOURCE)), where)
        refused = [
            Check(marked("settings"), "wrong", problem.what, problem.remedy) for problem in error.problems
        ]
    checks = [*refused, *examine(asked)]
    echo(as_json(asked, checks), as_text(asked, checks), as_json_)
    if not _is_sound(checks):
        raise typer.Exit(1)
