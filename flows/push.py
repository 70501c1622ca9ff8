"""The published marts in Postgres, for tools that read no DuckDB file; or in a lake (flows/lake.py).

One transaction replaces the rows of all tables of the schema `marts`. So a reader's query sees one
publication whole, waits for none, and keeps its rights and views. A table is made anew only where its columns
have changed. (Schemas renamed in turn would let a query that begins in between join tables of two
publications.)

`marts.aforo_publicacion` says what was pushed, of which run, and marks the schema as Aforo's. The password is
in the environment of the process that pushes (PGPASSWORD), and nowhere else.
"""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from flows import child, lake
from flows.dbt.extensions import extension_file
from flows.errors import AforoError, Problem
from flows.home import releases
from flows.language import marked, t
from flows.push_target import AGAIN, LOG, PUBLISHED, SCHEMA, Target, target
from flows.quoting import comments, identifier, literal
from flows.settings import MARTS_FILE, Home

SECONDS = 900
LOCK_SECONDS = 60
_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "VARCHAR": "text",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}
_KNOWN = (
    (
        r"FATAL: +(.*)|(no password supplied)",
        marked("the database refuses the login: {reason}"),
        marked("check user, database and password (PGPASSWORD or ~/.pgpass); {again}"),
    ),
    (
        r"(connection to server .*|could not translate host.*|server closed the connection.*|"
        r"terminating connection.*)",
        marked("the database does not answer: {reason}"),
        marked("check that it is up and that its address is right; {again}"),
    ),
    (
        r"(permission denied for .*|must be owner of .*)",
        marked("the database's user lacks a right: {reason}"),
        marked("grant it (grant create on database …), or name a user that has it; {again}"),
    ),
    (
        r"(cannot drop table .*)",
        marked("a mart's columns have changed, and something of yours depends on its table: {reason}"),
        marked("drop that view (\\d+ in psql lists it); {again}, and make the view again"),
    ),
    (
        r"(lock timeout|could not serialize.*|deadlock detected|duplicate key.*pg_namespace.*)",
        marked("another session holds a table of the marts ({reason})"),
        marked("wait until it has ended; {again}"),
    ),
)


@dataclass(frozen=True)
class Pushed:
    """What was pushed where: the address without its password, the run, the rows of each mart."""

    address: str
    schema: str
    run_id: str
    rows: dict[str, int]

    def as_text(self) -> str:
        """The same in a line."""
        rows = sum(self.rows.values())
        return t(
            "Pushed to {address}, schema {schema}: {tables} tables, {rows} rows",
            address=self.address,
            schema=self.schema,
            tables=len(self.rows),
            rows=f"{rows:,}",
        )


def push(home: Home, to: Target) -> Pushed:
    """Pushes the published release; AforoError, and nothing has changed in the database, where that fails."""
    release = releases.require_published(home)
    environment = {name: value for name, value in os.environ.items() if name != "PGPASSWORD"}
    environment.setdefault("PGCONNECT_TIMEOUT", "20")
    if to.password is not None:
        environment["PGPASSWORD"] = to.password
    # A process of its own: DuckDB's extension ends the one that it is in where the server goes away.
    with child.running(
        "flows.push:main",
        [str(release / MARTS_FILE), release.name, to.name],
        environment=environment,
        stderr=subprocess.DEVNULL,
        timeout=SECONDS,
    ) as process:
        # Not `communicate`: it would close the pipe that says that the parent lives.
        out = (process.stdout or io.StringIO()).read()
        process.wait()
    told: dict[str, Any] = {}
    with suppress(ValueError, IndexError):
        told = json.loads(out.splitlines()[-1])
    if "rows" in told:
        return Pushed(to.name, to.schema, release.name, told["rows"])
    if "problem" in told:
        raise AforoError([Problem(**told["problem"])])
    if process.timed_out:
        raise AforoError(
            [
                Problem(
                    t("the push took longer than {seconds} s", seconds=SECONDS),
                    t("look at the database; {again}", again=t(AGAIN)),
                )
            ]
        )
    raise AforoError(
        [
            Problem(
                t("the database went away during the push"),
                t("check that it is up and has room on its disk; {again}", again=t(AGAIN)),
            )
        ]
    )


def main() -> None:
    """In the process that pushes: `<file> <run_id> <address>`; prints one line of JSON."""
    file, run_id, address = sys.argv[1:]
    to = target(address)
    try:
        rows = lake.write(Path(file), run_id, to) if to.is_lake else write(Path(file), run_id, address)
        found: dict[str, Any] = {"rows": rows}
    except AforoError as error:
        found = {"problem": error.problems[0].as_json()}
    except duckdb.Error as error:
        found = {"problem": explained(str(error)).as_json()}
    print(json.dumps(found), flush=True)


def explained(text: str) -> Problem:
    """What a person reads of an error of DuckDB or the database."""
    for pattern, what, remedy in (*_KNOWN, *lake.KNOWN):
        found = re.search(pattern, text)
        if found:
            reason = next(group for group in found.groups() if group)
            return Problem(t(what, reason=reason.strip()), t(remedy, again=t(AGAIN)))
    reason = re.search(r"ERROR: +(.*)", text)
    said = reason[1] if reason else text.strip().splitlines()[0]
    return Problem(
        t("the push failed: {said}", said=said),
        t("set that right in the database; {again}", again=t(AGAIN)),
    )


def write(file: Path, run_id: str, address: str) -> dict[str, int]:
    """Writes the marts of the file into the database, all or none, and returns the rows of each."""
    with duckdb.connect() as connection:
        extension = extension_file("postgres_scanner")
        connection.execute(f"load {literal(str(extension))}" if extension else "load postgres")
        connection.execute(f"attach {literal(str(file))} as published (read_only)")
        connection.execute(f"attach {literal(address)} as target (type postgres)")
        connection.execute("begin")
        try:
            rows = _replace(_Database(connection), run_id)
        except BaseException:
            with suppress(duckdb.Error):
                connection.execute("rollback")
            raise
        connection.execute("commit")
    return rows


class _Database:
    """The database inside the transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def execute(self, statement: str) -> None:
        self.connection.execute("call postgres_execute('target', ?)", [statement])

    def rows(self, query: str) -> list[Any]:
        return self.connection.execute(f"from postgres_query('target', {literal(query)})").fetchall()

    def published(self, query: str) -> list[Any]:
        return self.connection.execute(query).fetchall()


def _replace(database: _Database, run_id: str) -> dict[str, int]:
    database.execute(f"set local lock_timeout = '{LOCK_SECONDS}s'")
    before = _pushed_before(database)
    tables = database.published(f"select table_name from duckdb_tables() where {PUBLISHED} order by 1")
    definitions = {name: _definition(database, name) for (name,) in tables}
    for name in before:
        if before[name] == definitions.get(name):
            database.execute(f"delete from {_in_schema(name)}")
        else:
            database.execute(f"drop table if exists {_in_schema(name)}")
    for name, definition in definitions.items():
        if before.get(name) != definition:
            database.execute(definition)
    database.connection.execute("call pg_clear_cache()")
    rows = {}
    for name in definitions:
        place = f"{identifier(SCHEMA)}.{identifier(name)}"
        [(rows[name],)] = database.published(f"insert into target.{place} from published.{place}")
        texts = f"{literal(name)}, {literal(run_id)}, {literal(definitions[name])}"
        database.execute(f"insert into {_in_schema(LOG)} values ({texts}, {rows[name]}, now())")
    return rows


def _pushed_before(database: _Database) -> dict[str, str]:
    """The tables of the last push that are still there, with their definitions; the schema is there then."""
    there = [
        name
        for (name,) in database.rows(
            f"select c.relname::text from pg_class c inner join pg_namespace n on n.oid = c.relnamespace"
            f" where n.nspname = '{SCHEMA}' and c.relkind in ('r', 'p', 'v', 'm', 'f')"
        )
    ]
    if LOG not in there:
        if there:
            what = t(
                "the database has a schema {schema} that no push made, with {table} in it",
                schema=SCHEMA,
                table=there[0],
            )
            remedy = t("push into another database, or rename that schema; {again}", again=t(AGAIN))
            raise AforoError([Problem(what, remedy)])
        database.execute(f"create schema if not exists {SCHEMA}")
        database.execute(
            f"create table {_in_schema(LOG)} (tabla text primary key, run_id text not null,"
            " definicion text not null, filas bigint not null, enviado_en timestamp with time zone not null)"
        )
        return {}
    logged = database.rows(f"select tabla, definicion from {_in_schema(LOG)}")
    database.execute(f"delete from {_in_schema(LOG)}")
    return {name: definition for name, definition in logged if name in there}


def _definition(database: _Database, table: str) -> str:
    """The table in Postgres's SQL: columns, primary key, comments."""
    where = f"{PUBLISHED} and table_name = {literal(table)}"
    columns = database.published(
        "select column_name, data_type, is_nullable, comment from duckdb_columns()"
        f" where {where} order by column_index"
    )
    keys = database.published(
        "select constraint_column_names from duckdb_constraints()"
        f" where {where} and constraint_type = 'PRIMARY KEY'"
    )
    [(note,)] = database.published(f"select comment from duckdb_tables() where {where}")
    lines = [
        f"{identifier(name)} {postgres_type(table, name, duckdb_type)}{'' if nullable else ' not null'}"
        for name, duckdb_type, nullable, _ in columns
    ]
    lines += [f"primary key ({_listed(key)})" for (key,) in keys]
    of_columns = [(name, comment) for name, _, _, comment in columns]
    made = f"create table {_in_schema(table)} ({', '.join(lines)})"
    return ";\n".join([made, *comments(_in_schema(table), note, of_columns)])


def postgres_type(table: str, column: str, duckdb_type: str) -> str:
    """Postgres's type for one of DuckDB's; AforoError where there is none."""
    base, dimensions = re.fullmatch(r"(.*?)((?:\[\d*\])*)", duckdb_type).groups()  # type: ignore[union-attr]
    array = "[]" * dimensions.count("[")
    if base.startswith("DECIMAL("):
        return base.replace("DECIMAL", "numeric") + array
    if base not in _TYPES:
        what = t("Postgres has no type for {type}", type=duckdb_type)
        raise AforoError([Problem(what, t("read the DuckDB file instead"), table=table, column=column)])
    return _TYPES[base] + array


def _in_schema(table: str) -> str:
    return f"{SCHEMA}.{identifier(table)}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(identifier, names))
