"""The docs page in a real browser, without a network."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.chromium import CHROMIUM, QUIET
from tests.harness import Institute

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian's package: chromium)"),
]


@pytest.fixture(scope="module")
def home(good: Institute) -> Path:
    """A home after a run, documented."""
    documented = good.aforo("docs")
    assert documented.exit_code == 0, documented.err
    return good.home


@pytest.fixture
def page(home: Path) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = browser.new_context(offline=True)
        context.set_default_timeout(120_000)
        page = context.new_page()
        page.goto(f"file://{home}/docs/index.html")
        yield page
        browser.close()


def test_the_first_page_leads_to_the_forecast(page: Page) -> None:
    page.get_by_role("link", name="prediccion_alumnos").first.click()
    page.get_by_role("heading", name="prediccion_alumnos").first.wait_for()
    columns = page.locator("table").inner_text()
    for column in ("PERIODO", "SEDE", "CURSO_ACTUAL", "HORARIO_ACTUAL", "PREDICT_ALUMNOS"):
        assert column in columns


def test_the_lineage_shows_what_an_exposure_stands_on(page: Page, home: Path) -> None:
    """Two steps back: the page lays out the whole graph for minutes."""
    page.goto(f"file://{home}/docs/index.html#!/overview?g_v=1&g_i=2%2Bexposure:planificacion_de_secciones")
    page.reload()
    page.wait_for_function(
        "() => { const cy = document.querySelector('.graph-canvas, #cy, canvas'); return cy !== null; }"
    )
    assert page.locator("canvas").count() > 0
