"""A list of institutes, one home each: `aforo run --institutes institutes.yml` runs each by itself.

    norte:
      source: /srv/exports/norte
      home: /var/lib/aforo/norte
      push: ducklake:postgresql://aforo@host/lake?institute=norte
    sur: …

Each run is an `aforo run` of its own, with its flow, lock and record: one that fails or is killed stops no
other.
"""

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from flows import child, machine, push_target, settings, source
from flows.errors import AforoError, Problem, as_text
from flows.language import t
from flows.screen import terminal
from flows.screen.table import table

REQUIRED = ("source", "home")
# What a list may say of an institute: flags of `aforo run`, by their names.
OPTIONS = (*REQUIRED, "mapping", "period", "horizon", "offline", "push")
# One mapping is of one source: the list names each.
_MAPPING = "AFORO_MAPPING"
# What a run that is told to stop has to close itself.
_GRACE_SECONDS = 12


@dataclass(frozen=True)
class Institute:
    """An institute of the list: its name and the flags of its run."""

    name: str
    flags: list[str]


@dataclass
class Ended:
    """How its run ended. run_id: None where it made no record; problems: as Problem.as_json has them."""

    name: str
    state: str
    run_id: str | None = None
    problems: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Published, and pushed where that was asked."""
        return self.state == "published" and not self.problems


def read(file: Path) -> list[Institute]:
    """The institutes of a list; AforoError, naming the institute and the option, where it is not one."""
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = error.strerror if isinstance(error, OSError) else type(error).__name__
        raise _wrong(file, t("the list can't be read: {reason}", reason=reason)) from error
    if not isinstance(found, dict) or not found:
        raise _wrong(file, t("the list names no institute"))
    homes: dict[Path, str] = {}
    for name, options in found.items():
        _check(file, name, options)
        home = settings.resolve_home(str(options["home"])).root
        if home in homes:
            what = t("{name} and {other} have the same home", name=name, other=homes[home])
            raise _wrong(file, what)
        homes[home] = name
    return [Institute(str(name), list(_flags(options))) for name, options in found.items()]


def run(institutes: list[Institute], at_once: int, quiet: bool) -> list[Ended]:
    """Runs each, `at_once` side by side, and says of each how it ended; told to stop, it stops them all."""
    # Workers and memory are shared by those that run side by side, where nothing else is said.
    shared = {"AFORO_WORKERS": str(max(1, machine.workers() // at_once))} if at_once > 1 else {}
    children: list[child.Child] = []
    pool = ThreadPoolExecutor(at_once)
    try:
        running = [pool.submit(_run, each, shared, children) for each in institutes]
        for future in as_completed(running):
            if not quiet:
                terminal.say(f"{future.result().name}: {t(future.result().state)}")
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list(children):
            process.ask_to_end(_GRACE_SECONDS)
        raise
    finally:
        pool.shutdown()
    return [future.result() for future in running]


def as_lines(ended: list[Ended]) -> list[str]:
    """The table at the end, and what is wrong where it is."""
    rows = [[each.name, t(each.state), each.run_id or "-"] for each in ended]
    lines = table([[t("institute"), t("state"), t("run")], *rows])
    for each in ended:
        for problem in each.problems:
            lines += ["", f"{each.name}:", *(f"  {line}" for line in as_text(Problem(**problem)))]
    return lines


def _run(institute: Institute, shared: dict[str, str], children: list[child.Child]) -> Ended:
    environment = shared | {name: value for name, value in os.environ.items() if name != _MAPPING}
    with child.running(
        "flows.cli:main",
        ["run", *institute.flags, "--json"],
        environment=environment,
        stderr=subprocess.DEVNULL,
    ) as process:
        children.append(process)
        # Not `communicate`: it would close the pipe that says that the parent lives.
        out = process.stdout.read() if process.stdout else ""
        process.wait()
    with suppress(ValueError):
        told = json.loads(out)
        return Ended(institute.name, told["status"], told.get("run_id"), told["problems"])
    problem = child.ended_early(t("the run of {name}", name=institute.name), process.returncode)
    return Ended(institute.name, "failed", None, [problem.as_json()])


def _check(file: Path, name: object, options: object) -> None:
    if not isinstance(options, dict):
        raise _wrong(file, t("{name} has no options", name=name))
    for option in REQUIRED:
        if not options.get(option):
            raise _wrong(file, t("{name} lacks {option}", name=name, option=option))
    for option, value in options.items():
        if option not in OPTIONS:
            raise _wrong(file, t("{name}: {option} is no option of a list", name=name, option=option))
        if isinstance(value, dict | list):
            raise _wrong(file, t("{name}: {option} has more than one value", name=name, option=option))
    if _holds_password(options):
        raise _wrong(file, t("{name}: an address holds a password", name=name), t("put it into ~/.pgpass"))


def _holds_password(options: dict[str, Any]) -> bool:
    """Whether an address does: the list is a file, and its addresses are seen in the list of processes."""
    if source.parse(str(options["source"])).password is not None:
        return True
    pushed = str(options.get("push") or "")
    return bool(pushed) and push_target.target(pushed).holds_password


def _flags(options: dict[str, Any]) -> list[str]:
    flags = []
    for option, value in options.items():
        if isinstance(value, bool):
            flags += [f"--{option}"] if value else []
        else:
            flags += [f"--{option}", str(value)]
    return flags


def _wrong(file: Path, what: str, remedy: str | None = None) -> AforoError:
    remedy = remedy or t(
        "write for each institute `name: {{source: …, home: …}}`; also {options} (docs/operations.md)",
        options=", ".join(OPTIONS[len(REQUIRED) :]),
    )
    return AforoError([Problem(what, remedy, file=str(file))])
