"""A flow run as Prefect shows it: its name, tags and summary; and closing the ones whose process is dead."""

import contextlib
import hashlib
import secrets
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prefect import runtime
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Crashed

from flows import settings
from flows.errors import AforoError
from flows.home import lock
from flows.prefect import markdown
from flows.screen import summary as texts
from flows.settings import Home
from flows.source import Source

SUMMARY = "aforo-summary"
ACCURACY = "aforo-accuracy"
SOURCES = "aforo-sources"
REPORT = "aforo-report"
NOT_ENDED = [StateType.RUNNING, StateType.CANCELLING, StateType.PENDING]
_DEAD = "Its process was killed; closed by the next one on its home."


def name() -> str:
    """The name of the flow run that starts: '202507 · demo_institute'."""
    return named(runtime.flow_run.parameters.get("period"), _source())


def name_of_job() -> str:
    """The name of a flow run that forecasts nothing new: 'capture · demo_institute'."""
    return f"{str(runtime.flow_run.flow_name).removeprefix('aforo-')} · {_source()}"


def deployment() -> str | None:
    """The deployment that started the flow run; None where a person or a script did."""
    if not runtime.deployment.id:
        return None
    with contextlib.suppress(Exception):
        return str(runtime.deployment.name)
    # The server that knows its name is away.
    return str(runtime.deployment.id)


def _source() -> str:
    try:
        return label(settings.resolve(source=runtime.flow_run.parameters.get("source")).source)
    except AforoError:
        return "no source"


def named(period: int | None, source: str) -> str:
    """The name of a run for this first period; which one that is may not be known yet."""
    return f"{period or 'next period'} · {source}"


def label(source: Source) -> str:
    """The source in a word, without a path, a user or anything secret: its folder, file or database."""
    if source.path:
        return source.path.stem if source.kind == "duckdb" else source.path.name or source.kind
    address = urlsplit(source.name)
    return address.path.rstrip("/").rpartition("/")[2] or address.hostname or source.kind


def tags(asked: settings.Settings) -> list[str]:
    """The tags of its runs: the source, the home, and what is not as usual."""
    unusual = {"offline": asked.offline, "as-of": asked.as_of is not None}
    return [label(asked.source), home_tag(asked.home), *(tag for tag, is_so in unusual.items() if is_so)]


def home_tag(home: Home) -> str:
    """The home, by which its runs are found in Prefect; a copy of it has another."""
    file = home.root / "prefect" / "aforo_home_id"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(secrets.token_hex(8))
    return "home-" + hashlib.sha256(f"{file.read_text()} {home.root}".encode()).hexdigest()[:8]


def close_dead(home: Home, served: bool, own: str | None = None) -> list[FlowRun]:
    """Closes, as crashed, the home's flow runs that Prefect takes for running though their process is gone.

    Their places in the queue are free then. `served`: those of `aforo serve`; else, by who holds the home's
    lock, all but `own`, those that wait for the home, and those that a live `aforo serve` may be starting.
    """
    dead = []
    with get_client(sync_client=True) as client:
        found = client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                tags=FlowRunFilterTags(all_=[home_tag(home)]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=NOT_ENDED)),
            )
        )
        for run in found:
            starting = run.state_type == StateType.PENDING and run.deployment_id
            alive = str(run.id) == own or lock.is_waiting(home, str(run.id))
            if not alive and (run.deployment_id if served else not starting):
                client.set_flow_run_state(run.id, Crashed(message=_DEAD), force=True)
                dead.append(run)
    return dead


def show(manifest: dict[str, Any], summary: dict[str, Any], asked: settings.Settings) -> None:
    """Gives the flow run that has published its period's name, and what it found as artifacts."""
    with get_client(sync_client=True) as client:
        client.update_flow_run(runtime.flow_run.id, name=named(manifest["periods"][0], label(asked.source)))
    create_markdown_artifact(texts.as_markdown(summary), key=SUMMARY, description="The published forecast")
    create_markdown_artifact(
        markdown.accuracy(asked.home.published_file), key=ACCURACY, description="Errors on the backtest"
    )
    create_markdown_artifact(
        markdown.sources(summary["sources"]), key=SOURCES, description="The state of each source table"
    )
    create_markdown_artifact(
        markdown.report(summary), key=REPORT, description="Where the report and the published file are"
    )


def close_dead_if_free(home: Home) -> None:
    """`close_dead`, unless another run holds the home: then that one has done it."""
    with contextlib.suppress(AforoError), lock.exclusive(home, "aforo run"):
        close_dead(home, served=False)


def close_served() -> None:
    """`<home>`: closes what an `aforo serve` that ends has not left time to close itself."""
    close_dead(Home(Path(sys.argv[1])), served=True)


def main() -> None:
    """`<home>`: closes what had to be killed, in a process of its own, as Prefect loads slowly."""
    close_dead_if_free(Home(Path(sys.argv[1])))
