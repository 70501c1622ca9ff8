"""The report in a real browser, without a network: it opens, shows the marts' numbers, its controls work."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from flows.report import page as report
from tests import published
from tests.chromium import CHROMIUM, QUIET

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian's package: chromium)"),
]
PATIENCE = 120_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    marts = published.write(folder / "aforo_marts.duckdb")
    report.write(marts, folder / "reporte.html")
    return folder / "reporte.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield launched
        launched.close()


class Opened:
    """The report in a window of some width, with what went wrong on the way."""

    def __init__(self, browser: Browser, file: Path, width: int = 1440, scheme: str = "light") -> None:
        self.context = browser.new_context(
            offline=True,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on(
            "console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None
        )
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(f"file://{file}")
        expect(self.page.locator("#grafico-serie svg")).to_be_visible(timeout=PATIENCE)


@pytest.fixture
def opened(browser: Browser, file: Path) -> Iterator[Opened]:
    window = Opened(browser, file)
    yield window
    window.context.close()


def rows(page: Page, column: int) -> list[str]:
    """The texts of a column of the plan, from the top."""
    return page.locator(f"#tabla-plan tbody tr td:nth-child({column})").all_inner_texts()


def test_it_opens_without_a_network_and_without_an_error(opened: Opened, file: Path) -> None:
    assert opened.errors == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [f"file://{file}"]
    for chart in ("serie", "aciertos", "frontera"):
        assert opened.page.locator(f"#grafico-{chart} svg path").count() > 3
    # A name of the fixture holds a tag: it is text.
    assert "Adultos </script><b>1" in opened.page.locator("#tabla-plan").inner_text()


def test_its_numbers_are_the_marts(opened: Opened) -> None:
    page = opened.page
    cards = page.locator("#cifras .cifra")
    # 3 cells of 25.25, after 69 in February 2025 and 24 in March 2024.
    expect(cards.nth(0)).to_contain_text("76")
    expect(cards.nth(0)).to_contain_text("+7 (+10,1 %)")
    expect(cards.nth(0)).to_contain_text("+52 (+216,7 %)")
    expect(cards.nth(1).locator(".valor")).to_have_text("3")
    assert "50" in page.locator("#calor tbody tr").last.inner_text().split()
    expect(page.locator("#aciertos-frase")).to_contain_text("se equivocó en 19,4")
    # Thousands are set apart as in Spanish.
    expect(page.locator("#tabla-cortes")).to_contain_text("1.200")


def test_another_period_is_chosen_by_the_keyboard(opened: Opened) -> None:
    page = opened.page
    page.locator("#periodos input").first.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("h1")).to_have_text("Abril de 2025")
    # 3 cells of 26.5.
    expect(page.locator("#cifras .valor").first).to_have_text("80")


def test_a_series_is_picked_from_the_list(opened: Opened) -> None:
    page = opened.page
    page.get_by_label("Nivel").select_option(label="Celda")
    page.get_by_label("Buscar en la lista").fill("norte")
    assert page.locator("#serie option").count() == 1
    expect(page.locator("#serie-titulo")).to_contain_text("NORTE · A1")
    expect(page.locator("#serie-frase")).to_contain_text(
        "marzo de 2025: 25,2 alumnos esperados; en 8 de cada 10 casos, entre 16 y 32."
    )
    page.locator("#historia summary").click()
    assert "23" in page.locator("#tabla-serie").inner_text().split()
    page.get_by_label("Nivel").select_option(label="Programa")
    page.locator("#serie").select_option(label="Adultos")
    expect(page.locator("#serie-frase")).to_contain_text("50,5 alumnos esperados. Sin banda")


def test_the_plan_is_searched_sorted_and_filtered(opened: Opened) -> None:
    page = opened.page
    assert sorted(rows(page, 2)) == ["CENTRO", "CENTRO", "NORTE"]
    page.get_by_role("button", name="Sede").click()
    assert rows(page, 2) == ["CENTRO", "CENTRO", "NORTE"]
    page.get_by_role("button", name="Sede").click()
    assert rows(page, 2) == ["NORTE", "CENTRO", "CENTRO"]
    assert page.locator("#tabla-plan th[aria-sort=descending]").inner_text().startswith("Sede")
    page.get_by_label("Buscar", exact=True).fill("n1 razón")
    assert [text.splitlines()[0] for text in rows(page, 3)] == ["N1"]
    page.get_by_label("Buscar", exact=True).fill("")
    page.locator("#acciones label", has_text="Vigilar").click()
    assert rows(page, 2) == ["NORTE"]
    expect(page.locator("#cuenta")).to_have_text("1 celda · 1 sección por abrir")


def test_a_numbers_meaning_is_told_on_hover_and_focus(opened: Opened) -> None:
    page = opened.page
    page.locator("#cifras [data-ayuda=cancelaciones]").hover()
    expect(page.get_by_role("tooltip")).to_contain_text("no lleguen a su mínimo")
    page.keyboard.press("Escape")
    expect(page.locator("#globo")).to_be_hidden()
    page.locator("#demanda [data-ayuda=banda]").focus()
    expect(page.get_by_role("tooltip")).to_contain_text("8 de cada 10")
    page.locator("#calor td[data-detalle]").first.hover()
    expect(page.get_by_role("tooltip")).to_contain_text("CENTRO, 08:00 - 09:30")


@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overflows(browser: Browser, file: Path, width: int, scheme: str) -> None:
    window = Opened(browser, file, width, scheme)
    wider = window.page.evaluate(
        """() => [...document.querySelectorAll('body *')]
            .filter((e) => !e.closest('.rodante, .saltar, .indice, .fichas-tabla thead, svg'))
            .filter((e) => e.getClientRects().length)
            .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5)
            .map((e) => `${e.tagName}#${e.id}.${e.className}`)"""
    )
    assert wider == []
    assert window.page.evaluate("document.documentElement.scrollWidth") == width
    background = window.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(17, 22, 28)" if scheme == "dark" else "rgb(250, 249, 246)")
    window.context.close()


def test_on_paper_there_are_no_controls(opened: Opened) -> None:
    opened.page.emulate_media(media="print", color_scheme="dark")
    expect(opened.page.locator(".controles")).to_be_hidden()
    expect(opened.page.locator("#tabla-plan table")).to_be_visible()
    assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert opened.errors == []


def test_without_a_plan_it_says_so(browser: Browser, tmp_path: Path) -> None:
    report.write(published.write(tmp_path / "aforo_marts.duckdb", plan=False), tmp_path / "reporte.html")
    window = Opened(browser, tmp_path / "reporte.html")
    expect(window.page.locator("#plan")).to_contain_text("no trae un plan de apertura")
    expect(window.page.locator("#frontera-contenido")).to_be_hidden()
    assert window.errors == []
    window.context.close()
