"""dbt inside its process: what became of each node goes to a small file, where `flows.dbt.runner` reads it.

dbt's own artifacts (`--no-write-json` leaves them out) take half a second of every invocation to write.
"""

import json
import sys
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.cli.main import dbtRunner


def main() -> None:
    """`<file for the results> <dbt's arguments>`; ends with dbt's own exit codes."""
    file, arguments = Path(sys.argv[1]), sys.argv[2:]
    name_databases_by_file()
    outcome = dbtRunner().invoke(arguments)
    # An operation is no node; why it fails is an event.
    results = [result for result in getattr(outcome.result, "results", None) or [] if hasattr(result, "node")]
    # Whole or not at all: the disk may be full.
    draft = file.with_suffix(".tmp")
    draft.write_text(json.dumps([_as_dict(result) for result in results]))
    draft.replace(file)
    sys.exit(0 if outcome.success else 2 if outcome.exception else 1)


def name_databases_by_file() -> None:
    """dbt-duckdb takes a path for a URL: a '#' in a folder's name would cut the database's name off."""

    def by_file(path: object) -> str:
        return Path(str(path)).stem

    DuckDBCredentials.path_derived_database_name = staticmethod(by_file)  # type: ignore[method-assign]


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
