"""Errors of DuckDB, the source and the system that are known by their words, and what to do about each."""

import contextlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flows.errors import Problem
from flows.home import warehouse
from flows.language import t
from flows.project import contract_tables
from flows.settings import Home

FULL_BYTES = 2**20


@dataclass(frozen=True)
class Known:
    """Words of an error, what a person reads of it, and whether it may be gone at the next attempt."""

    pattern: re.Pattern[str]
    explain: Callable[[str, Home], Problem]
    transient: bool = False


def known(text: str) -> Known | None:
    """The first known error whose words are in the text."""
    return next((known for known in _KNOWN if known.pattern.search(text)), None)


def no_room(home: Home) -> Problem | None:
    """That the home's disk is full, where an error does not say so itself: Prefect's server only fails."""
    with contextlib.suppress(OSError):
        if shutil.disk_usage(home.root).free < FULL_BYTES:
            return _disk_full("", home)
    return None


def first_line(text: str) -> str:
    """The first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "unknown error")


def look_at_log(home: Home) -> str:
    """Where more is to be read."""
    if not home.logs.is_dir():
        return t("`aforo run` writes a log with the details")
    return t("the details are in {log} and {dbt_log}", log=home.log, dbt_log=home.logs / "dbt.log")


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
    return no_room(home) or warehouse.damaged(home.warehouse, first_line(text))


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


def _port_in_use(_: str, __: Home) -> Problem:
    return Problem(t("the port is in use"), t("give another one with --port"))


_KNOWN = [
    Known(re.compile(r"Address already in use"), _port_in_use),
    Known(
        re.compile(
            r"No space left on device|ENOSPC|Disk quota exceeded|disk is full|Could not write all|"
            # DuckDB calls it memory where the disk has no room for its temporary files.
            r"max_temp_directory_size"
        ),
        _disk_full,
    ),
    Known(
        re.compile(r"not a valid DuckDB database file|Corrupt database file|Failed to load metadata pointer"),
        _damaged,
    ),
    Known(re.compile(r"Could not set lock on file|Conflicting lock is held"), _locked, transient=True),
    Known(re.compile(r"Out of Memory Error|MemoryError|std::bad_alloc"), _out_of_memory),
    Known(
        re.compile(r"No magic bytes|too small to be a Parquet|Invalid thrift|Parquet file .* corrupt"),
        _no_parquet,
        transient=True,
    ),
    Known(re.compile(r"CSV Error on Line|Error when sniffing file"), _bad_csv),
    Known(re.compile(r"permission denied for"), _right_missing),
    Known(re.compile(r"lock timeout|statement timeout"), _source_busy, transient=True),
    Known(re.compile(r"authentication failed|no password supplied|FATAL: .*does not exist"), _login_refused),
    Known(
        re.compile(
            r"Unable to connect to Postgres|server closed the connection|terminating connection|"
            r"Could not establish connection|HTTP (Error|GET error|HEAD error)"
        ),
        _source_down,
        transient=True,
    ),
    Known(re.compile(r"Permission denied|PermissionError|Read-only file system"), _permission),
    Known(
        re.compile(
            r"Stale file handle|Resource temporarily unavailable|Input/output error|"
            r"Connection (reset|refused|timed out)"
        ),
        lambda text, home: Problem(
            first_line(text), t("try again in a while; {look_at_log}", look_at_log=look_at_log(home))
        ),
        transient=True,
    ),
]
