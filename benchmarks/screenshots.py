"""docs/reporte.png and docs/reporte_movil.png: the report as it is seen (`make screenshots`)."""

import argparse
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from flows.home.releases import REPORT
from flows.settings import PROJECT, resolve_home
from tests.chromium import CHROMIUM, QUIET

# Width and height of a window, and the picture of what it shows first.
PICTURES = {"reporte.png": (1440, 1500), "reporte_movil.png": (390, 1500)}


def main() -> None:
    """Takes the pictures of a report: the published one, unless another is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", nargs="?", type=Path, default=resolve_home().published / REPORT)
    report = parser.parse_args().report.resolve(strict=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        for name, size in PICTURES.items():
            picture(browser, report, PROJECT / "docs" / name, size)
        browser.close()


def picture(browser: Browser, report: Path, file: Path, size: tuple[int, int]) -> None:
    """The top of the report in a window of that size, without a network."""
    width, height = size
    context = browser.new_context(
        offline=True, color_scheme="light", viewport={"width": width, "height": height}
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(report.as_uri())
    page.locator("#grafico-serie svg").wait_for()
    page.screenshot(path=file)
    context.close()
    print(file)


if __name__ == "__main__":
    main()
