"""Publishes again and again, each time with one fault at one of its steps: a program of its own.

    python -m tests.faulty_publications <home> <folder>

Each fault happens in a fork that publishes in a copy of `home`, at `folder`/<mode>-<number>. A line of JSON
says what was done: "mode", "number", "at", "ended", which is 'published', 'failed', 'stopped' or 'killed'.

    fails    the call does not happen, and the system says EIO
    late     the call happens, and the system says EIO
    broken   this call and all that follow fail: the disk is gone
    killed   SIGKILL before the call
    stopped  a signal's exception, between two lines of the publication's code

The marts are those of the home's release, copied by the system: DuckDB's work is over before the first step
that anyone could see, and would take a second of each fault.
"""

import errno
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from flows.home import backup, record, releases
from flows.home.record import Record
from flows.home.tables import Table
from flows.settings import Home, Settings
from flows.source import parse
from flows.steps import publish

CALLS = (
    "open", "os.chmod", "os.listdir", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.scandir",
    "os.symlink",
)  # fmt: skip
CHANGES = ("fsync", "rename", "replace", "symlink")
LINES = ("publish", "switch", "_finish", "_is_published", "keep_history", "prune")


class Stopped(BaseException):
    """What a signal's handler raises."""


class Faults:
    """Counts the steps and lets the fault happen at one of them."""

    def __init__(self, mode: str, number: int, home: Path) -> None:
        self.mode, self.number, self.home = mode, number, str(home)
        self.steps: list[str] = []
        self.on = False

    def arm(self) -> None:
        """From here on."""
        if self.mode == "stopped":
            sys.settrace(self._trace)
        elif self.mode == "late":
            for name in CHANGES:
                setattr(os, name, self._late(name, getattr(os, name)))
        else:
            os.fsync = self._early("fsync", os.fsync)
            sys.addaudithook(self._audit)
        self.on = True

    def _step(self, at: str) -> None:
        self.steps.append(at)
        here = len(self.steps) - 1
        if here == self.number or (self.mode == "broken" and here > self.number >= 0):
            if self.mode == "stopped":
                raise Stopped
            if self.mode == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.EIO, os.strerror(errno.EIO), at)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in CALLS or not self.on:
            return
        path = str(arguments[event == "os.symlink"])
        # What deletes a folder names its files alone, beside the folder's descriptor.
        if path.startswith(self.home) or event in ("os.remove", "os.rmdir"):
            self._step(f"{event} {Path(path).name}")

    def _early(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def seen_first(*arguments: Any) -> Any:
            if self.on:
                self._step(name)
            return call(*arguments)

        return seen_first

    def _late(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def done_first(*arguments: Any, **options: Any) -> Any:
            result = call(*arguments, **options)
            self._step(name)
            return result

        return done_first

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_name not in LINES or not frame.f_code.co_filename.endswith(
            ("publish.py", "releases.py")
        ):
            return None
        if event == "line" and self.on:
            self._step(f"{frame.f_code.co_name}:{frame.f_lineno}")
        return self._trace


def without_duckdb(template: Path) -> None:
    """The publication copies what the template has published in place of reading a warehouse."""
    marts = template / "published" / ""

    def copy_marts(warehouse: Path, folder: Path, run_id: str) -> list[Table]:  # noqa: ARG001
        shutil.copytree(marts, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("manifest.json"))
        return []

    def manifest(folder: Path, run: Record, *_: Any) -> dict[str, Any]:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        sums = {str(path.relative_to(folder)): releases.sha256(path) for path in files}
        return {"run_id": run.run_id, "sha256": sums}

    stand_ins: dict[str, Callable[..., Any]] = {
        "copy_marts": copy_marts,
        "verify": lambda *_: None,
        "_manifest": manifest,
    }
    for name, stand_in in stand_ins.items():
        setattr(publish, name, stand_in)
    setattr(backup, "keep_if_possible", lambda _: None)  # noqa: B010


def attempt(template: Path, folder: Path, run: Record, mode: str, number: int) -> tuple[str, list[str]]:
    """Publishes in a fork, with the fault; how it ended, and the steps up to there."""
    root = shutil.copytree(template, folder, symlinks=True)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        home = Home(root)
        faults = Faults(mode, number, root)
        faults.arm()
        try:
            publish.publish(home, run, {})
            ended = "published"
        except Stopped:
            ended = "stopped"
        except Exception:
            ended = "failed"
        sys.settrace(None)
        faults.on = False
        os.write(writer, json.dumps([ended, faults.steps]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    ended, steps = json.loads(said) if said else ("killed", [])
    return ended, steps


def main() -> None:
    """Every fault, once."""
    template, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir()
    without_duckdb(template)
    run = record.start(Settings(source=parse("/source"), home=Home(folder / "records")))
    for mode in ("fails", "late", "broken", "killed", "stopped"):
        _, steps = attempt(template, folder / f"{mode}-none", run, mode, -1)
        for number, at in enumerate(steps):
            ended, _ = attempt(template, folder / f"{mode}-{number}", run, mode, number)
            print(json.dumps({"mode": mode, "number": number, "at": at, "ended": ended}), flush=True)


if __name__ == "__main__":
    main()
