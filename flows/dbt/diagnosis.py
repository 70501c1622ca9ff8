"""From what dbt and DuckDB say to what a person reads: table, column, row or file, what is wrong, what to do.

In this order: the rows that the audit tests stored in the warehouse, the messages that the project's macros
raise (`[aforo] …`), errors of DuckDB and the operating system that are known, and else dbt's own words with
the log.
"""

import contextlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows import child
from flows.dbt.runner import DbtResult, NodeFailure
from flows.dbt.wording import without_values
from flows.errors import AforoError, Problem, TransientError
from flows.home import warehouse
from flows.language import of_sql, t
from flows.project import contract_tables
from flows.settings import Home

TAG = "[aforo] "
ROWS_SHOWN = 5
FULL_BYTES = 2**20
_AUDIT_COLUMNS = {"tabla", "archivo", "fila", "columna", "valor", "problema", "remedio"}


@dataclass(frozen=True)
class _Known:
    pattern: re.Pattern[str]
    explain: Callable[[str, Home], Problem]
    transient: bool = False


def failure(result: DbtResult, home: Home) -> AforoError:
    """The error of an invocation that failed: a TransientError if all that went wrong is transient."""
    problems: list[Problem] = []
    transient = []
    for node in result.failures:
        found, is_transient = explain_node(node, home)
        problems += [problem for problem in found if problem not in problems]
        transient.append(is_transient)
    if not problems:
        explained = [_explain_text(text, None, home) for text in result.errors] or [_ending(result, home)]
        problems = list(dict.fromkeys(problem for problem, _ in explained))
        transient = [is_transient for _, is_transient in explained]
    return TransientError(problems) if all(transient) else AforoError(problems)


def explain_exception(error: BaseException, home: Home) -> AforoError:
    """Any other exception of a run, as a person reads it; its traceback goes to the log."""
    if isinstance(error, AforoError):
        return error
    if not isinstance(error, Exception):
        # Ctrl-C, or the signal by which a server or an operator ends a process.
        return AforoError(
            [Problem(t("the run was stopped before its end"), t("start it again when it suits"))]
        )
    texts: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(texts) < 10:
        texts.append(f"{type(cause).__name__}: {without_values(str(cause))}")
        cause = cause.__cause__ or cause.__context__
    for text in texts:
        known = _known(text)
        if known:
            return AforoError([known.explain(text, home)])
    return AforoError([no_room(home) or Problem(_first_line(texts[0]), _look_at_log(home))])


def no_room(home: Home) -> Problem | None:
    """That the home's disk is full, where an error does not say so itself: Prefect's server only fails."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage(home.root).free < FULL_BYTES:
            return _disk_full("", home)
    return None


def warnings(result: DbtResult, home: Home) -> list[Problem]:
    """What audits with severity `warn` found; other tests' warnings are in the log."""
    return [problem for node in result.warnings for problem in explain_node(node, home)[0] if problem.table]


def explain_node(node: NodeFailure, home: Home) -> tuple[list[Problem], bool]:
    """What is wrong with a node, and whether it is transient."""
    if node.status in ("fail", "warn") and node.relation:
        found = _audit_rows(node.relation, home.warehouse)
        if found:
            return found, False
    problem, is_transient = _explain_text(node.message, node, home)
    return [problem], is_transient


def _audit_rows(relation: str, warehouse: Path) -> list[Problem]:
    with contextlib.suppress(duckdb.Error), duckdb.connect(str(warehouse), read_only=True) as connection:
        columns = {row[0] for row in connection.execute(f"describe {relation}").fetchall()}
        if not columns >= _AUDIT_COLUMNS:
            return []
        groups = connection.execute(
            f"""select tabla, columna, archivo, problema, remedio, count(*),
                list(fila order by fila)[:{ROWS_SHOWN}],
                list_distinct(list(valor order by fila)[:{ROWS_SHOWN}])
            from {relation} group by all order by tabla, archivo, columna nulls first, problema"""
        ).fetchall()
        return [
            Problem(
                what=of_sql(problem),
                remedy=of_sql(remedy),
                table=table,
                column=column,
                file=file,
                rows=tuple(row for row in rows if row is not None),
                values=tuple(sorted(value for value in values if value is not None)),
                count=count,
            )
            for table, column, file, problem, remedy, count, rows, values in groups
        ]
    return []


def _explain_text(text: str, node: NodeFailure | None, home: Home) -> tuple[Problem, bool]:
    if TAG in text:
        message = re.split(r"\n\s*\n", text.split(TAG, 1)[1])[0]
        what, _, remedy = " ".join(message.split()).partition(". ")
        return Problem(of_sql(what), of_sql(remedy) if remedy else _look_at_log(home)), False
    text = _python_error(text) or text
    known = _known(text)
    if known:
        return known.explain(text, home), known.transient
    if node is None:
        return Problem(_first_line(_without_header(text)), _look_at_log(home)), False
    foreign = _foreign_sql(text, node, home)
    if foreign:
        return foreign, False
    what = t("{name}: {first_line}", name=node.name, first_line=_first_line(_without_header(text)))
    return Problem(what, _look_at_log(home)), False


def _known(text: str) -> _Known | None:
    return next((known for known in _KNOWN if known.pattern.search(text)), None)


def _python_error(text: str) -> str | None:
    """The line of a Python model's traceback that says what is wrong: 'SeriesError: no rows'."""
    _, found, last = text.rpartition("Traceback (most recent call last):")
    if not found:
        return None
    indent = text.rpartition(found)[0].rpartition("\n")[2]
    line = re.search(rf"^{indent}(?:\w+\.)*(\S.*)$", last, re.M)
    return line[1] if line else None


def _ending(result: DbtResult, home: Home) -> tuple[Problem, bool]:
    if result.timed_out:
        what = t(
            "dbt did not end within {seconds} seconds and was stopped",
            seconds=f"{result.seconds_allowed:.0f}",
        )
        return Problem(what, _look_at_log(home)), False
    return no_room(home) or child.ended_early("dbt", result.exit_code, _look_at_log(home)), False


def _file_in(text: str) -> str | None:
    found = re.search(r"file = (.+)|[Ff]ile '([^']+)'|file \"([^\"]+)\"", text)
    if not found:
        return None
    file = next(filter(None, found.groups())).strip()
    # The copy in UTF-8 of a text file (flows/dbt/plugin.py) has the original's path below its own folder.
    return re.sub(r"^.*/aforo_utf8_[^/]+", "", file)


def _line_in(text: str) -> tuple[int, ...]:
    # DuckDB counts the header as line 1; rows are counted without it.
    found = re.search(r"CSV Error on Line: (\d+)", text)
    return (max(int(found[1]) - 1, 1),) if found else ()


def _table_of(file: str | None) -> str | None:
    if file is None:
        return None
    path = Path(file)
    return path.parent.name if path.parent.parent.name and _is_table_folder(path) else path.stem


def _is_table_folder(path: Path) -> bool:
    return path.parent.name in contract_tables()


def _no_parquet(text: str, _: Home) -> Problem:
    file = _file_in(text)
    return Problem(
        t("the file is not a Parquet file, or it is cut off"),
        t("export it again as Parquet, or as CSV with the ending .csv"),
        table=_table_of(file),
        file=file,
    )


def _bad_csv(text: str, _: Home) -> Problem:
    file = _file_in(text)
    reason = re.search(
        r"^\s*(Expected Number of Columns.*|Value with unterminated quote.*|.*unterminated.*)$", text, re.M
    )
    rows = _line_in(text)
    return Problem(
        t("a row can't be read as CSV: {reason}", reason=reason[1].strip())
        if reason
        else t("a row can't be read as CSV"),
        t(
            "give every row as many values as the header has, with quotes around "
            "values that hold the separator"
        ),
        table=_table_of(file),
        file=file,
        rows=rows,
    )


def _disk_full(text: str, home: Home) -> Problem:
    file = re.search(r"[\"'](/[^\"']+)[\"']", text)
    elsewhere = file and not Path(file[1]).is_relative_to(home.root)
    place = file[1] if file and elsewhere else home.root
    return Problem(
        t("the disk of {place} is full", place=place),
        t("free some space there, or use another --home; then run again"),
    )


def _locked(text: str, home: Home) -> Problem:
    process = re.search(r"\(PID (\d+)\)", text)
    who = t("process {number}", number=process[1]) if process else t("another process")
    file = re.search(r"lock on file \"([^\"]+)\"", text)
    if file and Path(file[1]).resolve() != home.warehouse.resolve():
        return Problem(
            t("the source {file} is open in {who}", file=file[1], who=who),
            t("close it there, or read a copy of it"),
        )
    return Problem(
        t("the warehouse {warehouse} is open in {who}", warehouse=home.warehouse, who=who),
        t(
            "close it there: read the published copy instead ({published_file})",
            published_file=home.published_file,
        ),
    )


def _damaged(text: str, home: Home) -> Problem:
    file = _file_in(text)
    if file and Path(file).resolve() != home.warehouse.resolve():
        return Problem(
            t("the source {file} is no DuckDB file, or it is damaged", file=file),
            t("export it again"),
            file=file,
        )
    return no_room(home) or warehouse.damaged(home.warehouse, _first_line(text))


def _out_of_memory(_: str, __: Home) -> Problem:
    return Problem(
        t("the run needed more memory than there is"),
        t("close other programs, or run on a machine with at least 2 GiB free"),
    )


def _permission(text: str, _: Home) -> Problem:
    found = re.search(r"[\"']([^\"']+)[\"']", text)
    return Problem(
        t("there is no permission to read or write {file}", file=found[1] if found else t("a file")),
        t("give the user that runs aforo the right to, or use another --home"),
    )


def _source_down(text: str, _: Home) -> Problem:
    reason = re.search(
        r"connection to server .*|server closed the connection.*|terminating connection.*|"
        r"could not translate host.*|Could not establish connection.*|HTTP.*",
        text,
    )
    return Problem(
        t("the source does not answer: {reason}", reason=reason[0] if reason else t("it can not be reached")),
        t("check that it is up and that its address is right; then run again"),
    )


def _login_refused(text: str, _: Home) -> Problem:
    reason = re.search(r"FATAL: +(.*)|no password supplied", text)
    return Problem(
        t(
            "the source refuses the login: {reason}",
            reason=reason[1] or reason[0] if reason else t("no reason given"),
        ),
        t("check user and database in its address, and the password in PGPASSWORD or ~/.pgpass"),
    )


def _right_missing(text: str, _: Home) -> Problem:
    what = re.search(r"permission denied for (.*)", text)
    return Problem(
        t("the source's user may not read {table}", table=what[1] if what else t("a table")),
        t("grant it: grant select on the table, and usage on its schema"),
    )


def _source_busy(text: str, _: Home) -> Problem:
    lock = "lock timeout" in text
    return Problem(
        t("a table of the source is locked by another session")
        if lock
        else t("the source took too long to answer"),
        t("run again when that session has ended") if lock else t("run again when it is less busy"),
    )


def _foreign_sql(text: str, node: NodeFailure, home: Home) -> Problem | None:
    """What is wrong with a table's mapping, or with a view of a DuckDB source (flows/dbt/box.py)."""
    reason = re.search(
        r"(?:Binder|Catalog|Parser|Conversion|Out of Range|Invalid Input|Permission) Error: "
        r".*(?:\n.*andidate.*)?"
        r"|the query (?:did not end|has more) .*",
        text,
    )
    table = node.name.removeprefix("landing__")
    if reason is None or table == node.name:
        return None
    said = " ".join(reason[0].split())
    mapping = _mapping_of(table, home)
    if reason[0].startswith("Permission"):
        return Problem(
            t("the mapping reads more than is delivered: {said}", said=said)
            if mapping
            else t("a view of the source reads more than is delivered: {said}", said=said),
            t(
                "let it select from what the source holds alone: a mapping from "
                "`entrega` and `instituto`, a view from tables"
            ),
            table=table,
            file=mapping,
        )
    if mapping is None:
        return None
    return Problem(
        t("the mapping does not run: {said}", said=said),
        t("correct its query; the source's columns are named as `aforo init-source` shows them"),
        table=table,
        file=mapping,
    )


def _mapping_of(table: str, home: Home) -> str | None:
    query = "select mapeo from landing.lecturas where tabla = ? and mapeo is not null"
    with contextlib.suppress(duckdb.Error), duckdb.connect(str(home.warehouse), read_only=True) as connection:
        found = connection.execute(query, [table]).fetchone()
        return found[0] if found else None
    return None


def _port_in_use(_: str, __: Home) -> Problem:
    return Problem(t("the port is in use"), t("give another one with --port"))


_KNOWN = [
    _Known(re.compile(r"Address already in use"), _port_in_use),
    _Known(
        re.compile(
            r"No space left on device|ENOSPC|Disk quota exceeded|disk is full|Could not write all|"
            # DuckDB calls it memory where the disk has no room for its temporary files.
            r"max_temp_directory_size"
        ),
        _disk_full,
    ),
    _Known(
        re.compile(r"not a valid DuckDB database file|Corrupt database file|Failed to load metadata pointer"),
        _damaged,
    ),
    _Known(re.compile(r"Could not set lock on file|Conflicting lock is held"), _locked, transient=True),
    _Known(re.compile(r"Out of Memory Error|MemoryError|std::bad_alloc"), _out_of_memory),
    _Known(
        re.compile(r"No magic bytes|too small to be a Parquet|Invalid thrift|Parquet file .* corrupt"),
        _no_parquet,
        transient=True,
    ),
    _Known(re.compile(r"CSV Error on Line|Error when sniffing file"), _bad_csv),
    _Known(re.compile(r"permission denied for"), _right_missing),
    _Known(re.compile(r"lock timeout|statement timeout"), _source_busy, transient=True),
    _Known(re.compile(r"authentication failed|no password supplied|FATAL: .*does not exist"), _login_refused),
    _Known(
        re.compile(
            r"Unable to connect to Postgres|server closed the connection|terminating connection|"
            r"Could not establish connection|HTTP (Error|GET error|HEAD error)"
        ),
        _source_down,
        transient=True,
    ),
    _Known(re.compile(r"Permission denied|PermissionError|Read-only file system"), _permission),
    _Known(
        re.compile(
            r"Stale file handle|Resource temporarily unavailable|Input/output error|"
            r"Connection (reset|refused|timed out)"
        ),
        lambda text, home: Problem(
            _first_line(text), t("try again in a while; {look_at_log}", look_at_log=_look_at_log(home))
        ),
        transient=True,
    ),
]


def _without_header(text: str) -> str:
    lines = text.strip().splitlines()
    has_header = len(lines) > 1 and re.match(r"\w+ Error( in |$)", lines[0])
    return "\n".join(lines[1:]) if has_header else text


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "unknown error")


def _look_at_log(home: Home) -> str:
    if not home.logs.is_dir():
        return t("`aforo run` writes a log with the details")
    return t("the details are in {log} and {dbt_log}", log=home.log, dbt_log=home.logs / "dbt.log")
