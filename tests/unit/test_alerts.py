"""Alerts are told once when they open and once when they close: by a real SMTP and a real HTTP server."""

import json
import logging
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import pytest
from aiosmtpd.controller import Controller

from flows import alerts
from flows.commands.alerts import as_text, send_test
from flows.errors import AforoError, Problem
from flows.home import marker
from flows.prefect.server import free_port
from flows.settings import Home

CAMPUS = "sede_perdida|sede|NORTE|202506"
BIAS = "sesgo|total|todo|202505"


class Mailbox:
    """Takes mail."""

    def __init__(self) -> None:
        self.mails: list[Message] = []

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        self.mails.append(message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[str, Mailbox]]:
    """The address of a real mail server, and what it has taken."""
    box = Mailbox()
    port = free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield f"mailto://127.0.0.1:{port}/?from=aforo@example.org&to=planner@example.org&mode=insecure", box
    server.stop()


@pytest.fixture
def hook() -> Iterator[tuple[str, list[dict[str, Any]], list[int]]]:
    """The address of a real web server, what it was sent, and the status that it answers with."""
    sent: list[dict[str, Any]] = []
    status = [200]

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if status[0] == 200:
                sent.append(json.loads(body))
            self.send_response(status[0])
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Taking) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"json://user:s3cret@127.0.0.1:{server.server_address[1]}/aforo", sent, status
        server.shutdown()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose published file has alerts: one is open, one is closed."""
    home = Home(tmp_path / "home")
    marker.enter(home)
    release = home.releases / "20250605T110000Z-000000"
    release.mkdir(parents=True)
    home.published.symlink_to(release.relative_to(home.root))
    with duckdb.connect(str(home.published_file)) as connection:
        connection.execute(
            f"""create schema marts; create table marts.alertas as
            select * from (values
                ('{CAMPUS}', 'sede_perdida', 'grave', 'sede', 'NORTE', 'La sede NORTE no tiene secciones.',
                    0.0, 0.5, 202506, 202506, 1, 'nueva', 'Pregunte si la sede cerró.'),
                ('old', 'sesgo', 'aviso', 'total', 'todo', 'Sesgo de antes.', 0.2, 0.1, 202401, 202402, 2,
                    'cerrada', 'Nada.')
            ) as filas ({", ".join(alerts.COLUMNS)})"""
        )
    return home


def now_open(*names: str) -> list[alerts.Alert]:
    return [
        dict.fromkeys(alerts.COLUMNS, "") | {"alerta_id": name, "que": f"¿{name}?", "gravedad": "aviso"}
        for name in names
    ]


def test_an_alert_is_told_once_and_its_end_once(
    home: Home,
    mailbox: tuple[str, Mailbox],
    hook: tuple[str, list[dict[str, Any]], list[int]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (mail_address, box), (hook_address, sent, status) = mailbox, hook
    monkeypatch.setenv(alerts.VARIABLE, f"{mail_address} {hook_address}")
    caplog.set_level(logging.DEBUG)
    found = alerts.published(home)
    assert found
    assert [alert["alerta_id"] for alert in found] == [CAMPUS]

    def delivered(*names: str) -> list[str]:
        return alerts.deliver(home, now_open(*names), alerts.destinations())

    status[0] = 500
    assert alerts.deliver(home, found, alerts.destinations()) == ["destination 2 (JSON)"]
    [mail] = box.mails
    assert mail["to"] == "planner@example.org"
    body = next(part for part in mail.walk() if part.get_content_type() == "text/plain").get_payload(
        decode=True
    )
    assert isinstance(body, bytes)
    assert "La sede NORTE no tiene secciones." in body.decode()
    assert "-> Pregunte si la sede cerró." in body.decode()
    status[0] = 200
    # Only who was not reached is told again.
    assert alerts.deliver(home, found, alerts.destinations()) == []
    assert (len(box.mails), len(sent)) == (1, 1)
    assert delivered(CAMPUS) == []
    assert delivered(CAMPUS, BIAS) == []
    assert delivered(BIAS) == []
    assert delivered(BIAS) == []
    assert (len(box.mails), len(sent)) == (3, 3)
    assert "opened, 0 closed" in sent[1]["title"]
    assert sent[2]["title"] == "Aforo: 0 alerts opened, 1 closed"
    assert sent[2]["message"] == f"Closed: ¿{CAMPUS}?"
    kept = (home.root / "alerts" / "sent.json").read_text()
    assert "s3cret" not in kept + caplog.text
    assert send_test() == [
        "The test was sent to destination 1 (E-Mail).",
        "The test was sent to destination 2 (JSON).",
    ]


def test_what_cannot_be_delivered_fails_no_run_and_names_no_secret(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(
        alerts, "of_prefect", lambda _: alerts.Destination("prefect", "Prefect", lambda _: True)
    )
    monkeypatch.setenv(alerts.VARIABLE, "json://user:s3cret@127.0.0.1:1/aforo")
    assert alerts.deliver_if_possible(home) == ["destination 1 (JSON)"]
    monkeypatch.setenv(alerts.VARIABLE, "json://127.0.0.1 nothing://s3cret")
    with pytest.raises(AforoError, match="address 2 is none that Apprise knows"):
        alerts.destinations()
    assert alerts.deliver_if_possible(home) == ["alerts"]
    monkeypatch.delenv(alerts.VARIABLE)
    with pytest.raises(AforoError, match="is not set"):
        send_test()
    assert "s3cret" not in caplog.text
    (home.root / "alerts" / "sent.json").write_text("[")
    assert alerts.deliver_if_possible(home) == []


def test_a_failed_run_is_told_once_until_one_ends_well(
    home: Home, hook: tuple[str, list[dict[str, Any]], list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, sent, _ = hook
    monkeypatch.setattr(
        alerts, "of_prefect", lambda _: alerts.Destination("prefect", "Prefect", lambda _: True)
    )
    monkeypatch.setenv(alerts.VARIABLE, address)
    down = Problem("the source is away", "look whether it is up", table="programacion")
    for problems in ([], [down], [down], []):
        alerts.tell_of_run(home, "aforo-capture", problems)
        # The mart's own alerts neither close it nor are closed by it.
        alerts.deliver_if_possible(home)
    titles = [message["title"] for message in sent]
    assert titles == [
        "Aforo: 1 alerts opened, 0 closed",
        "Aforo: 1 alerts opened, 0 closed",
        "Aforo: 0 alerts opened, 1 closed",
    ]
    assert "the scheduled run aforo-capture failed: programacion: the source is away" in sent[1]["message"]
    assert "-> look whether it is up" in sent[1]["message"]


def test_what_a_person_reads(home: Home) -> None:
    shown = "\n".join(as_text(alerts.published(home)))
    assert "sede_perdida" in shown
    assert "-> Pregunte si la sede cerró." in shown
    assert as_text([]) == ["No alert is open."]
    with duckdb.connect(str(home.published_file)) as connection:
        connection.execute("drop table marts.alertas")
    assert alerts.published(home) is None
    assert alerts.deliver_if_possible(home) == []


def test_alerts_of_drift_are_told_together_for_the_backtest(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A campus that is missing asks for its data, not for other models.
    told: list[tuple[str, Any]] = []
    monkeypatch.setattr("prefect.events.emit_event", lambda event, _, payload: told.append((event, payload)))
    tell = alerts.of_prefect(home).tell
    tell(
        alerts.News([dict.fromkeys(alerts.COLUMNS, "x") | {"alerta_id": CAMPUS, "tipo": "sede_perdida"}], {})
    )
    assert [event for event, _ in told] == [alerts.OPENED]
    tell(alerts.News([dict.fromkeys(alerts.COLUMNS, "x") | {"alerta_id": BIAS, "tipo": "sesgo"}], {}))
    assert told[-1] == (alerts.DRIFTED, {"alerts": [BIAS]})


def test_the_kinds_of_drift_are_conditions() -> None:
    conditions = (Path(__file__).parents[2] / "models" / "monitoring").glob("condicion_*.sql")
    assert {file.stem.removeprefix("condicion_") for file in conditions} > alerts.OF_DRIFT
