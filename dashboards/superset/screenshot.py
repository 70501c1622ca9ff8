"""The dashboard as a picture: `python -m dashboards.superset.screenshot <file.png> [--width 1440]`."""

import argparse
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from dashboards.superset import start
from flows import settings
from flows.prefect.server import free_port
from tests.chromium import CHROMIUM, QUIET

PATIENCE_MS = 120_000


def log_in(page: Page, address: str, password: str) -> None:
    """Logs in by the form."""
    page.goto(f"{address}login/")
    page.locator("input#username, input[name=username]").fill(start.LOGIN)
    page.locator("input#password, input[name=password]").fill(password)
    page.locator("input#password, input[name=password]").press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)


def open_dashboard(page: Page, address: str) -> None:
    """Opens the dashboard and waits for every chart that is in sight."""
    page.goto(f"{address}{start.DASHBOARD}?standalone=0")
    page.locator("[data-test=chart-grid-component], .dashboard-component-chart-holder").first.wait_for()
    settle(page)


def settle(page: Page) -> None:
    """Waits until no chart is loading."""
    page.wait_for_function(
        "() => document.querySelectorAll('.dashboard-component-chart-holder').length > 0"
        " && document.querySelectorAll('.dashboard-component-chart-holder .loading,"
        " .dashboard-component-chart-holder [data-test=loading-indicator]').length === 0"
    )
    page.wait_for_timeout(1_000)


def take(page: Page, width: int, file: Path) -> None:
    """The whole dashboard at a width, every chart drawn."""
    page.set_viewport_size({"width": width, "height": 3200})
    settle(page)
    bottom = page.evaluate(
        "() => Math.max(...[...document.querySelectorAll('.dashboard-component-chart-holder')]"
        ".map(chart => chart.getBoundingClientRect().bottom))"
    )
    page.screenshot(path=str(file), clip={"x": 0, "y": 0, "width": width, "height": bottom + 24})


def main() -> None:
    """Takes the picture of the home's dashboard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--home")
    parser.add_argument("--width", type=int, default=1440)
    asked = parser.parse_args()
    home = settings.resolve_home(asked.home)
    with start.serving(home, free_port()) as (address, password, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": asked.width, "height": 3200}, locale="es")
        page.set_default_timeout(PATIENCE_MS)
        log_in(page, address, password)
        open_dashboard(page, address)
        take(page, asked.width, asked.file)
        browser.close()


if __name__ == "__main__":
    main()
