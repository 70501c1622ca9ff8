"""dbt invocations, each a process of its own: it frees the warehouse's lock and its memory when it ends."""

import contextlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from flows import child, machine
from flows.project import PROJECT
from flows.settings import Settings

log = logging.getLogger(__name__)

_LEAN = ["--no-write-json"]
_DATA = ["--exclude-resource-type", "unit_test", *_LEAN]
AUDIT = ["build", "--select", "path:models/landing", *_DATA]
TRANSFORM = ["build", "--exclude", "path:models/landing", "path:snapshots", *_DATA]
# Where nothing is new since the tables above raw were built: what carries the run's stamp, tells how old the
# data is, or stands on what was published or vacuumed since.
RESTAMP = [
    "build", "--select", "fuentes", "corrida", "corridas_registradas+", "salud_fuentes", "prediccion_detalle",
    "prediccion_jerarquia", "condicion_fuente_atrasada", "publicados+", "pronostico_y_real+", "compuerta",
    "cambios_programacion", *_DATA,
]  # fmt: skip
# The comparison of the challengers with the champion (marts.comparacion_experimentos).
_NO_OTHERS_TESTS = ["--indirect-selection", "buildable"]
COMPARISON = [
    "build", "--select", "experimentos_juzgados", "comparacion_experimentos", *_NO_OTHERS_TESTS, *_DATA,
]  # fmt: skip
# The alerts from the newest capture, on a copy of the warehouse (flows/monitoring.py). Without tests: data
# that a run refuses must raise its alert all the same.
MONITOR = [
    "run", "--select", "path:models/raw", "path:models/platinum", "path:models/monitoring",
    "pronostico_y_real", "vigilancia", "desempeno", "alertas", "--exclude", "experimentos_juzgados", *_LEAN,
]  # fmt: skip
# The forecast alone, from the history of the source (flows/reproduction.py).
REPRODUCE = [
    "run", "--select", "+prediccion_alumnos", "+prediccion_detalle", "--exclude", "path:models/landing",
    *_LEAN,
]  # fmt: skip
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


def challenger_of(layers: tuple[str, ...]) -> list[str]:
    """The command that builds these layers for a challenger, without tests that look at other tables too."""
    paths = [f"path:models/{layer}" for layer in layers]
    return ["build", "--select", *paths, "path:python_models/predictions", *_NO_OTHERS_TESTS, *_DATA]


# What a run is asked for.
_ASKED = ("periodo", "horizonte", "as_of", "origenes_backtest")

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


@dataclass(frozen=True)
class Node:
    """What became of a node: `status` is dbt's, `path` its file in the project, `started` and `ended` seconds
    since 1970, None where it was skipped."""

    unique_id: str
    status: str
    path: str
    started: float | None
    ended: float | None
    relation: str | None = None
    attached: str | None = None


@dataclass
class DbtResult:
    """How an invocation ended. `errors` are texts of dbt that belong to no node, `nodes` all it came to."""

    exit_code: int
    timed_out: bool = False
    failures: list[NodeFailure] = field(default_factory=list)
    warnings: list[NodeFailure] = field(default_factory=list)
    skipped: list[NodeFailure] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
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

    @property
    def that_decide(self) -> dict[str, Any]:
        """What decides what dbt builds; the rest is only stamped on it."""
        return self.lasting | {name: self.of_run[name] for name in _ASKED if name in self.of_run}


class Dbt:
    """dbt for a run: loaded once, by the first call, and forked for each (flows/dbt/warm.py).

    A context manager: whatever leaves its block, dbt's whole process group is gone.
    """

    def __init__(self) -> None:
        self._process: child.Child | None = None
        self._resources = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._resources.__exit__(kind, error, trace)

    def run(
        self,
        arguments: list[str],
        settings: Settings,
        variables: Variables,
        on_node: OnNode = lambda *_: None,
        timeout: float = TIMEOUT_SECONDS,
    ) -> DbtResult:
        """Calls dbt and waits for it; `on_node` hears of every node that starts and ends.

        Never raises for a dbt that fails: the result says how.
        """
        target = settings.home.root / "target"
        results = target / "results.json"
        results.unlink(missing_ok=True)
        settings.home.logs.mkdir(parents=True, exist_ok=True)
        lasting = json.dumps(variables.lasting)
        command = [
            *arguments,
            # Without the SQL, which holds the headings of files: where one is missing, somebody's data.
            "--log-format", "json", "--no-use-colors", "--log-level-file", "info",
            "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
            "--target-path", str(target), "--log-path", str(settings.home.logs),
            "--vars", lasting,
        ]  # fmt: skip
        environment = _environment(settings, variables)
        process = self._loaded(lasting, environment, settings.home.log)
        with process.limited(timeout):
            process.write(
                json.dumps({"results": str(results), "arguments": command, "environment": environment})
            )
            exit_code, errors = _follow(process, on_node)
        result = DbtResult(exit_code, process.timed_out, errors=errors, seconds_allowed=timeout)
        _read_results(results, result)
        return result

    def _loaded(self, lasting: str, environment: dict[str, str], log_file: Path) -> child.Child:
        # One that was ended, because its time was over or from outside, is no reason not to go on.
        if self._process is None or self._process.poll() is not None:
            stderr = self._resources.enter_context(log_file.open("a"))
            self._process = self._resources.enter_context(
                child.running("flows.dbt.warm", [lasting], environment=environment, stderr=stderr)
            )
        return self._process


def run_dbt(arguments: list[str], settings: Settings, variables: Variables, *more: Any) -> DbtResult:
    """One call of dbt: see `Dbt.run`."""
    with Dbt() as dbt:
        return dbt.run(arguments, settings, variables, *more)


def _environment(settings: Settings, variables: Variables) -> dict[str, str]:
    of_run = {"DBT_ENV_CUSTOM_ENV_AFORO_RUN": json.dumps(variables.of_run)}
    return os.environ | settings.environment | machine.environment() | of_run


def _follow(process: child.Child, on_node: OnNode) -> tuple[int, list[str]]:
    """Reads what dbt says up to its end: its exit code, and its errors that belong to no node."""
    errors: list[str] = []
    # By id: hooks are logged like nodes but not counted in the total, and a node is counted once.
    ended: set[str] = set()
    for line in process.stdout or ():
        try:
            event = json.loads(line)
            if "ended" in event:
                return int(event["ended"]), errors
            info, data = event["info"], event["data"]
        except (json.JSONDecodeError, KeyError, TypeError):
            if line.strip():
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
    return process.wait(), errors


def _read_results(path: Path, result: DbtResult) -> None:
    """Adds to `result` what became of the nodes."""
    if not path.exists():
        return
    for of_node in json.loads(path.read_text()):
        result.nodes.append(Node(**{name: of_node[name] for name in Node.__dataclass_fields__}))
        said = {name: of_node[name] for name in NodeFailure.__dataclass_fields__}
        found = NodeFailure(**said | {"message": said["message"] or ""})
        if found.status in ("error", "fail", "runtime error"):
            result.failures.append(found)
        elif found.status == "skipped":
            result.skipped.append(found)
        elif found.status == "warn":
            result.warnings.append(found)
