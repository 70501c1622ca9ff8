"""The tables that a source has, and what their columns hold."""

import contextlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from flows.dbt import box
from flows.dbt.extensions import extension_file
from flows.dbt.wording import without_values
from flows.errors import AforoError, Problem
from flows.language import t
from flows.quoting import identifier, literal, pattern
from flows.reading import copies, workbooks
from flows.source import Source

TEXT_ENDINGS = (".csv", ".txt", ".tsv")
WORKBOOK_ENDINGS = tuple(f".{ending}" for ending in workbooks.ENDINGS)
# A table of a database is judged by so many rows of it, a column by so many different values.
MOST_ROWS = 200_000
MOST_VALUES = 1000
ALL_SHEETS = "*"
# So much of their columns files of one table share.
_ALIKE = 0.75
# Every column but those that say where a row is from, as a run has it.
_OWN = "columns(lambda c: lower(c) not in ('archivo', 'fila'))"
_EMPTY = "('', '-', 'null', '(null)', 'n/a', '#n/a')"


@dataclass(frozen=True)
class Held:
    """What a column holds: how many rows and values, how many different, and some of these, in order."""

    rows: int
    filled: int
    distinct: int
    values: tuple[str, ...]
    whole: float = 0.0
    largest: int | None = None
    mean: float = 0.0

    @property
    def is_unique(self) -> bool:
        """Whether each row has a value of its own."""
        return self.rows > 1 and self.distinct == self.rows

    @property
    def variety(self) -> float:
        """Different values for each filled row."""
        return self.distinct / self.filled if self.filled else 0.0


@dataclass(frozen=True)
class Found:
    """A table of the source: its name there, the comment lines that lead a mapping to it, its columns.

    `relation` has the file of each row as `archivo`, as a mapping has; `files`: their names, no ending.
    """

    name: str
    leads: tuple[str, ...]
    columns: tuple[str, ...]
    relation: str = ""
    held: dict[str, Held] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    sheet: str | None = None


@dataclass(frozen=True)
class Looked:
    """A source that was looked at, with a connection to ask its tables; and files that can't be read."""

    connection: duckdb.DuckDBPyConnection
    tables: list[Found]
    unread: list[str]


# Files by their folder, ending, sheet and columns: each with the relation that reads it.
_Groups = dict[tuple[str, str, str | None, tuple[str, ...]], list[tuple[Path, str]]]


@contextlib.contextmanager
def opened(source: Source) -> Iterator[Looked]:
    """The tables of a source; AforoError where it can't be reached or has none."""
    with contextlib.ExitStack() as stack:
        try:
            looked = _look(source, stack)
        except (duckdb.Error, OSError) as error:
            reason = without_values(str(error)).splitlines()[0]
            # Not from the error itself: its words may quote a value, and would stand in the log.
            raise AforoError(
                [
                    Problem(
                        t("the source {source} can't be read: {reason}", source=source, reason=reason),
                        t("check it"),
                    )
                ]
            ) from None
        if not looked.tables:
            unread = [Problem(text, t("mend or remove it")) for text in looked.unread]
            what = t("the source {source} has no table", source=source)
            raise AforoError([*unread, Problem(what, t("name one with files or tables in it with --source"))])
        yield looked


def _look(source: Source, stack: contextlib.ExitStack) -> Looked:
    if source.kind == "duckdb" and source.path:
        if not source.path.is_file():
            raise FileNotFoundError(f"{source.path} does not exist")
        # Its views are not trusted.
        connection = stack.enter_context(box.opened(Path(":memory:"), source.path))
        return Looked(connection, _database(connection), [])
    connection = stack.enter_context(duckdb.connect())
    if source.kind == "postgres":
        connection.execute(f"load {literal(str(extension_file('postgres_scanner')))}")
        address = re.sub(r"[?&]schema=[^&]*", "", source.name)
        connection.execute(f"attach {literal(address)} as instituto (type postgres, read_only)")
        return Looked(connection, _database(connection), [])
    if source.path is None:
        text = t("a remote folder can't be looked at")
        raise AforoError([Problem(text, t("copy a file of each table into a folder, and look at that"))])
    scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aforo-look-")))
    return _files(connection, source.path, scratch)


def _database(connection: duckdb.DuckDBPyConnection) -> list[Found]:
    names = connection.execute(
        """select schema_name, table_name from duckdb_tables() where database_name = 'instituto'
        union select schema_name, view_name from duckdb_views()
        where database_name = 'instituto' and not internal order by all"""
    ).fetchall()
    found: list[Found] = []
    for schema, table in names:
        if schema in ("information_schema", "pg_catalog"):
            continue
        name = table if schema in ("main", "public") else f"{schema}.{table}"
        at = f"instituto.{identifier(schema)}.{identifier(table)}"
        relation = f"(select {_OWN}, '' as archivo from {at} limit {MOST_ROWS})"
        found.append(_held(connection, name, (f"-- table: {schema}.{table}",), relation, len(found)))
    return found


def _files(connection: duckdb.DuckDBPyConnection, folder: Path, scratch: Path) -> Looked:
    """Files of one folder that have the same columns are one table, and so is each sheet of a workbook."""
    groups: _Groups = {}
    unread = []
    for file in sorted([*folder.glob("*"), *folder.glob("*/*")]):
        if file.name.startswith((".", "~")) or not file.is_file():
            continue
        try:
            for sheet, columns, relation in _readings(connection, file, scratch):
                below = str(file.parent.relative_to(folder))
                groups.setdefault((below, file.suffix, sheet, columns), []).append((file, relation))
        except (ValueError, duckdb.Error, OSError) as error:
            said = without_values(str(error)).removeprefix("[aforo] ").splitlines()[0]
            unread.append(said if str(file) in said else f"{file}: {said}")
    found: list[Found] = []
    for (below, ending, sheet, _), files in _with_alike(groups).items():
        lead, name = _called(files, below, ending)
        leads = (f"-- files: {lead}", *([f"-- sheet: {sheet}"] if sheet else []))
        parts = [
            f"select {_OWN}, {literal(str(file))} as archivo from {relation}" for file, relation in files
        ]
        union = " union all by name ".join(parts)
        table = f"{name}, every sheet" if sheet == ALL_SHEETS else f"{name}, sheet {sheet}" if sheet else name
        stems = tuple(file.stem for file, _ in files)
        found.append(_held(connection, table, leads, f"({union})", len(found), stems, sheet))
    return Looked(connection, found, unread)


def _with_alike(groups: _Groups) -> _Groups:
    """Files that lack a column of the others, or have one more, are of their table, as a run takes them."""
    merged: _Groups = {}
    for own, files in sorted(groups.items(), key=lambda item: -len(item[1])):
        key = next((other for other in merged if other[:3] == own[:3] and _alike(other[3], own[3])), own)
        merged[key] = sorted([*merged.get(key, []), *files])
    return merged


def _alike(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return len({*one} & {*other}) >= _ALIKE * max(len(one), len(other))


def _called(files: list[tuple[Path, str]], below: str, ending: str) -> tuple[str, str]:
    """How a mapping names the files, and what their table is called."""
    prefix = "" if below == "." else f"{below}/"
    everything = [file for file in files[0][0].parent.glob(f"*{ending}") if not file.name.startswith("~")]
    if len(files) > 1 and len(files) == len(everything):
        names = [f"*{ending}"]
    else:
        # In a pattern a comma stands between two.
        names = [re.sub(r"[,\r\n]", "?", pattern(file.name)) for file, _ in files]
    name = below if prefix else files[0][0].stem if len(files) == 1 else names[0]
    return ", ".join(prefix + name for name in names), name


def _readings(
    connection: duckdb.DuckDBPyConnection, file: Path, scratch: Path
) -> Iterator[tuple[str | None, tuple[str, ...], str]]:
    """(sheet, columns, relation) of a file; a sheet has a name where it is not the first."""
    ending = file.suffix.lower()
    if ending == ".parquet":
        relation = f"read_parquet({literal(pattern(file))})"
        names = [row[0] for row in connection.execute(f"describe from {relation}").fetchall()]
        yield None, tuple(names), relation
    elif ending in TEXT_ENDINGS:
        copy = copies.of_text(str(file), file.read_bytes(), scratch)
        if copy.columns:
            columns = ", ".join(f"{literal(name)}: 'varchar'" for name in copy.columns)
            dialect = f"delim = {literal(copy.separator or ',')}, quote = '\"', escape = '\"'"
            options = f"{dialect}, columns = {{{columns}}}, header = true, auto_detect = false"
            relation = f"read_csv({literal(pattern(copy.path))}, {options}, ignore_errors = true)"
            yield None, _named(copy.columns), relation
    elif ending in WORKBOOK_ENDINGS:
        content = file.read_bytes()
        first, *_ = names = workbooks.sheets(content)
        alike = workbooks.read_several(content, ALL_SHEETS) if len(names) > 1 else {}
        if len({tuple(sheet.columns) for sheet in alike.values()}) < len(alike):
            # A sheet for each period, say.
            yield ALL_SHEETS, *_sheet(file, content, scratch, ALL_SHEETS)
        else:
            alike = {}
        for name in names:
            if name not in alike:
                with contextlib.suppress(workbooks.NoHeadingError):
                    yield None if name == first else name, *_sheet(file, content, scratch, name)


def _sheet(file: Path, content: bytes, scratch: Path, sheet: str) -> tuple[tuple[str, ...], str]:
    copy = copies.of_workbook(str(file), content, scratch, sheet)
    relation = f"(select * exclude (fila) from read_parquet({literal(pattern(copy.path))}))"
    return _named(copy.columns), relation


def _named(columns: list[str]) -> tuple[str, ...]:
    return tuple(name for name in columns if not name.startswith("sin_nombre_"))


def _held(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    leads: tuple[str, ...],
    relation: str,
    number: int,
    files: tuple[str, ...] = (),
    sheet: str | None = None,
) -> Found:
    table = f"mirada_{number}"
    connection.execute(f"create temp table {table} as from {relation}")
    columns = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
    kept = [column for column in columns if column != "archivo" and not column.startswith("sin_nombre_")]
    held = {column: _column(connection, table, column) for column in kept}
    return Found(name, leads, tuple(kept), table, held, files, sheet)


def _column(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> Held:
    value = f"trim({identifier(column)}::varchar)"
    row = connection.execute(
        f"""with v as (select case when lower({value}) not in {_EMPTY} then {value} end as v from {table})
        select
            count(*), count(v), count(distinct v),
            coalesce(avg(regexp_full_match(v, '[0-9]{{1,9}}([.]0+)?')::int), 0),
            max(try_cast(v as double)) filter (regexp_full_match(v, '[0-9]{{1,9}}([.]0+)?'))::bigint,
            coalesce(avg(try_cast(v as double)), 0)
        from v"""
    ).fetchone()
    assert row
    values = connection.execute(
        f"""select distinct {value} as v from {table} where lower({value}) not in {_EMPTY} and v is not null
        order by v limit {MOST_VALUES}"""
    ).fetchall()
    rows, filled, distinct, whole, largest, mean = row
    return Held(rows, filled, distinct, tuple(v for (v,) in values), whole, largest, mean)
