"""What `aforo status` says: the last run, the published forecast and its sums, the health of its source."""

from dataclasses import asdict
from typing import Any

import typer

from flows import settings
from flows.commands.options import AsJson, Home, echo, explained
from flows.errors import Problem
from flows.errors import as_text as problem_text
from flows.home import record, releases, rollback, warehouse
from flows.language import t
from flows.screen import summary
from flows.screen.table import table


def read(home: settings.Home) -> dict[str, Any]:
    """The last run's record and the summary of what is published, either None where there is none."""
    records, others = record.read_all(home)
    folder = releases.published_folder(home)
    damage = releases.damage(folder) if folder else []
    manifest = None if damage else releases.published_manifest(home)
    lost = warehouse.problem(home)
    under = rollback.in_force(home)
    return {
        "home": str(home.root),
        "last_run": asdict(records[-1]) if records else None,
        "published": summary.summarise(home, manifest) if manifest else None,
        "rollback": under,
        "damaged": [f"{folder}: {what}" for what in damage],
        "warehouse": lost.as_json() if lost else None,
        "no_records": [str(path) for path in others],
    }


def as_text(found: dict[str, Any]) -> list[str]:
    """The same for a person."""
    lines = [t("Home: {home}", home=found["home"]), *_last_run(found["last_run"])]
    lines += [
        "  " + t("{path} is no record of a run: it is left as it is.", path=path)
        for path in found["no_records"]
    ]
    if found["warehouse"]:
        lines += problem_text(Problem(**found["warehouse"]))
    published = found["published"]
    if found["damaged"]:
        lines += [t("Published: damaged."), *(f"  {what}" for what in found["damaged"])]
        return [*lines, f"  -> {t('run `aforo run`, which publishes anew')}"]
    if published is None:
        return [*lines, t("Published: nothing yet. `aforo run` makes and publishes a forecast.")]
    periods = ", ".join(map(str, published["periods"]))
    lines.append(
        t(
            "Published: {periods}, at {moment} (run {run_id})",
            periods=periods,
            moment=published["published_at"],
            run_id=published["run_id"],
        )
    )
    lines.append("  " + t("file {file}", file=published["file"]))
    if found["rollback"]:
        lines.append(f"  {rollback.as_text(found['rollback'])}")
    lines.append(t("Sources of the published forecast:"))
    columns = ("tabla", "estado", "filas", "capturada_en", "edad_dias", "en_cuarentena")
    header = [t("table"), t("state"), t("rows"), t("captured (UTC)"), t("days old"), t("in quarantine")]
    rows = [[source[column] for column in columns] for source in published["sources"]]
    return [*lines, *table([header, *rows]), *summary.fallbacks(published["sources"])]


def _last_run(last: dict[str, Any] | None) -> list[str]:
    if last is None:
        return [t("Last run: none yet.")]
    steps = ", ".join(
        f"{step['name']} {t(step['state'])} ({step['seconds']:.1f} s)" for step in last["steps"]
    )
    lines = [
        t(
            "Last run: {run_id}, {status}, started {moment}",
            run_id=last["run_id"],
            status=t(last["status"]),
            moment=last["started_at"],
        ),
        "  " + t("source {source}", source=last["source"]),
        f"  {steps}",
    ]
    for problem in last["problems"]:
        lines += [f"  {line}" for line in problem_text(Problem(**problem))]
    return [*lines, *(f"  {hint}" for hint in last["hints"])]


def command(home: Home = None, as_json: AsJson = False) -> None:
    """The last run, the published forecast and the health of its source. Exit 1 where a file is damaged."""
    where = settings.resolve_home(home)
    with explained(where):
        found = read(where)
    echo(found, as_text(found), as_json)
    if found["damaged"] or found["warehouse"]:
        raise typer.Exit(1)
