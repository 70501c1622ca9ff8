"""The command line's own words: help, version, completion, wrong flags; tables and signs on the screen."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows import child, stopping
from flows.cli import app, main
from flows.errors import AforoError
from flows.prefect import server
from flows.screen import summary
from flows.screen.table import table
from flows.settings import Home
from tests.harness import AFORO, ROOT


@dataclass
class Ended:
    """How the command line ended and what it said."""

    exit_code: int
    out: str
    err: str


Aforo = Callable[..., Ended]


@pytest.fixture
def aforo(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Aforo:
    """The command line, called with these words, at 80 columns."""

    def call(*words: str) -> Ended:
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setattr("sys.argv", ["aforo", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(int(ended.value.code or 0), *capsys.readouterr())

    return call


def test_the_help_is_whole_and_has_examples(aforo: Aforo) -> None:
    help_ = aforo("--help").out
    assert "..." not in help_.replace("[ARGS]...", "")
    assert "…" not in help_
    words = " ".join(help_.split())
    for command in app.registered_commands:
        assert command.callback
        assert f" {command.name} {' '.join((command.callback.__doc__ or '').split())}" in words
    assert "aforo run --source exports/" in help_
    assert max(map(len, help_.splitlines())) <= 80
    assert aforo().out == help_


def test_the_version_is_that_of_the_package(aforo: Aforo) -> None:
    assert f'version = "{aforo("--version").out.split()[1]}"' in (ROOT / "pyproject.toml").read_text()


def test_a_shell_completes_commands_and_flags() -> None:
    def said(command: list[str], **environment: str) -> str:
        return subprocess.run(
            command, capture_output=True, text=True, check=True, env=os.environ | environment
        ).stdout

    # From a shell, whose name it finds out.
    script = said(["bash", "-c", f"'{AFORO}' --show-completion bash; exit $?"])
    assert "complete -o default -F _aforo_completion aforo" in script
    asked = {"_AFORO_COMPLETE": "complete_bash", "COMP_CWORD": "1", "COMP_WORDS": "aforo che"}
    assert said([str(AFORO)], **asked).split() == ["check-source"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--horizon", "x"], "aforo: --horizon: 'x' is not a whole number"),
        (["backtest", "--origins", "99"], "aforo: --origins: 99 is more than 60"),
        (["vacuum", "--keep-days", "-1"], "aforo: --keep-days: -1 is less than 0"),
        (["run", "--sorce", "x"], "aforo: No such option: --sorce"),
        (["rum"], "aforo: No such command 'rum'"),
    ],
)
def test_wrong_words_are_named_in_plain_ones(aforo: Aforo, arguments: list[str], said: str) -> None:
    ended = aforo(*arguments)
    assert ended.exit_code == 2
    assert ended.err.splitlines()[0].startswith(said)
    assert "--help" in ended.err.splitlines()[-1]


def test_nothing_slow_is_loaded_before_it_is_needed() -> None:
    slow = {"prefect", "dbt", "pandas", "statsforecast", "lightgbm", "rich"}
    code = "import flows.cli, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert slow & set(loaded.split()) == set()


def test_the_flow_loads_neither_pandas_nor_dbt() -> None:
    code = "import flows.pipeline, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert {"pandas", "dbt", "statsforecast", "joblib"} & set(loaded.split()) == set()


def test_a_table_in_a_pipe_is_never_cut_or_folded() -> None:
    long = "x" * 300
    assert table([["a", "b"], [long, "[red]"], ["", None]]) == [
        f"    {'a'.ljust(300)}  b",
        f"    {long}  [red]",
        f"    {''.ljust(300)}  None",
    ]
    assert table([]) == []


def test_a_table_on_a_narrow_terminal_keeps_every_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    words = [f"word{number}" for number in range(40)]
    lines = table([["table", "read as"], ["programacion", " ".join(words)]])
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).split() == ["table", "read", "as", "programacion", *words]


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_what_a_terminal_can_not_show_is_replaced(encoding: str, tmp_path: Path) -> None:
    chosen = {"PYTHONIOENCODING": encoding, "AFORO_HOME": str(tmp_path / "año → 未来")}
    for flag in ([], ["--json"]):
        ended = subprocess.run(
            [str(AFORO), "status", *flag],
            capture_output=True,
            encoding=encoding,
            check=False,
            env=os.environ | chosen,
        )
        assert (ended.returncode, ended.stderr) == (0, "")
    assert "\\u672a\\u6765" in ended.stdout


def test_the_summary_in_prefect_is_a_table_whatever_the_names_hold() -> None:
    found = {
        "periods": [202507], "published_at": "now", "run_id": "1", "period": 202507,
        "students": 1, "cells": 1, "backtest": {},
        "largest": [{"sede": "A|B", "curso_actual": "C", "horario_actual": "D", "alumnos": 1}],
        "sources": [],
    }  # fmt: skip
    assert "| A\\|B | C | D | 1 |" in summary.as_markdown(found).splitlines()


def test_a_child_ends_with_its_parent_and_hears_its_word() -> None:
    with child.running("tests.unit.test_cli:say_word", []) as process:
        assert process.stdout
        assert process.stdout.readline() == "waiting\n"
        process.go()
        assert process.stdout.readline() == "went\n"
        process.wait()
    assert process.returncode == 0


def say_word() -> None:
    """The child of the test above."""
    print("waiting", flush=True)
    child.wait_to_go()
    print("went", flush=True)


def test_only_the_first_signal_is_heard() -> None:
    code = (
        "import os, signal, time\n"
        "from flows.stopping import Stopped, heard\n"
        "try:\n"
        "    with heard():\n"
        "        try:\n"
        "            os.kill(os.getpid(), signal.SIGTERM); time.sleep(9)\n"
        "        finally:\n"
        "            os.kill(os.getpid(), signal.SIGINT); os.kill(os.getpid(), signal.SIGHUP)\n"
        "            print('cleaned')\n"
        "except Stopped as stopped: print(stopped, stopped.exit_code)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["cleaned", "stopped by SIGTERM 143"]


def test_a_query_that_a_signal_interrupts_is_stopped_not_failed() -> None:
    code = (
        "import duckdb, os, signal, threading\n"
        "from flows.stopping import Stopped, heard\n"
        "threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()\n"
        "try:\n"
        "    with heard(), duckdb.connect(config={'threads': 1}) as c:\n"
        "        c.execute('select count(*) from range(1000000) a, range(1000000) b '\n"
        "                  'where a.range * b.range > 7')\n"
        "except Stopped as stopped: print(stopped.exit_code)\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["143"]


def test_a_port_in_use_is_not_taken_for_our_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with socket.socket() as other:
        other.bind((server.LOOPBACK, 0))
        other.listen()
        port = other.getsockname()[1]
        with (
            pytest.raises(AforoError, match=f"can't use the port {port}"),
            server.running(Home(tmp_path), port),
        ):
            pass


@pytest.mark.parametrize("done", [True, False])
def test_a_run_that_has_published_goes_to_its_end(done: bool) -> None:
    heard = []
    before = stopping.signal.signal(stopping.signal.SIGTERM, lambda *_: heard.append(1))
    try:
        with stopping.spared(lambda: done) as asked:
            for _ in range(2):
                os.kill(os.getpid(), stopping.signal.SIGTERM)
                time.sleep(0.01)
        assert len(heard) == (0 if done else 1)
        assert asked.to_stop is not done
    finally:
        stopping.signal.signal(stopping.signal.SIGTERM, before)
