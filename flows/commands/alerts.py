"""`aforo alerts`: the alerts that are open in what is published; a test of where they are sent."""

from typing import Annotated, Any

import typer

from flows import alerts, settings
from flows.commands.options import AsJson, Home, echo, explained
from flows.errors import AforoError, Problem
from flows.home import releases
from flows.language import t
from flows.screen.table import table

EXAMPLES = """Examples:

\b
  aforo alerts                                  what is wrong, since when, what to do
  aforo alerts --test                           a message to each address of AFORO_ALERTS
"""


def as_text(found: list[dict[str, Any]] | None) -> list[str]:
    """The open alerts for a person; None: what is published has no such mart."""
    if found is None:
        return [t("What is published was made before there were alerts: `aforo run` publishes them.")]
    if not found:
        return [t("No alert is open.")]
    header = [t("severity"), t("kind"), t("where"), t("since"), t("times")]
    lines = []
    for alert in found:
        where = [alert["gravedad"], alert["tipo"], alert["donde"], alert["desde_periodo"], alert["veces"]]
        lines += [*table([header, where]), f"  {alert['que']}", f"  -> {alert['que_hacer']}", ""]
    return lines[:-1]


def send_test() -> list[str]:
    """Sends a test to each destination; AforoError where there is none or one can't be reached."""
    found = alerts.destinations()
    if not found:
        remedy = t("set it to addresses of Apprise, with spaces between them (docs/operations.md)")
        raise AforoError([Problem(t("{variable} is not set", variable=alerts.VARIABLE), remedy)])
    failed = [each.name for each in found if not each.tell(alerts.sample())]
    if failed:
        remedy = t("check the address, its secret and that this machine reaches it")
        raise AforoError([Problem(t("the test did not reach {name}", name=name), remedy) for name in failed])
    return [t("The test was sent to {name}.", name=each.name) for each in found]


def command(
    home: Home = None,
    test: Annotated[
        bool, typer.Option("--test", help="Send a test to each address of AFORO_ALERTS.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The alerts that are open in what is published: what, where, since when, what to do."""
    where = settings.resolve_home(home)
    with explained(where):
        if test:
            told = send_test()
            echo(told, told, as_json)
            return
        releases.require_published(where)
        found = alerts.published(where)
    echo(found, as_text(found), as_json)
