"""The alerts of marts.alertas, told once when they open and once when they close, to each destination.

Destinations are Prefect, by an event an alert (docs/operations.md), and the addresses of AFORO_ALERTS, which
Apprise understands: mail, Slack, Teams, any URL, with spaces between them. They hold secrets: no message, log
or file repeats one.

AFORO_HOME/alerts/sent.json holds what each destination was told and not yet told the end of. What could not
be delivered is not in it, and so is tried again at the next delivery. The mart itself has no state.

A scheduled run that failed is told of in the same way, and when the same flow has ended well again.
"""

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from flows.errors import AforoError, Problem
from flows.home import releases, state
from flows.language import t
from flows.settings import Home

VARIABLE = "AFORO_ALERTS"
# Prefect's events: one an alert, and one for all of drift that opened at once.
OPENED = "aforo.alert.opened"
CLOSED = "aforo.alert.closed"
DRIFTED = "aforo.alerts.drifted"
# Kinds for which models selected anew may be better; they mend no source and no campus that is missing.
OF_DRIFT = frozenset({"volumen", "mezcla", "pronostico", "sesgo", "cobertura", "exactitud"})
# What begins the id of an alert that is not in the mart: a scheduled run that failed.
FAILED_RUN = "corrida_fallida|"
COLUMNS = (
    "alerta_id", "tipo", "gravedad", "nivel", "donde", "que", "valor", "umbral",
    "desde_periodo", "hasta_periodo", "veces", "estado", "que_hacer",
)  # fmt: skip

log = logging.getLogger(__name__)

Alert = dict[str, Any]


@dataclass(frozen=True)
class News:
    """What a destination has not been told yet: alerts that opened; of those that closed, id -> words."""

    opened: list[Alert]
    closed: dict[str, str]

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed)


@dataclass(frozen=True)
class Destination:
    """Where news goes. `key` tells it from others and holds no secret, `name` is for people; `tell` says
    whether it was delivered."""

    key: str
    name: str
    tell: Callable[[News], bool]


def read(file: Path, closed: bool = False) -> list[Alert] | None:
    """The alerts of marts.alertas in a DuckDB file, as dicts: the open ones, the gravest first, and behind
    them the closed ones where asked for. None without the mart, as in a release of before there were alerts.
    """
    with duckdb.connect(str(file), read_only=True) as connection:
        try:
            rows = connection.execute(
                f"""select {", ".join(COLUMNS)} from marts.alertas where {closed} or estado <> 'cerrada'
                order by estado = 'cerrada', gravedad = 'grave' desc, desde_periodo, alerta_id"""
            ).fetchall()
        except duckdb.CatalogException:
            return None
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def published(home: Home) -> list[Alert] | None:
    """`read` of the published file; None where nothing is published."""
    folder = releases.published_folder(home)
    return read(folder / home.published_file.name) if folder else None


def deliver_if_possible(home: Home, found: list[Alert] | None = None) -> list[str]:
    """`deliver` of these alerts, else of the published ones, in a flow: no run fails of its alerts."""
    try:
        found = published(home) if found is None else found
        if found is None:
            return []
        failed = deliver(home, found, [of_prefect(home), *destinations()])
    except Exception as error:
        # Without its text, which may quote an address.
        log.warning("alerts could not be delivered: %s", type(error).__name__)
        return ["alerts"]
    for name in failed:
        log.warning("alerts could not be delivered to %s: tried again next time", name)
    return failed


def tell_of_run(home: Home, flow: str, problems: list[Problem]) -> None:
    """Tells that a scheduled run of this flow failed of these problems; with none, that one ended well."""
    try:
        to = [of_prefect(home), *destinations()]
        alerta_id = f"{FAILED_RUN}{flow}"
        found = [of_failed_run(alerta_id, flow, problems[0])] if problems else []
        deliver(home, found, to, lambda told: told == alerta_id)
    except Exception as error:
        log.warning("the failed run could not be told of: %s", type(error).__name__)


def of_failed_run(alerta_id: str, flow: str, problem: Problem) -> Alert:
    """The alert of a scheduled run that has failed."""
    where = ", ".join(place for place in (problem.table, problem.column, problem.file) if place)
    what = f"{where}: {problem.what}" if where else problem.what
    return dict.fromkeys(COLUMNS) | {
        "alerta_id": alerta_id,
        "tipo": FAILED_RUN.rstrip("|"),
        "gravedad": "grave",
        "donde": flow,
        "que": t("the scheduled run {flow} failed: {what}", flow=flow, what=what),
        "que_hacer": problem.remedy,
    }


def of_mart(alerta_id: str) -> bool:
    """Whether an alert is one of marts.alertas."""
    return not alerta_id.startswith(FAILED_RUN)


def deliver(
    home: Home, found: list[Alert], to: list[Destination], among: Callable[[str], bool] = of_mart
) -> list[str]:
    """Tells each destination what it has not been told; returns the names of those that could not be told.

    found: all alerts that are open now, of those whose id is `among` them; the others stay as they are.
    """
    file = home.root / "alerts" / "sent.json"
    sent = _sent(file)
    failed = []
    for destination in to:
        told = sent.setdefault(destination.key, {})
        news = news_for({alerta_id: words for alerta_id, words in told.items() if among(alerta_id)}, found)
        if not news:
            continue
        if destination.tell(news):
            others = {alerta_id: words for alerta_id, words in told.items() if not among(alerta_id)}
            sent[destination.key] = others | {alert["alerta_id"]: alert["que"] for alert in found}
            state.save(file, sent)
        else:
            failed.append(destination.name)
    return failed


def news_for(told: dict[str, str], found: list[Alert]) -> News:
    """What who was told of these (alerta_id -> words) has not heard yet, where these alerts are open."""
    open_ = {alert["alerta_id"] for alert in found}
    return News(
        [alert for alert in found if alert["alerta_id"] not in told],
        {alerta_id: words for alerta_id, words in told.items() if alerta_id not in open_},
    )


def of_prefect(home: Home) -> Destination:
    """Prefect: an event an alert, which automations react to."""
    from prefect.events import emit_event

    from flows.prefect.flow_runs import home_tag

    tag = home_tag(home)

    def emit(event: str, alerta_id: str, words: str, payload: Alert) -> None:
        resource = {
            "prefect.resource.id": f"aforo.alert.{tag}.{alerta_id}",
            "prefect.resource.name": words,
            "aforo.tipo": str(payload.get("tipo", alerta_id.partition("|")[0])),
        }
        emit_event(event, resource, payload=json.loads(json.dumps(payload, default=str)))

    def tell(news: News) -> bool:
        for alert in news.opened:
            emit(OPENED, alert["alerta_id"], alert["que"], alert)
        for alerta_id, words in news.closed.items():
            emit(CLOSED, alerta_id, words, {"que": words})
        drifted = [alert["alerta_id"] for alert in news.opened if alert["tipo"] in OF_DRIFT]
        if drifted:
            emit_event(DRIFTED, {"prefect.resource.id": f"aforo.alerts.{tag}"}, payload={"alerts": drifted})
        return True

    return Destination("prefect", "Prefect", tell)


def destinations() -> list[Destination]:
    """Those of AFORO_ALERTS; AforoError for one that Apprise does not understand."""
    import apprise

    found = []
    with _quiet():
        for number, address in enumerate(os.environ.get(VARIABLE, "").split(), start=1):
            service = apprise.Apprise.instantiate(address, suppress_exceptions=True)
            if not isinstance(service, apprise.NotifyBase):
                what = t(
                    "{variable}: address {number} is none that Apprise knows",
                    variable=VARIABLE,
                    number=number,
                )
                remedy = t(
                    "write it as Apprise does, such as mailtos://… or slack://… (docs/operations.md), with "
                    "%20 for a space"
                )
                raise AforoError([Problem(what, remedy)])
            name = t("destination {number} ({service})", number=number, service=service.service_name)
            found.append(Destination(str(service.url_id()), name, _teller(service)))
    return found


def as_message(news: News) -> tuple[str, str]:
    """Title and text for people. What the alerts themselves say is Spanish, as the mart is."""
    title = t(
        "Aforo: {opened} alerts opened, {closed} closed", opened=len(news.opened), closed=len(news.closed)
    )
    lines = []
    for alert in news.opened:
        lines += [f"[{alert['gravedad']}] {alert['que']}", f"  -> {alert['que_hacer']}", ""]
    lines += [t("Closed: {alert}", alert=words) for words in news.closed.values()]
    return title, "\n".join(lines).strip()


def sample() -> News:
    """What `aforo alerts --test` sends."""
    words = t("This is a test of Aforo's alerts: nothing is wrong.")
    alert = dict.fromkeys(COLUMNS) | {"gravedad": "aviso", "que": words, "que_hacer": t("nothing to do")}
    return News([alert], {})


def _teller(service: Any) -> Callable[[News], bool]:
    def tell(news: News) -> bool:
        title, text = as_message(news)
        with _quiet():
            return bool(service.notify(title=title, body=text))

    return tell


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Apprise's log, which names addresses."""
    logger = logging.getLogger("apprise")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before


def _sent(file: Path) -> dict[str, dict[str, str]]:
    """What was told; nothing where the file can't be read: then open alerts are told once more."""
    try:
        sent = json.loads(file.read_text(encoding="utf-8"))
        return {key: dict(told) for key, told in sent.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
