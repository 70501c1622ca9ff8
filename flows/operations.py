"""The flows beside the forecast, as `aforo serve` and a worker run them: capture, monitor, backtest, vacuum.

Each is also a command or part of one; here it waits for its turn on the home, has a limit on its time, and
shows in Prefect what it found.
"""

import contextlib
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from prefect import flow, runtime
from prefect.artifacts import create_markdown_artifact
from prefect.deployments import run_deployment
from prefect.logging import get_run_logger

from flows import alerts, monitoring, pipeline, settings, stopping
from flows.commands import backtest as backtests
from flows.commands import vacuum as vacuums
from flows.dbt import diagnosis
from flows.home import retention, warehouse
from flows.language import t
from flows.prefect import deployments, flow_runs, limits
from flows.screen import progress
from flows.screen.summary import markdown_table
from flows.settings import Home, Settings
from flows.steps import due

log = logging.getLogger(__name__)


@flow(name="aforo-capture", flow_run_name=flow_runs.name_of_job, timeout_seconds=limits.RUN_SECONDS)
def capture(source: str | None = None, home: str | None = None, mapping: str | None = None) -> str | None:
    """Audits the source and captures what is new; returns why a forecast is due now, None where none is.

    As a deployment's run it starts that forecast. Nothing is transformed or published.
    """
    asked = settings.resolve(source, home, mapping=mapping)
    with pipeline.session(asked, "aforo serve: capture") as run:
        pipeline.preflight(run)
        with run.dbt:
            pipeline.read_source(run)
            pipeline.capture(run, alone=True)
        reason = due.reason(asked.home, datetime.now(UTC))
        run.record.end("captured")
        _show_captures(asked.home, run.record.fallbacks)
    get_run_logger().info(f"forecast: {reason or 'none is due'}")
    if reason and runtime.deployment.id:
        run_deployment(f"{pipeline.aforo.name}/{deployments.FORECAST.name}", timeout=0, as_subflow=False)
    return reason


@flow(name="aforo-monitor", flow_run_name=flow_runs.name_of_job, timeout_seconds=limits.RUN_SECONDS)
def monitor(home: str | None = None) -> list[dict[str, Any]]:
    """`aforo monitor`: the alerts that the newest capture gives, told where new; returns the open ones."""
    asked = settings.resolve(home=home)
    with _job(asked):
        found = monitoring.monitor(asked)
        opened = [alert for alert in found["alerts"] if monitoring.is_open(alert)]
        alerts.deliver_if_possible(asked.home, opened)
    columns = ("gravedad", "que", "desde_periodo", "que_hacer")
    rows = [{name: alert[name] for name in columns} for alert in opened]
    create_markdown_artifact(
        "\n".join(markdown_table(list(columns), rows)) if rows else t("No alert is open."),
        key="aforo-alerts",
        description="The open alerts",
    )
    return opened


@flow(name="aforo-backtest", flow_run_name=flow_runs.name_of_job, timeout_seconds=limits.RUN_SECONDS)
def backtest(
    home: str | None = None, horizon: int = settings.DEFAULT_HORIZON, origins: int = backtests.ORIGINS
) -> list[dict[str, Any]]:
    """`aforo backtest`: forecasts the past periods again from the last capture, with models selected anew."""
    asked = settings.resolve(home=home, horizon=horizon)
    with _job(asked):
        errors = backtests.run(asked, origins, progress.LogProgress())
    header = [t("horizon"), t("model"), t("origins"), "WAPE", t("bias")]
    shown = [error for error in errors if error["wape"] is not None]
    rows = [error | {"wape": f"{error['wape']:.3f}", "sesgo": f"{error['sesgo']:+.3f}"} for error in shown]
    create_markdown_artifact(
        "\n".join(markdown_table(header, rows)), key=flow_runs.ACCURACY, description="Errors on the backtest"
    )
    return errors


@flow(name="aforo-vacuum", flow_run_name=flow_runs.name_of_job, timeout_seconds=limits.RUN_SECONDS)
def vacuum(home: str | None = None, keep_days: int | None = None) -> dict[str, Any]:
    """`aforo vacuum`: folds history older than `keep_days`, else than dbt's var says."""
    asked = settings.resolve(home=home)
    with _job(asked):
        report = vacuums.run(asked.home, retention.days().historia if keep_days is None else keep_days)
    for line in report.as_text():
        get_run_logger().info(line)
    return report.as_json()


@contextlib.contextmanager
def _job(asked: Settings) -> Iterator[None]:
    """What a flow has around a command: its turn on the home, SIGTERM heard once, problems in words."""
    with limits.unattended(asked.home), stopping.spared(lambda: False):
        try:
            yield
        except Exception as error:
            log.exception("%s failed", runtime.flow_run.name)
            raise diagnosis.explain_exception(error, asked.home) from error


def _show_captures(home: Home, fallbacks: dict[str, str]) -> None:
    """The newest good capture of each table, and why it stands in for what was read now."""
    header = [t("table"), t("rows"), t("captured (UTC)"), t("why")]
    rows = [
        {
            "table": found.table,
            "rows": found.rows,
            "captured": f"{found.at:%Y-%m-%d %H:%M}",
            "why": fallbacks.get(found.table, ""),
        }
        for found in warehouse.captures(home)
    ]
    try:
        create_markdown_artifact(
            "\n".join(markdown_table(header, rows)),
            key=flow_runs.SOURCES,
            description="The newest capture of each source table",
        )
    except Exception:
        log.exception("Prefect is not shown what was captured")
