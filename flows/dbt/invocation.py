"""dbt inside its process: what became of each node goes to a small file, where `flows.dbt.runner` reads it.

dbt's own artifacts (`--no-write-json` leaves them out) take half a second of every invocation to write.
"""

import json
import sys
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner

from flows.dbt import project

# What needs no parsing of its own.
_OF_WHAT_IS_PARSED = ("build", "snapshot")


def main() -> None:
    """`<file for the results> <dbt's arguments>`; ends with dbt's own exit codes."""
    file, arguments = Path(sys.argv[1]), sys.argv[2:]
    kept = project.parsed_file(_after("--vars", arguments))
    manifest = project.load(kept) if arguments[0] in _OF_WHAT_IS_PARSED else None
    outcome = dbtRunner(manifest=manifest).invoke(arguments)
    if manifest is None and outcome.exception is None:
        project.save(Path(_after("--target-path", arguments), "partial_parse.msgpack"), kept)
    results = getattr(outcome.result, "results", None) or []
    # Whole or not at all: the disk may be full.
    draft = file.with_suffix(".tmp")
    draft.write_text(json.dumps([_as_dict(result) for result in results]))
    draft.replace(file)
    sys.exit(0 if outcome.success else 2 if outcome.exception else 1)


def _after(option: str, arguments: list[str]) -> str:
    return arguments[arguments.index(option) + 1]


def _as_dict(result: Any) -> dict[str, str | None]:
    """A node's result; attached: the model that a generic test is of."""
    node = result.node
    return {
        "unique_id": node.unique_id,
        "status": str(result.status),
        "message": result.message,
        "relation": getattr(node, "relation_name", None),
        "attached": getattr(node, "attached_node", None),
    }
