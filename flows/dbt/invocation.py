"""dbt inside its process: what became of each node goes to a small file, where `flows.dbt.runner` reads it.

Left out is what takes time and gives nothing: dbt's own artifacts (`--no-write-json`), parsing the project
once more (flows/dbt/parsing.py) and validating its settings again, lines for a log that does not take them.
"""

import atexit
import importlib
import json
import logging
import os
import sys
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from dbt.cli.main import dbtRunner
from dbt_common.dataclass_schema import dbtClassMixin
from dbt_common.events.logger import _Logger as Logger

from flows.dbt import parsing

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

# What can do with the project as it was parsed before.
_OF_WHAT_IS_PARSED = ("build", "run", "snapshot")
_OF_CALLS = ("dbt.task.build", "dbt.task.snapshot", "agate", "multiprocessing.pool")


@dataclass(frozen=True)
class Loaded:
    """The project as it was parsed before, and the file that it was kept in; None where it was not."""

    file: Path
    manifest: "Manifest | None"


def load(variables: str) -> Loaded:
    """The project as it was parsed with these vars, and what a call imports besides.

    Not DuckDB, nor what it brings: it has threads of its own, which a fork would be without.
    """
    for module in _OF_CALLS:
        importlib.import_module(module)
    file = parsing.parsed_file(variables)
    return Loaded(file, parsing.load(file))


def invoke(file: Path, arguments: list[str], loaded: Loaded) -> int:
    """Calls dbt, writes to `file` what became of each node, and returns dbt's exit code.

    loaded: the project as it was some time before; it is loaded or parsed anew where it has changed since.
    """
    variables = _after("--vars", arguments)
    kept = parsing.parsed_file(variables)
    manifest = None
    if arguments[0] in _OF_WHAT_IS_PARSED:
        manifest = loaded.manifest if loaded.file == kept else None
        manifest = manifest or parsing.load(kept)
    if manifest is not None:
        # The very files that were found valid when they were parsed. The schemas take a second to make.
        dbtClassMixin.validate = staticmethod(_found_valid)  # type: ignore[assignment, method-assign]
    name_databases_by_file()
    write_only_what_is_logged()
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


def leave(exit_code: int) -> NoReturn:
    """Ends the process at once, after its connections are closed and its temporary files gone."""
    # Python's own way out calls these too, and then takes a second to take dbt apart.
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)


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


def write_only_what_is_logged() -> None:
    """dbt writes out every event for each log, a sixth of its time, and then drops those below its level."""
    write_line = Logger.write_line

    def if_it_is_taken(self: Logger, event: Any) -> None:
        logger = self._python_logger
        if event.info.level not in ("debug", "test") or logger is None or logger.isEnabledFor(logging.DEBUG):
            write_line(self, event)

    Logger.write_line = if_it_is_taken  # type: ignore[assignment, method-assign]


def _as_dict(result: Any) -> dict[str, Any]:
    """A node's result; attached: the model that a generic test is of; started, ended: seconds since 1970."""
    node = result.node
    moments = [moment for part in result.timing for moment in (part.started_at, part.completed_at) if moment]
    # dbt's are UTC, without saying so.
    seconds = [moment.replace(tzinfo=UTC).timestamp() for moment in moments]
    return {
        "unique_id": node.unique_id,
        "status": str(result.status),
        "message": result.message,
        "relation": getattr(node, "relation_name", None),
        "attached": getattr(node, "attached_node", None),
        "path": node.original_file_path,
        "started": min(seconds, default=None),
        "ended": max(seconds, default=None),
    }
