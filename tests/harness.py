"""Runs `aforo` as a user does, and looks at what it left on disk."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).parents[1]
AFORO = Path(sys.executable).with_name("aforo")


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

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Starts `aforo` and returns while it works."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def aforo(self, *arguments: str) -> Outcome:
        """Runs `aforo` to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=600)
        return Outcome(process.returncode, out, err)

    def records(self) -> list[dict[str, Any]]:
        """The records of its runs, the oldest first."""
        return [json.loads(path.read_text()) for path in sorted((self.home / "runs").glob("*.json"))]

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
        columns = ("tabla", "estado", "motivo", "filas", "capturada_en", "cambio_en", "en_cuarentena")
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
