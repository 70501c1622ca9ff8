"""From what dbt and DuckDB say to what a person reads: table, column, row or file, what is wrong, what to do.

In this order: the rows that the audit tests stored in the warehouse, the messages that the project's macros
raise (`[aforo] …`), errors of DuckDB and the operating system that are known, and else dbt's own words with
the log.
"""

import contextlib
import re
from pathlib import Path

import duckdb

from flows import child
from flows.dbt import known_errors
from flows.dbt.known_errors import first_line, look_at_log, no_room
from flows.dbt.runner import DbtResult, NodeFailure
from flows.dbt.wording import without_values
from flows.errors import AforoError, Problem, TransientError, of_many_files
from flows.language import of_sql, t
from flows.settings import Home

TAG = "[aforo] "
ROWS_SHOWN = 5
_AUDIT_COLUMNS = {"tabla", "archivo", "fila", "columna", "valor", "problema", "remedio"}


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
        known = known_errors.known(text)
        if known:
            return AforoError([known.explain(text, home)])
    return AforoError([no_room(home) or Problem(first_line(texts[0]), look_at_log(home))])


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
        problems = [
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
        return of_many_files(problems)
    return []


def _explain_text(text: str, node: NodeFailure | None, home: Home) -> tuple[Problem, bool]:
    if TAG in text:
        message = re.split(r"\n\s*\n", text.split(TAG, 1)[1])[0]
        what, _, remedy = " ".join(message.split()).partition(". ")
        return Problem(of_sql(what), of_sql(remedy) if remedy else look_at_log(home)), False
    text = _python_error(text) or text
    known = known_errors.known(text)
    if known:
        return known.explain(text, home), known.transient
    if node is None:
        return Problem(first_line(_without_header(text)), look_at_log(home)), False
    foreign = _foreign_sql(text, node, home)
    if foreign:
        return foreign, False
    what = t("{name}: {first_line}", name=node.name, first_line=first_line(_without_header(text)))
    return Problem(what, look_at_log(home)), False


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
        return Problem(what, look_at_log(home)), False
    return no_room(home) or child.ended_early("dbt", result.exit_code, look_at_log(home)), False


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


def _without_header(text: str) -> str:
    lines = text.strip().splitlines()
    has_header = len(lines) > 1 and re.match(r"\w+ Error( in |$)", lines[0])
    return "\n".join(lines[1:]) if has_header else text
