"""Monitoring between two forecasts: the alerts that the newest capture gives, without a new forecast.

It works on a copy of the warehouse: platinum, the judgement of what was published, the conditions and the
alerts are built there, and the copy is deleted. So neither the warehouse nor what is published changes, and a
run of the same moment finds what it left. The alerts are kept in AFORO_HOME/alerts/alertas.json; in the
published file marts.alertas stays what it was when that forecast was made.
"""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from flows import alerts
from flows.dbt import diagnosis
from flows.dbt.runner import MONITOR, Variables, run_dbt
from flows.errors import AforoError
from flows.home import lock, releases, state, warehouse
from flows.home.record import utc_now
from flows.project import version_variables
from flows.settings import Home, Settings


def monitor(asked: Settings) -> dict[str, Any]:
    """Builds the alerts anew from the newest capture and keeps them: {made_at, run_id, alerts}.

    alerts: all rows of marts.alertas, as `flows.alerts.read` has them;
    run_id: the published forecast that they judge. Reads no source and publishes nothing. AforoError where
    nothing is published, another process holds the home, or dbt fails.
    """
    home = asked.home
    with lock.exclusive(home, "aforo monitor"):
        releases.require_published(home)
        with _copy(home) as copy:
            result = run_dbt(MONITOR, replace(asked, home=copy), Variables(version_variables()))
            if not result.ok:
                raise diagnosis.failure(result, home)
            found = {
                "made_at": utc_now(),
                "run_id": releases.published_run(home),
                "alerts": alerts.read(copy.warehouse, closed=True),
            }
        state.save(kept_in(home), found)
    return found


def is_open(alert: dict[str, Any]) -> bool:
    """Whether an alert holds in the newest period that was looked at."""
    return alert["estado"] != "cerrada"


def kept_in(home: Home) -> Path:
    """The file that keeps what `monitor` found last."""
    return home.root / "alerts" / "alertas.json"


@contextlib.contextmanager
def _copy(home: Home) -> Iterator[Home]:
    """A home with a copy of the warehouse and the same history, deleted at the end."""
    lost = warehouse.problem(home)
    if lost:
        raise AforoError([lost])
    copy = Home(home.root / "alerts" / "copy")
    shutil.rmtree(copy.root, ignore_errors=True)
    try:
        copy.root.mkdir(parents=True)
        # What a killed run left beside it belongs to it.
        for file in home.root.glob(f"{home.warehouse.name}*"):
            if file.is_file():
                shutil.copyfile(file, copy.root / file.name)
        home.history.mkdir(exist_ok=True)
        copy.history.symlink_to(home.history.resolve(), target_is_directory=True)
        yield copy
    finally:
        shutil.rmtree(copy.root, ignore_errors=True)
