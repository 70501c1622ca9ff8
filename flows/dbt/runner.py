"""One dbt invocation, as a process of its own: it frees the warehouse's lock and its memory when it ends."""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows import child
from flows.project import PROJECT
from flows.settings import Settings

log = logging.getLogger(__name__)

_LEAN = ["--no-write-json"]
_DATA = ["--exclude-resource-type", "unit_test", *_LEAN]
AUDIT = ["build", "--select", "path:models/landing", *_DATA]
TRANSFORM = ["build", "--exclude", "path:models/landing", "path:snapshots", *_DATA]
# Where nothing is new since the tables above raw were built: what carries the run's stamp.
RESTAMP = ["build", "--select", "fuentes", "corrida", "path:models/marts", *_DATA]
PARSE = ["parse"]
# Followed by its arguments as JSON.
VACUUM = ["run-operation", "vacuum", "--args"]
# Not compiled: the landing models' SQL can be written only where the source is at hand.
DOCS = ["docs", "generate", "--static", "--no-compile"]

# A run of the largest institute tried takes a few minutes; what takes this long hangs.
TIMEOUT_SECONDS = 3600


def capture_of(tables: list[str]) -> list[str]:
    """The command that snapshots these tables."""
    return ["snapshot", "--select", *(f"snapshot__{table}" for table in tables), *_LEAN]


# (nodes that ended, of how many, this node's name, its seconds; None when it starts)
OnNode = Callable[[int, int, str, float | None], None]


@dataclass(frozen=True)
class NodeFailure:
    """A node that failed: `status` is dbt's ('error' it could not run, 'fail' a test found rows, 'warn').

    attached: the model that a test is of.
    """

    unique_id: str
    status: str
    message: str
    relation: str | None = None
    attached: str | None = None

    @property
    def name(self) -> str:
        """The node's name, without its type, project and hash."""
        return self.unique_id.split(".")[2]


@dataclass
class DbtResult:
    """How an invocation ended. `errors` are texts of dbt that belong to no node."""

    exit_code: int
    timed_out: bool = False
    failures: list[NodeFailure] = field(default_factory=list)
    warnings: list[NodeFailure] = field(default_factory=list)
    skipped: list[NodeFailure] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds_allowed: float = TIMEOUT_SECONDS

    @property
    def ok(self) -> bool:
        """Whether everything ran and every test passed."""
        return self.exit_code == 0


@dataclass
class Variables:
    """What dbt is told: its vars, and apart from them what differs at each run (macro `of_this_run`).

    A change of a var makes dbt parse the whole project anew, which takes seconds at each invocation.
    """

    lasting: dict[str, Any]
    of_run: dict[str, Any] = field(default_factory=dict)


def run_dbt(
    arguments: list[str],
    settings: Settings,
    variables: Variables,
    on_node: OnNode = lambda *_: None,
    timeout: float = TIMEOUT_SECONDS,
) -> DbtResult:
    """Runs dbt and waits for it; `on_node` hears of every node that starts and ends.

    Never raises for a dbt that fails: the result says how. If this call is left by an exception (Ctrl-C,
    SIGTERM), dbt's whole process group is ended first.
    """
    target = settings.home.root / "target"
    results = target / "results.json"
    results.unlink(missing_ok=True)
    settings.home.logs.mkdir(parents=True, exist_ok=True)
    command = [
        str(results), *arguments,
        # Without the SQL, which holds the headings of files: where one is missing, somebody's data.
        "--log-format", "json", "--no-use-colors", "--log-level-file", "info",
        "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
        "--target-path", str(target), "--log-path", str(settings.home.logs),
        "--vars", json.dumps(variables.lasting),
    ]  # fmt: skip
    with (
        settings.home.log.open("a") as stderr,
        child.running(
            "flows.dbt.invocation:main",
            command,
            environment=_environment(settings, variables),
            stderr=stderr,
            timeout=timeout,
        ) as process,
    ):
        errors = _follow(process, on_node)
        exit_code = process.wait()
    timed_out = process.timed_out
    failures, warnings, skipped = _read_results(results)
    return DbtResult(exit_code, timed_out, failures, warnings, skipped, errors, timeout)


def _environment(settings: Settings, variables: Variables) -> dict[str, str]:
    of_run = {"DBT_ENV_CUSTOM_ENV_AFORO_RUN": json.dumps(variables.of_run)}
    return os.environ | settings.environment | of_run


def _follow(process: child.Child, on_node: OnNode) -> list[str]:
    errors = []
    # By id: hooks are logged like nodes but not counted in the total, and a node is counted once.
    ended: set[str] = set()
    for line in process.stdout or ():
        try:
            event = json.loads(line)
            info, data = event["info"], event["data"]
        except (json.JSONDecodeError, KeyError, TypeError):
            log.info("dbt: %s", line.rstrip())
            continue
        node = data.get("node_info") or {}
        if info["level"] in ("error", "warn"):
            log.info("dbt: %s", info["msg"])
        if info["name"] in ("MainEncounteredError", "RunningOperationCaughtError"):
            errors.append(data["exc"])
        if node and "index" in data and node["resource_type"] != "operation":
            seconds = data.get("execution_time")
            if seconds is not None:
                ended.add(node["unique_id"])
            on_node(len(ended), data.get("total") or data["num_models"], node["node_name"], seconds)
    return errors


def _read_results(path: Path) -> tuple[list[NodeFailure], list[NodeFailure], list[NodeFailure]]:
    failures: list[NodeFailure] = []
    warnings: list[NodeFailure] = []
    skipped: list[NodeFailure] = []
    if not path.exists():
        return failures, warnings, skipped
    for result in json.loads(path.read_text()):
        found = NodeFailure(**result | {"message": result["message"] or ""})
        if found.status in ("error", "fail", "runtime error"):
            failures.append(found)
        elif found.status == "skipped":
            skipped.append(found)
        elif found.status == "warn":
            warnings.append(found)
    return failures, warnings, skipped
