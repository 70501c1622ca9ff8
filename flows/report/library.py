"""The plotting library that the report carries: Vega-Lite, as vl-convert brings it, without a network.

Making the script takes some seconds and 110 MB, so it is made in a process of its own, once for each
version, and kept in the project's target folder, which may be deleted.
"""

import contextlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from flows.settings import PROJECT

SECONDS = 300
_SCRIPT = """
import sys, vl_convert
sys.stdout.write(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
"""


def script() -> str:
    """Vega and Vega-Lite as one script."""
    file = PROJECT / "target" / "vega" / f"{version('vl-convert-python')}.js"
    with contextlib.suppress(OSError):
        return file.read_text("utf-8")
    made = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, check=True, timeout=SECONDS
    ).stdout.decode("utf-8")
    # A project that can't be written to makes it each time.
    with contextlib.suppress(OSError):
        _keep(file, made)
    return made


def _keep(file: Path, text: str) -> None:
    """Writes it in one step: two runs may do so at once."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    draft.write_text(text, "utf-8")
    draft.replace(file)
