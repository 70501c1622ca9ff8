"""The published marts in a DuckLake: Parquet in a folder or object storage, with a catalogue in Postgres.

One transaction replaces the rows of all marts of an institute, and is one snapshot of the lake: a reader's
query, on any machine, sees one publication whole, also an earlier one. Its author is the institute, its
message the run's id. Each institute has a schema, and so a folder, of its own: two that publish at once
change no table in common, and DuckLake lets both through.

Where a push fails or is killed, the catalogue has what it had. The files that it left behind belong to no
snapshot; a push two days later deletes them, and what expired snapshots alone were made of.
"""

import importlib.util
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb

from flows.dbt.extensions import PACKAGES, extension_file
from flows.errors import AforoError, Problem
from flows.home import retention
from flows.language import marked, t
from flows.push_target import AGAIN, LOG, PUBLISHED, Target
from flows.quoting import comments, identifier, literal, pattern

# Nothing is fetched from a network: what is not installed is said.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
# Publications of many institutes at once: each waits for the others' commits, a tenth of a second and more.
_RETRIES = 100
# Rows go into files, however few: the catalogue holds what the files are.
_OPTIONS = "data_inlining_row_limit 0"
# How long a file stays that no snapshot holds: who is writing or reading it has ended by then.
_LEFT_OVER_DAYS = 2

_NOT_WRITTEN = marked("the lake's data can't be written: {reason}")
_LOOK_AT_FOLDER = marked("check the folder's rights and room on this machine; {again}")

# As flows/push.py has them: pattern of an error, what to say of it, what to do.
KNOWN = (
    (
        r"(DATA_PATH parameter .* does not match .*)",
        marked("the lake's data is elsewhere: {reason}"),
        marked("leave data= out of the address, or give the lake's own; {again}"),
    ),
    (
        r"(catalog version is .*?)\. To",
        marked("the lake's catalogue is of another version: {reason}"),
        marked(
            "where it is newer, upgrade Aforo; where it is older, keep a copy of the database and migrate "
            "it once (docs/lake.md); {again}"
        ),
    ),
    (
        r"(Transaction conflict.*|Failed to commit DuckLake transaction.*|could not serialize.*)",
        marked("the same institute was pushed from elsewhere meanwhile: {reason}"),
        marked("let one home push it; {again}"),
    ),
    (
        r"((?:Cannot open file|Failed to create directory|Could not (?:open|write)|Failed to write) .*)",
        _NOT_WRITTEN,
        _LOOK_AT_FOLDER,
    ),
)

log = logging.getLogger(__name__)


def write(file: Path, run_id: str, to: Target) -> dict[str, int]:
    """Writes the marts of the file into the lake, all or none, and returns the rows of each."""
    place = f"lake.{identifier(to.schema)}"
    with duckdb.connect(config=_CONFIG) as connection:
        _load(connection, "postgres_scanner")
        _load(connection, "ducklake")
        # Takes the login of object storage from the variables AWS_*.
        _load(connection, "httpfs")
        connection.execute(f"set ducklake_max_retry_count = {_RETRIES}")
        connection.execute(f"attach {literal(str(file))} as published (read_only)")
        # Before the lake is attached: DuckDB's lists would read all of its catalogue each time.
        definitions = _definitions(connection, place)
        _attach(connection, to)
        connection.execute("begin")
        try:
            rows = _replace(connection, run_id, to.schema, definitions)
        except BaseException:
            with suppress(duckdb.Error):
                connection.execute("rollback")
            raise
        connection.execute("commit")
        _tidy(connection)
    return rows


def _load(connection: duckdb.DuckDBPyConnection, extension: str) -> None:
    file = extension_file(extension)
    if file is None:
        package = PACKAGES[extension].replace("_", "-")
        installed = importlib.util.find_spec(PACKAGES[extension])
        what = (
            t("the package {package} is of another version than DuckDB", package=package)
            if installed
            else t("the package {package} is not installed", package=package)
        )
        remedy = t(
            "install it: pip install {package}=={version}; {again}",
            package=package,
            version=duckdb.__version__,
            again=t(AGAIN),
        )
        raise AforoError([Problem(what, remedy)])
    connection.execute(f"load {literal(str(file))}")


def _attach(connection: duckdb.DuckDBPyConnection, to: Target) -> None:
    """Attaches the lake, and makes it where the database has none."""
    data = f", data_path {literal(to.data)}" if to.data else ""
    attach = f"attach {literal(f'ducklake:postgres:{to.database}')} as lake ({_OPTIONS}{data}"
    try:
        connection.execute(f"{attach}, create_if_not_exists false)")
    except duckdb.InvalidInputException as error:
        if "does not exist" not in str(error):
            raise
    else:
        _require_folder(connection)
        return
    _require_new_folder(connection, to.data)
    try:
        connection.execute(f"{attach})")
    except duckdb.Error as error:
        # Another institute's first push may have made it meanwhile.
        try:
            connection.execute(f"{attach}, create_if_not_exists false)")
        except duckdb.Error:
            raise error from None
        return
    connection.execute(f"call lake.set_option('expire_older_than', '{retention.days().publicaciones} days')")
    connection.execute(f"call lake.set_option('delete_older_than', '{_LEFT_OVER_DAYS} days')")


def _require_new_folder(connection: duckdb.DuckDBPyConnection, data: str | None) -> None:
    """A lake deletes files of its folder that it does not know: nothing else may be in it."""
    if data is None:
        what = t("the database holds no lake yet, and the address does not say where its data goes")
        raise AforoError([Problem(what, t("add data=/folder to the address; {again}", again=t(AGAIN)))])
    if "://" not in data:
        try:
            Path(data).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            what = t(_NOT_WRITTEN, reason=f"{data}: {error.strerror}")
            raise AforoError([Problem(what, t(_LOOK_AT_FOLDER, again=t(AGAIN)))]) from error
    if connection.execute(
        f"select 1 from glob({literal(pattern(data.rstrip('/')))} || '/**') limit 1"
    ).fetchone():
        what = t("{data} holds files already, and the database holds no lake yet", data=data)
        remedy = t("give a new lake a folder of its own; {again}", again=t(AGAIN))
        raise AforoError([Problem(what, remedy)])


def _require_folder(connection: duckdb.DuckDBPyConnection) -> None:
    """One that is not mounted here would be made anew, and nobody else could read what goes there."""
    [(data,)] = connection.execute("select data_path from ducklake_settings('lake')").fetchall()
    used = connection.execute("select 1 from lake.snapshots() where snapshot_id > 0 limit 1").fetchone()
    if used and "://" not in data and not (Path(data).is_dir() and any(Path(data).iterdir())):
        what = t("the lake's data is in {data}, which is not there on this machine, or empty", data=data)
        raise AforoError([Problem(what, t("mount it there; {again}", again=t(AGAIN)))])


def _replace(
    connection: duckdb.DuckDBPyConnection, run_id: str, schema: str, definitions: dict[str, str]
) -> dict[str, int]:
    place = f"lake.{identifier(schema)}"
    before = _pushed_before(connection, schema)
    for name in before.keys() - definitions.keys():
        connection.execute(f"drop table {place}.{identifier(name)}")
    rows = {}
    for name, definition in definitions.items():
        table = f"{place}.{identifier(name)}"
        connection.execute(f"delete from {table}" if before.get(name) == definition else definition)
        source = f"published.marts.{identifier(name)}"
        [(rows[name],)] = connection.execute(f"insert into {table} from {source}").fetchall()
    logged = [
        f"({literal(name)}, {literal(run_id)}, {literal(definitions[name])}, {rows[name]}, now())"
        for name in definitions
    ]
    connection.execute(f"insert into {place}.{LOG} values {', '.join(logged)}")
    connection.execute(f"call lake.set_commit_message({literal(schema)}, {literal(run_id)})")
    return rows


def _pushed_before(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[str, str]:
    """The tables of the last push that are still there, with their definitions; its log is empty then."""
    place = f"lake.{identifier(schema)}"
    connection.execute(f"create schema if not exists {place}")
    there = {name for name, *_ in connection.execute(f"show tables from {place}").fetchall()}
    if LOG in there:
        logged = connection.execute(f"select tabla, definicion from {place}.{LOG}").fetchall()
        connection.execute(f"delete from {place}.{LOG}")
        return {name: definition for name, definition in logged if name in there}
    if there:
        what = t(
            "the lake has a schema {schema} that no push made, with {table} in it",
            schema=schema,
            table=min(there),
        )
        raise AforoError([Problem(what, t("give the institute another name; {again}", again=t(AGAIN)))])
    connection.execute(
        f"create table {place}.{LOG} (tabla varchar not null, run_id varchar not null,"
        " definicion varchar not null, filas bigint not null, enviado_en timestamp with time zone not null)"
    )
    return {}


def _definitions(connection: duckdb.DuckDBPyConnection, place: str) -> dict[str, str]:
    """Each mart as a table in the lake's SQL: columns, not null, comments. DuckLake has no primary keys."""
    tables = connection.execute(
        f"select table_name, comment from duckdb_tables() where {PUBLISHED} order by 1"
    ).fetchall()
    columns = connection.execute(
        "select table_name, column_name, data_type, is_nullable, comment from duckdb_columns()"
        f" where {PUBLISHED} order by table_name, column_index"
    ).fetchall()
    return {
        name: _definition(f"{place}.{identifier(name)}", note, [rest for of, *rest in columns if of == name])
        for name, note in tables
    }


def _definition(table: str, note: str | None, columns: list[list[Any]]) -> str:
    """columns: of each the name, the type, whether it may be null, the comment."""
    listed = ", ".join(
        f"{identifier(name)} {kind}{'' if nullable else ' not null'}" for name, kind, nullable, _ in columns
    )
    of_columns = [(name, comment) for name, _, _, comment in columns]
    made = f"create or replace table {table} ({listed})"
    return ";\n".join([made, *comments(table, note, of_columns)])


def _tidy(connection: duckdb.DuckDBPyConnection) -> None:
    """Old snapshots go, and files that none holds; what fails of it, the next push does."""
    for function in ("expire_snapshots", "cleanup_old_files", "delete_orphaned_files"):
        try:
            connection.execute(f"call ducklake_{function}('lake')")
        except duckdb.Error as error:
            log.warning("the lake: %s failed (%s)", function, type(error).__name__)
