"""What a dbt process says while it works."""

import json
from types import SimpleNamespace
from typing import Any, cast

from flows import child
from flows.dbt import runner


def event(name: str, node: str, index: int, total: int, seconds: float | None = None, **more: Any) -> str:
    """A line of dbt's log in JSON, as it writes it of a node."""
    kind = node.split(".")[0]
    info = {"node_name": node.split(".")[-1], "unique_id": node, "resource_type": kind}
    data = {"node_info": info, "index": index, "total": total} | more
    if seconds is not None:
        data["execution_time"] = seconds
    return json.dumps({"info": {"level": "info", "name": name, "msg": name}, "data": data})


def test_the_counter_of_nodes_does_not_overrun() -> None:
    lines = [
        event("LogHookStartLine", "operation.aforo.on_start-0", 1, 1),
        event("LogHookEndLine", "operation.aforo.on_start-0", 1, 1, 0.1),
        event("LogStartLine", "model.aforo.a", 1, 2),
        event("LogModelResult", "model.aforo.a", 1, 2, 0.2),
        event("LogModelResult", "model.aforo.a", 1, 2, 0.2),
        event("LogTestResult", "test.aforo.b", 2, 2, 0.1),
        event("LogHookStartLine", "operation.aforo.on_end-0", 1, 1),
        event("LogHookEndLine", "operation.aforo.on_end-0", 1, 1, 0.1),
    ]
    seen: list[tuple[int, int, str]] = []
    process = cast(child.Child, SimpleNamespace(stdout=[*lines, '{"ended": 1}', "of the next call"]))
    said = runner._follow(process, lambda ended, total, name, _: seen.append((ended, total, name)))
    assert said == (1, [])
    assert seen == [(0, 2, "a"), (1, 2, "a"), (1, 2, "a"), (2, 2, "b")]
