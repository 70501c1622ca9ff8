"""The planners' dashboard in Apache Superset, as `make bi` starts it, in a real browser."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psutil
import pytest
from playwright.sync_api import Page, sync_playwright

from dashboards.superset import screenshot
from flows.home import record
from flows.prefect.server import free_port
from flows.settings import Home, Settings
from flows.source import parse
from flows.steps import publish
from tests.chromium import CHROMIUM, QUIET
from tests.harness import Institute

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian's package: chromium)"),
]
STUDENTS = """
    select sum(media) from marts.prediccion_jerarquia
    where nivel_jerarquia = 'total' and periodo = (select min(periodo) from marts.prediccion_jerarquia)
"""


@dataclass
class Superset:
    """`make bi` on a home, running."""

    process: "subprocess.Popen[str]"
    institute: Institute
    address: str
    password: str


@pytest.fixture(scope="module")
def superset(good: Institute) -> Iterator[Superset]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboards.superset.start", "--home", str(good.home), "--port", str(port)],
        stdout=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    assert process.stdout
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("Ctrl-C"):
            break
    assert process.poll() is None, "".join(said) + (good.home / "bi" / "superset.log").read_text()[-3000:]
    password = said[-2].split("password ")[1].strip()
    yield Superset(process, good, f"http://127.0.0.1:{port}/", password)
    process.send_signal(signal.SIGINT)
    process.wait(60)


@pytest.fixture(scope="module")
def page(superset: Superset) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1440, "height": 3200})
        page.set_default_timeout(screenshot.PATIENCE_MS)
        screenshot.log_in(page, superset.address, superset.password)
        yield page
        browser.close()


def shown(page: Page, superset: Superset) -> str:
    """The number of the dashboard's first chart, once every chart is drawn."""
    screenshot.open_dashboard(page, superset.address)
    return page.locator("[data-test-chart-name='Alumnos esperados'] .header-line").inner_text().strip()


def published(superset: Superset) -> str:
    """The same number in the published mart."""
    [(students,)] = superset.institute.published(STUDENTS)
    return f"{students:,.0f}"


def test_the_dashboard_shows_the_marts_numbers_and_those_of_the_next_publication(
    page: Page, superset: Superset
) -> None:
    outside: list[str] = []
    page.on("requestfinished", lambda request: outside.append(request.url))
    first = shown(page, superset)
    assert first == published(superset)
    assert page.get_by_text("Alumnos esperados por sede y horario").count() == 1
    # A chart that fails says so in its place.
    assert page.locator("[data-test=chart-container] .alert, .ant-alert-error").count() == 0

    publish_more(superset.institute, 1000)
    second = shown(page, superset)
    assert second == published(superset)
    assert second != first
    own = (superset.address, "data:", "blob:")
    assert [url for url in outside if not url.startswith(own)] == []


def publish_more(institute: Institute, students: int) -> None:
    """Publishes the home's marts anew, with more students expected in all."""
    home = Home(institute.home)
    with duckdb.connect(str(home.warehouse)) as connection:
        more = f"update marts.prediccion_jerarquia set media = media + {students}"
        connection.execute(f"{more} where nivel_jerarquia = 'total'")
    run = record.start(Settings(source=parse(str(institute.source)), home=home))
    publish.publish(home, run, {"raw_version": "v1"})
    run.end("published")


def test_its_secrets_are_the_homes_own_and_ctrl_c_ends_all_of_it(superset: Superset) -> None:
    folder = superset.institute.home / "bi"
    for name in ("secret_key", "password"):
        assert (folder / name).stat().st_mode & 0o077 == 0
        assert len((folder / name).read_text()) >= 16
    started = psutil.Process(superset.process.pid).children(recursive=True)
    assert started
    os.kill(superset.process.pid, signal.SIGINT)
    assert superset.process.wait(60) == 0
    _, alive = psutil.wait_procs(started, timeout=30)
    assert alive == []
    assert not Path(folder / "superset.db-journal").exists()
