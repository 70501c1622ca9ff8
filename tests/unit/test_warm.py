"""dbt as one process for a run: what it says of each call, what is left of it, what a fork starts from."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import psutil
import pytest

from flows import child
from flows.dbt import invocation, warm
from flows.dbt.runner import Dbt, Variables
from flows.project import version_variables
from flows.settings import resolve

CALL: dict[str, Any] = {"results": "results.json", "arguments": ["build"], "environment": {"OF_CALL": "1"}}


def killed(*_: object) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def raising(*_: object) -> int:
    raise RuntimeError


def in_its_environment(*_: object) -> int:
    return 1 if os.environ == {"OF_CALL": "1"} else 3


@pytest.mark.parametrize(
    ("invoke", "exit_code"), [(killed, -signal.SIGKILL), (raising, 2), (in_its_environment, 1)]
)
def test_a_call_ends_as_its_fork_does(
    monkeypatch: pytest.MonkeyPatch, invoke: Callable[..., int], exit_code: int
) -> None:
    # The fork is of this process, whose standard input is nobody's to watch.
    monkeypatch.setattr(child, "end_with_parent", lambda: None)
    monkeypatch.setattr(invocation, "invoke", invoke)
    monkeypatch.setattr(invocation, "leave", os._exit)
    before = dict(os.environ)
    assert warm._fork(CALL, None) == exit_code
    assert dict(os.environ) == before


def test_the_end_of_a_call_is_a_line_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def killed_while_it_writes(*_: object) -> int:
        print('{"info": {"level"', end="")
        return -9

    calls = iter(["{}"])
    monkeypatch.setattr(sys, "argv", ["warm", "{}"])
    monkeypatch.setattr(warm, "gc", Mock())
    monkeypatch.setattr(invocation, "load", Mock())
    monkeypatch.setattr(warm, "_next", lambda: next(calls))
    monkeypatch.setattr(warm, "_fork", killed_while_it_writes)
    with pytest.raises(StopIteration):
        warm.main()
    assert capsys.readouterr().out.splitlines() == ['{"info": {"level"', '{"ended": -9}']


def test_it_ends_with_its_parent_also_while_it_loads_dbt() -> None:
    command = [sys.executable, "-m", "flows.dbt.warm", "{}"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
    assert process.stdin
    process.stdin.close()
    assert process.wait(30) == -signal.SIGKILL


LOADED = """
import json, os, sys
from flows.dbt import invocation
invocation.load("{}")
print(json.dumps([len(os.listdir("/proc/self/task")), "duckdb" in sys.modules]))
"""


@pytest.mark.slow
def test_a_fork_is_made_of_one_thread_and_without_duckdb() -> None:
    said = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert json.loads(said.stdout) == [1, False]


@pytest.mark.slow
def test_one_process_makes_all_calls_and_another_one_those_after_its_end(tmp_path: Path) -> None:
    asked, variables = resolve(home=str(tmp_path)), Variables(version_variables())
    with Dbt() as dbt:

        def call() -> int:
            assert dbt.run(["nonsense"], asked, variables).exit_code == 2
            assert dbt._process
            left = [each.cmdline() for each in psutil.Process(dbt._process.pid).children()]
            assert not any("flows.dbt.warm" in command for command in left), left
            return dbt._process.pid

        first = call()
        assert call() == first
        os.killpg(first, signal.SIGKILL)
        assert dbt._process
        dbt._process.wait()
        second = call()
        assert second != first
        late = dbt.run(["nonsense"], asked, variables, timeout=0.001)
        assert (late.timed_out, late.exit_code) == (True, -signal.SIGKILL)
        last = call()
    assert not psutil.pid_exists(second)
    assert not psutil.pid_exists(last)
