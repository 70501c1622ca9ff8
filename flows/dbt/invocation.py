"""dbt inside its process: what became of each node goes to a small file, where `flows.dbt.runner` reads it.

Left out is what takes time and gives nothing: dbt's own artifacts (`--no-write-json`), parsing the project
once more (flows/dbt/parsing.py) and validating its settings again, Python's looking for garbage in dbt.
"""

import atexit
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

# What can do with the project as it was parsed before.
_OF_WHAT_IS_PARSED = ("build", "snapshot")


def main() -> None:
    """`<file for the results> <dbt's arguments>`; ends with dbt's own exit codes."""
    file, arguments = Path(sys.argv[1]), sys.argv[2:]
    exit_code = 2

    def leave() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)

    # Registered first, it is called last: after DuckDB's connections are closed.
    atexit.register(leave)
    # What dbt is made of stays to the end: looking through it for garbage takes a fifth of the time.
    gc.disable()
    exit_code = _invoke(file, arguments)
    sys.exit(exit_code)


def _invoke(file: Path, arguments: list[str]) -> int:
    from dbt.cli.main import dbtRunner
    from dbt_common.dataclass_schema import dbtClassMixin

    from flows.dbt import parsing

    variables = _after("--vars", arguments)
    kept = parsing.parsed_file(variables)
    manifest = parsing.load(kept) if arguments[0] in _OF_WHAT_IS_PARSED else None
    if manifest is not None:
        # The very files that were found valid when they were parsed. The schemas take a second to make.
        dbtClassMixin.validate = staticmethod(_found_valid)  # type: ignore[assignment, method-assign]
    name_databases_by_file()
    gc.freeze()
    gc.enable()
    outcome = dbtRunner(manifest=manifest).invoke(arguments)
    # Not where a file was edited meanwhile: what was parsed would go by the name of what was there before.
    if manifest is None and outcome.exception is None and kept == parsing.parsed_file(variables):
        parsing.save(Path(_after("--target-path", arguments), "partial_parse.msgpack"), kept)
    # An operation is no node; why it fails is an event.
    results = [result for result in getattr(outcome.result, "results", None) or [] if hasattr(result, "node")]
    # Whole or not at all: the disk may be full.
    draft = file.with_suffix(".tmp")
    draft.write_text(json.dumps([_as_dict(result) for result in results]))
    draft.replace(file)
    return 0 if outcome.success else 2 if outcome.exception else 1


def _found_valid(_: Any) -> None:
    pass


def _after(option: str, arguments: list[str]) -> str:
    return arguments[arguments.index(option) + 1]


def name_databases_by_file() -> None:
    """dbt-duckdb takes a path for a URL: a '#' in a folder's name would cut the database's name off."""
    from dbt.adapters.duckdb.credentials import DuckDBCredentials

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
