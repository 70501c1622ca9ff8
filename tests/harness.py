"""Runs `aforo` as a user does, and looks at what it left on disk."""

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

ROOT = Path(__file__).parents[1]
AFORO = Path(sys.executable).with_name("aforo")


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of that size ('240m') at `folder`; the test is skipped where none can be mounted."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said."""

    exit_code: int
    out: str
    err: str


@dataclass(frozen=True)
class Institute:
    """A source and a home of its own, with the environment that `aforo` runs in."""

    source: Path
    home: Path
    environment: dict[str, str]
    # Flags of every `aforo run`.
    flags: tuple[str, ...] = ()

    def copy(self, folder: Path) -> "Institute":
        """The same source with a copy of its home in `folder`."""
        home = shutil.copytree(self.home, folder / "home", symlinks=True)
        return replace(self, home=home)

    def command(self, *arguments: str) -> list[str]:
        """`aforo <arguments>` on this source and home."""
        return [str(AFORO), *arguments, *(self.flags if arguments[:1] == ("run",) else ())]

    def with_own_server(self) -> "Institute":
        """The same as a user has it who names no Prefect server."""
        kept = {name: value for name, value in self.environment.items() if not name.startswith("PREFECT_")}
        return replace(self, environment=kept)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Starts `aforo`, as the leader of a group as a shell does, and returns while it works."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def aforo(self, *arguments: str) -> Outcome:
        """Runs `aforo` to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=600)
        return Outcome(process.returncode, out, err)

    def records(self) -> list[dict[str, Any]]:
        """The records of its runs, the oldest first."""
        return [json.loads(path.read_text()) for path in sorted((self.home / "runs").glob("*.json"))]

    def flow_runs(self, open_: bool = False) -> list[tuple[str, str]]:
        """Name and state of the flow runs in the home's own Prefect database, the oldest first.

        `open_`: only those that Prefect takes for being under way.
        """
        under_way = "state_type in ('RUNNING', 'PENDING', 'CANCELLING')"
        query = f"select name, state_type from flow_run where not {open_} or {under_way} order by created"
        file = self.home / "prefect" / "prefect.db"
        # A server that was ended at its start has not made its tables.
        with (
            contextlib.closing(sqlite3.connect(file)) as database,
            contextlib.suppress(sqlite3.OperationalError),
        ):
            return database.execute(query).fetchall()
        return []

    def published(self, query: str) -> list[Any]:
        """The rows that a reader of the published file gets."""
        with duckdb.connect(
            str(self.home / "published" / "aforo_marts.duckdb"), read_only=True
        ) as connection:
            return connection.sql(query).fetchall()

    def forecast(self) -> list[Any]:
        """The published forecast, in order."""
        return self.published("from marts.prediccion_alumnos order by all")

    def health(self) -> dict[str, dict[str, Any]]:
        """table -> its row of the published salud_fuentes."""
        columns = ("tabla", "estado", "motivo_estado", "filas", "capturada_en", "cambio_en", "en_cuarentena")
        rows = self.published(f"select {', '.join(columns)} from marts.salud_fuentes")
        return {row[0]: dict(zip(columns, row, strict=True)) for row in rows}

    def fingerprint(self) -> dict[str, str]:
        """Every published file and what is in it, and which release it is."""
        files = sorted(path for path in (self.home / "published" / "").rglob("*") if path.is_file())
        contents = {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
        return contents | {"release": str((self.home / "published").readlink())}

    def leftovers(self) -> list[Path]:
        """Files of work in progress, which no run that has ended may leave."""
        patterns = [
            "releases/.*",
            "history/*.pending",
            "runs/*.tmp",
            "published.*",
            "*.tmp",
            "backup/*.tmp",
            "*.restoring",
            "aforo.lock.json",
        ]
        return [path for pattern in patterns for path in self.home.glob(pattern)]

    def _environment(self) -> dict[str, str]:
        # What may pass is tried again soon: the tests wait for no one.
        chosen = {
            "AFORO_RETRY_SECONDS": "0.5",
            "AFORO_SOURCE": str(self.source),
            "AFORO_HOME": str(self.home),
        }
        return {**os.environ, **chosen, **self.environment}
