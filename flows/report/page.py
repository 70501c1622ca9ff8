"""The page: template, styles, scripts and data put together in one file."""

import json
from pathlib import Path
from typing import Any

import duckdb

from flows.report import content, library

STATIC = Path(__file__).parent / "static"
SCRIPTS = ("format.js", "table.js", "charts.js", "series.js", "plan.js", "page.js")


def write(marts: Path, file: Path) -> None:
    """Writes the report of a published DuckDB file."""
    with duckdb.connect(str(marts), read_only=True, config={"threads": 2, "memory_limit": "512MB"}) as found:
        data = content.of(found)
    file.write_text(render(data, library.script()), encoding="utf-8")


def render(data: dict[str, Any], charts: str) -> str:
    """The page of some content; `charts` is the plotting library's script."""
    parts = {
        "styles": _static("page.css"),
        "data": _as_json(data),
        "library": _as_script(charts),
        "scripts": _as_script("\n".join(_static(name) for name in SCRIPTS)),
    }
    page = _static("page.html")
    # Split at the marks first: what is put in is never searched for another mark.
    for name, text in parts.items():
        before, after = page.split(f"<!-- {name} -->")
        parts[name] = before + text
        page = after
    return "".join(parts.values()) + page


def _static(name: str) -> str:
    return (STATIC / name).read_text("utf-8")


def _as_json(data: dict[str, Any]) -> str:
    """Compact, and without what would end the element or start a comment in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _as_script(text: str) -> str:
    return text.replace("</script", "<\\/script")
