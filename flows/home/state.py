"""Small files of a home that say how things stand, as JSON."""

import json
from pathlib import Path
from typing import Any


def save(file: Path, content: Any) -> None:
    """Writes the file in one step, so that a reader never sees half of it; makes its folder."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(".json.tmp")
    draft.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    draft.replace(file)
