"""`aforo monitor`: the alerts that the newest capture gives, without a new forecast."""

from typing import Any

from flows import monitoring, settings
from flows.commands.options import AsJson, Home, echo, explained
from flows.language import t

EXAMPLES = """Examples:

\b
  aforo monitor           the open alerts, and what to do
  aforo monitor --json    all alerts, the closed ones too, as one JSON document
"""


def as_text(found: dict[str, Any]) -> list[str]:
    """The open alerts for a person: what, since when, what to do."""
    shown = [alert for alert in found["alerts"] if monitoring.is_open(alert)]
    closed = len(found["alerts"]) - len(shown)
    lines = []
    for alert in shown:
        lines += [
            f"[{alert['gravedad']}] {alert['que']}",
            "  " + t("since {period}: {state}", period=alert["desde_periodo"], state=alert["estado"]),
            f"  -> {alert['que_hacer']}",
        ]
    return [
        *lines,
        t("{open} alerts are open; {closed} of before are closed.", open=len(shown), closed=closed),
    ]


def command(home: Home = None, as_json: AsJson = False) -> None:
    """Look at the newest capture and say which alerts are open. Nothing is forecast or published.

    They are kept in AFORO_HOME/alerts/alertas.json. What each means: docs/monitoring.md.
    """
    asked = settings.resolve(home=home)
    with explained(asked.home):
        found = monitoring.monitor(asked)
    echo(found, as_text(found), as_json)
