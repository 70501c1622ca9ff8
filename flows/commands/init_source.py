"""`aforo init-source`: looks at a source, says what it recognises of the contract, and drafts the mapping.

The names of its tables' columns are compared with the contract's, without case, accents and punctuation, and
with the words that institutes use for them. What is drafted runs as it is; a person reads it before it
counts.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from flows import project, settings
from flows.commands.options import Source as SourceFlag
from flows.commands.options import explained
from flows.dbt import box
from flows.dbt.extensions import encoding_of, extension_file
from flows.dbt.personal import looks_like_a_value, shown_names
from flows.dbt.wording import without_values
from flows.errors import AforoError, Problem
from flows.quoting import identifier, literal, pattern
from flows.settings import Settings
from flows.source import Source, full_path
from flows.vocabulary import CONTRACT_STATES, STATES, normalised, words_for

HEADING_ROWS = 20
# More words than these in a column are no states.
MOST_STATES = 20
TABLE_ENDINGS = (".parquet", ".csv", ".txt", ".tsv", ".xlsx")


@dataclass(frozen=True)
class Column:
    """A column of the contract."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True)
class Found:
    """A table of the source: its name there, the comment lines that lead a mapping to it, its columns."""

    name: str
    leads: tuple[str, ...]
    columns: tuple[str, ...]
    states: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """A contract table as a table of the source can fill it: contract column -> the source's."""

    table: str
    contract: tuple[Column, ...]
    found: Found
    columns: dict[str, str]

    @property
    def missing(self) -> list[str]:
        """The required columns that were not recognised."""
        return [c.name for c in self.contract if c.required and c.name not in self.columns]

    @property
    def is_contract(self) -> bool:
        """Whether the source has the table as the contract wants it, so that no mapping is needed."""
        named = all(ours == theirs.strip().lower() for ours, theirs in self.columns.items())
        return named and self.found.name == self.table and not (self.missing or self.found.states)


def contract() -> dict[str, tuple[Column, ...]]:
    """The contract's tables, from their one statement."""
    return {name: tuple(_column(c) for c in table["columns"]) for name, table in project.contract().items()}


def _column(stated: dict[str, Any]) -> Column:
    required = stated.get("config", {}).get("meta", {}).get("requerida", False)
    return Column(stated["name"], stated["data_type"], required)


def match(found: list[Found]) -> list[Match]:
    """For each contract table the table of the source that fills it best, if enough is recognised.

    A table that is called as the contract's counts with any column; another one must have every required
    column but one, and at least three columns.
    """
    matches = []
    for table, columns in contract().items():
        candidates = [Match(table, columns, item, _recognised(columns, item)) for item in found]
        named = [item for item in candidates if normalised(item.found.name) == normalised(table)]
        likely = [item for item in candidates if len(item.missing) <= 1 and len(item.columns) >= 3]
        # Sections have these columns too, and are no catalogue.
        likely = [item for item in likely if table in ("programacion", "calendario") or not item.missing]
        best = max(named or likely, key=lambda item: len(item.columns), default=None)
        if best and best.columns and (named or table == "programacion" or not _is_sections(best.found)):
            matches.append(best)
    return matches


def _is_sections(found: Found) -> bool:
    return any(normalised(column) in words_for("matriculados") for column in found.columns)


def _recognised(columns: tuple[Column, ...], found: Found) -> dict[str, str]:
    theirs = {normalised(name): name for name in reversed(found.columns)}
    recognised: dict[str, str] = {}
    # Names that are the contract's own go first, so that no synonym takes their column.
    for words in ([normalised(c.name)] for c in columns), (words_for(c.name) for c in columns):
        for column, tried in zip(columns, words, strict=True):
            free = (theirs[word] for word in tried if word in theirs)
            name = next((name for name in free if name not in recognised.values()), None)
            if name and column.name not in recognised:
                recognised[column.name] = name
    return {column.name: recognised[column.name] for column in columns if column.name in recognised}


def draft(item: Match) -> str:
    """The mapping of a table, as SQL that runs."""
    lines = [*item.found.leads, "select"]
    chosen = []
    for column in item.contract:
        theirs = item.columns.get(column.name)
        if theirs is None:
            if column.required:
                comment = "    -- Required and not recognised: write the column that holds it."
                chosen.append(f"{comment}\n    null as {column.name}")
            continue
        quoted = identifier(theirs)
        states = item.found.states.get(theirs) if column.name == "estado" else None
        chosen.append(f"    {_states(quoted, states) if states else quoted} as {column.name}")
    return "\n".join([*lines, ",\n".join([*chosen, "    archivo", "    fila"]), "from entrega", ""])


def _states(column: str, states: tuple[str, ...]) -> str:
    lines = [f"case {column}"]
    for state in states:
        known = next((ours for word, ours in STATES.items() if word in state.lower()), None)
        comment = "" if known else "  -- not recognised: cerrado, cancelado, abierto or creado"
        lines.append(f"        when {literal(state)} then {literal(known or state)}{comment}")
    return "\n".join([*lines, f"        else {column}", "    end"])


def look(settings: Settings) -> list[Found]:
    """The tables that a source has; AforoError where it can't be reached or has none."""
    source = settings.source
    try:
        found = _look(source)
    except (duckdb.Error, OSError) as error:
        reason = without_values(str(error)).splitlines()[0]
        # Not from the error itself: its words may quote a value, and would stand in the log.
        raise AforoError([Problem(f"the source {source} can't be read: {reason}", "check it")]) from None
    if not found:
        what = f"the source {source} has no table"
        raise AforoError([Problem(what, "name one with files or tables in it with --source")])
    return found


def _look(source: Source) -> list[Found]:
    if source.kind == "duckdb" and source.path:
        if not source.path.is_file():
            raise FileNotFoundError(f"{source.path} does not exist")
        # Its views are not trusted.
        with box.opened(Path(":memory:"), source.path) as connection:
            return _database(connection)
    with duckdb.connect() as connection:
        if source.kind != "postgres":
            return _files(connection, source)
        connection.execute(f"load {literal(str(extension_file('postgres_scanner')))}")
        address = re.sub(r"[?&]schema=[^&]*", "", source.name)
        connection.execute(f"attach {literal(address)} as instituto (type postgres, read_only)")
        return _database(connection)


def write(matches: list[Match], folder: Path) -> list[tuple[Path, bool]]:
    """Drafts a file a table that needs a mapping, and overwrites none: each path, and whether it is new."""
    written = []
    for item in matches:
        if item.is_contract:
            continue
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{item.table}.sql"
        new = not path.exists()
        if new:
            path.write_text(draft(item), encoding="utf-8")
        written.append((path, new))
    return written


def as_text(
    settings: Settings, found: list[Found], matches: list[Match], written: list[tuple[Path, bool]]
) -> list[str]:
    """What was seen, recognised and written, and what to do next."""
    lines = [f"Source: {settings.source}"]
    lines += [f"  {item.name}: {', '.join(shown_names(item.columns))}" for item in found]
    lines.append("Recognised:")
    for item in matches:
        shown = dict(zip(item.found.columns, shown_names(item.found.columns), strict=True))
        state = "as the contract has it" if item.is_contract else f"from {item.found.name}"
        lines.append(f"  {item.table} ({state})")
        lines += [f"    {ours} <- {shown[theirs]}" for ours, theirs in item.columns.items()]
        lines += [f"    {name}: required, not recognised" for name in item.missing]
    absent = [table for table in contract() if table not in {item.table for item in matches}]
    if absent:
        lines.append(f"Not recognised: {', '.join(absent)}")
    lines += [f"Drafted {path}" if new else f"Left as it is: {path}" for path, new in written]
    if written:
        lines.append("Next: read the drafts and correct them; then")
        lines.append(f"  aforo check-source --source '{settings.source}' --mapping {written[0][0].parent}")
    elif matches:
        lines.append("No mapping is needed. Next:")
        lines.append(f"  aforo check-source --source '{settings.source}'")
    return lines


def _database(connection: duckdb.DuckDBPyConnection) -> list[Found]:
    names = connection.execute(
        """select schema_name, table_name from duckdb_tables() where database_name = 'instituto'
        union select schema_name, view_name from duckdb_views()
        where database_name = 'instituto' and not internal order by all"""
    ).fetchall()
    found = []
    for schema, table in names:
        if schema in ("information_schema", "pg_catalog"):
            continue
        name = table if schema in ("main", "public") else f"{schema}.{table}"
        lead = f"-- table: {schema}.{table}"
        relation = f"instituto.{identifier(schema)}.{identifier(table)}"
        found.append(_described(connection, name, (lead,), relation))
    return found


def _files(connection: duckdb.DuckDBPyConnection, source: Source) -> list[Found]:
    """Files of one folder that have the same columns are one table."""
    if source.path is None:
        text = "a remote folder can't be looked at"
        raise AforoError([Problem(text, "copy a file of each table into a folder, and look at that")])
    groups: dict[tuple[str, str, int, tuple[str, ...]], list[Path]] = {}
    for file in sorted([*source.path.glob("*"), *source.path.glob("*/*")]):
        if file.suffix.lower() in TABLE_ENDINGS and not file.name.startswith((".", "~")):
            row, columns = _heading(connection, file)
            folder = str(file.parent.relative_to(source.path))
            groups.setdefault((folder, file.suffix, row, columns), []).append(file)
    found = []
    for (folder, ending, row, columns), files in groups.items():
        below = "" if folder == "." else f"{folder}/"
        everything = [file for file in files[0].parent.glob(f"*{ending}") if not file.name.startswith("~")]
        if len(files) > 1 and len(files) == len(everything):
            names = [f"*{ending}"]
        else:
            # In a pattern a comma stands between two.
            names = [re.sub(r"[,\r\n]", "?", pattern(file.name)) for file in files]
        leads = [f"-- files: {', '.join(below + name for name in names)}"]
        if ending.lower() == ".xlsx":
            leads.append(f"-- header_row: {row}")
        states = _states_of(connection, [_reader(file, row) for file in files], columns)
        name = folder if below else files[0].stem if len(files) == 1 else names[0]
        found.append(Found(name, tuple(leads), columns, states))
    return found


def _heading(connection: duckdb.DuckDBPyConnection, file: Path) -> tuple[int, tuple[str, ...]]:
    """The row of a file's heading, and its columns; as macros/sources/files.sql finds them."""
    if file.suffix.lower() != ".xlsx":
        return 1, tuple(row[0] for row in connection.execute(f"describe from {_reader(file)}").fetchall())
    connection.execute(f"load {literal(str(extension_file('excel')))}")
    rows = connection.execute(
        f"""from read_xlsx(?, header = false, all_varchar = true, stop_at_empty = false,
        range = 'A1:ZZ{HEADING_ROWS}')""",
        [pattern(file)],
    ).fetchall()
    filled = [[value.strip() for value in row if value and value.strip()] for row in rows]
    most = max((len(row) for row in filled), default=0)
    if not most:
        return 1, ()
    position = next(number for number, row in enumerate(filled) if 2 * len(row) >= most)
    return position + 1, tuple(filled[position])


def _states_of(
    connection: duckdb.DuckDBPyConnection, relations: list[str], columns: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """For a column of states, its distinct words, where they are few and not the contract's."""
    column = next((name for name in columns if normalised(name) in words_for("estado")), None)
    if column is None:
        return {}
    values: set[str] = set()
    for relation in relations:
        query = f"select distinct {identifier(column)}::varchar from {relation}"
        found = connection.execute(query).fetchall()
        values |= {value for (value,) in found if value}
    if len(values) > MOST_STATES or values <= CONTRACT_STATES or any(map(looks_like_a_value, values)):
        return {}
    return {column: tuple(sorted(values))}


def _described(
    connection: duckdb.DuckDBPyConnection, name: str, leads: tuple[str, ...], relation: str
) -> Found:
    columns = tuple(row[0] for row in connection.execute(f"describe {relation}").fetchall())
    return Found(name, leads, columns, _states_of(connection, [relation], columns))


def _reader(file: Path, row: int = 1) -> str:
    path = literal(pattern(file))
    if file.suffix.lower() == ".parquet":
        return f"read_parquet({path})"
    if file.suffix.lower() == ".xlsx":
        cells = f"range = 'A{row}:ZZ', stop_at_empty = true"
        return f"read_xlsx({path}, header = true, all_varchar = true, {cells})"
    # Only names and states are wanted here: what windows-1252 adds to latin-1 may be left out.
    named = {"UTF-8": "utf-8", "windows-1252": "latin-1"}.get(encoding_of(file.read_bytes()), "utf-16")
    return f"read_csv({path}, header = true, all_varchar = true, ignore_errors = true, encoding = '{named}')"


def command(
    source: SourceFlag = None,
    to: Annotated[
        str | None,
        typer.Option(help="Folder of the drafts. Else AFORO_MAPPING, else mapping/ here.", metavar="DIR"),
    ] = None,
) -> None:
    """Say what is recognised in a source, and draft the mapping of its tables to the contract."""
    asked = settings.resolve(source)
    settings.prepare_environment(asked.home, asked.source)
    drafts = settings.given("to", to, "AFORO_MAPPING")
    folder = full_path(drafts or "mapping")
    with explained(asked.home):
        found = look(asked)
        matches = match(found)
        written = write(matches, folder)
        typer.echo("\n".join(as_text(asked, found, matches, written)))
