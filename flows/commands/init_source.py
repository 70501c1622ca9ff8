"""`aforo init-source`: looks at a source, says what it recognises of the contract, and drafts the mapping.

Columns are recognised by what they are called and by what is in them (flows/drafting). What is drafted runs
as it is; a person reads it before it counts.
"""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from flows import settings
from flows.commands.options import Home as HomeFlag
from flows.commands.options import Source as SourceFlag
from flows.commands.options import explained
from flows.dbt.personal import shown_names
from flows.drafting import mapping, recognise, tables
from flows.errors import AforoError, Problem
from flows.errors import as_text as problem_text
from flows.home import marker
from flows.language import t
from flows.quoting import identifier
from flows.settings import Settings
from flows.source import full_path

SURE, LIKELY = 0.8, 0.55


@dataclass(frozen=True)
class Seen:
    """What a source was seen to hold, and the drafts of what the contract wants of it."""

    tables: list[tables.Found]
    unread: list[str]
    sections: mapping.Draft | None
    others: list[mapping.Draft]
    not_used: list[str] = field(default_factory=list)

    @property
    def drafts(self) -> list[mapping.Draft]:
        """All of them, the sections' first."""
        return [*([self.sections] if self.sections else []), *self.others]


def see(asked: Settings) -> Seen:
    """Looks at the source; AforoError where it can't be reached or has no table."""
    with tables.opened(asked.source) as looked:
        likely = recognise.sections(looked.tables)
        drafts = [mapping.of_other(item) for item in recognise.others(looked.tables)]
        sections = mapping.of_sections(looked, likely[0]) if likely else None
        taken = {item.match.found.name for item in drafts}
        also = [item.found.name for item in likely[1:] if item.found.name not in taken and not item.missing]
        return Seen(looked.tables, looked.unread, sections, drafts, also)


def needs_mapping(draft: mapping.Draft) -> bool:
    """Whether the source has the table in another way than the contract wants it."""
    item = draft.match
    as_they_are = all(
        draft.values[ours].sql == identifier(theirs)
        for ours, theirs in item.columns.items()
        if ours in draft.values
    )
    whole = draft.values.keys() == item.columns.keys()
    return not (recognise.is_contract(item) and as_they_are and whole and not draft.grouped_by)


def texts(seen: Seen, asked: Settings) -> dict[str, str]:
    """The file of each draft that is needed: table -> its SQL."""
    source = str(asked.source)
    files = {d.match.table: mapping.text(d, source) for d in seen.drafts if needs_mapping(d)}
    if _wants_calendar(seen) and seen.sections:
        files["calendario"] = mapping.calendar_text(seen.sections, source)
    if _wants_catalogue(seen) and seen.sections:
        files["cursos"] = mapping.catalogue_text(seen.sections, source)
    return files


def write(files: dict[str, str], folder: Path, asked: Settings) -> list[tuple[Path, bool]]:
    """Writes the drafts and overwrites none: each path, and whether it is new.

    AforoError where the folder holds another source's: a run would take them for this one's.
    """
    paths = {table: folder / f"{table}.sql" for table in files}
    for path in folder.glob("*.sql"):
        drafted_for = settings.drafted_for(path)
        if drafted_for not in (None, str(asked.source)):
            what = t(
                "{path} is the mapping of another source, {drafted_for}", path=path, drafted_for=drafted_for
            )
            remedy = t("name another folder with --to, or another --home: a home is of one institute")
            raise AforoError([Problem(what, remedy)])
    written = []
    for table, path in paths.items():
        new = not path.exists()
        if new:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_text(files[table], encoding="utf-8")
        written.append((path, new))
    return written


def as_text(asked: Settings, seen: Seen, written: list[tuple[Path, bool]], flags: list[str]) -> list[str]:
    """What was seen, recognised and written, and what to do next."""
    lines = [f"Source: {asked.source}"]
    lines += [f"  {item.name}: {', '.join(shown_names(item.columns))}" for item in seen.tables]
    lines += [f"  not read: {text}" for text in seen.unread]
    if not seen.drafts:
        return [*lines, "", *problem_text(_nothing(asked))]
    lines.append("Recognised:")
    for draft in seen.drafts:
        lines += _recognised(draft)
    drafted = {draft.match.table for draft in seen.drafts}
    absent = [name for name in recognise.contract() if name not in drafted]
    if _wants_calendar(seen):
        absent.remove("calendario")
    if _wants_catalogue(seen) and seen.sections:
        absent.remove("cursos")
        found = seen.sections.steps
        lines.append(
            f"  cursos (no catalogue): {len(found)} successors proposed from the numbers of students, as"
        )
        lines += [f"    {step.course} -> {step.successor}" for step in found[:3]]
    if absent:
        lines.append(f"Not recognised (they may be missing, docs/contract.md): {', '.join(absent)}")
    lines += [f"Not used, though it looks like sections too: {name}" for name in seen.not_used]
    lines += [f"Drafted {path}" if new else f"Left as it is: {path}" for path, new in written]
    command = f"aforo check-source {' '.join(['--source', shlex.quote(str(asked.source)), *flags])}"
    missing = [f"{name} in {d.match.table}.sql" for d in seen.drafts for name in d.missing]
    if seen.sections is None:
        lines.append("No table of sections (programacion) was recognised: without it there is no forecast.")
    if missing:
        lines.append(f"To fill in: {', '.join(missing)}")
    lines.append("Next: read the drafts and correct them; then" if written else "No mapping is needed. Next:")
    return [*lines, f"  {command}"]


def _recognised(draft: mapping.Draft) -> list[str]:
    item = draft.match
    shown = dict(zip(item.found.columns, shown_names(item.found.columns), strict=True))
    state = f"from {item.found.name}" if needs_mapping(draft) else "as the contract has it"
    lines = [f"  {item.table} ({state})"]
    for column in item.contract:
        value = draft.values.get(column.name)
        if value is None:
            continue
        if value.of:
            names = " + ".join(shown[name] for name in value.of)
            lines.append(f"    {column.name} <- {names}{_how_sure(item, column.name)}")
        elif column.name in draft.constants:
            lines.append(f"    {column.name}: not recognised, {value.sql} stands for the only one")
        else:
            lines.append(f"    {column.name}: required, not recognised")
    lines += [f"    {note}" for note in draft.notes]
    if draft.periods and draft.periods.is_months:
        lines.append(f"    periods are months: {draft.periods.summary}")
    elif draft.periods:
        lines.append(f"  calendario (made of these periods): {draft.periods.summary}")
        lines += [f"    {note}" for note in draft.periods.notes]
    elif item.table == "programacion" and "periodo" in item.columns:
        lines.append(
            "    periodo holds no periods that are known: number them, and write their calendario.sql"
        )
    return lines


def _how_sure(item: recognise.Match, column: str) -> str:
    sure = item.certainty.get(column)
    if sure is None or sure >= SURE:
        return ""
    return " (likely)" if sure >= LIKELY else " (a guess)"


def _wants_calendar(seen: Seen) -> bool:
    made = seen.sections.periods if seen.sections else None
    return bool(made and not made.is_months) and "calendario" not in {d.match.table for d in seen.others}


def _wants_catalogue(seen: Seen) -> bool:
    return bool(seen.sections and seen.sections.steps) and "cursos" not in {
        d.match.table for d in seen.others
    }


def _nothing(asked: Settings) -> Problem:
    return Problem(
        t(
            "in no table of {source} the class sections were recognised, so nothing was drafted",
            source=asked.source,
        ),
        t(
            "name the source that has a row for each section, with its period, "
            "course and students; or write the mapping yourself (docs/contract.md)"
        ),
    )


def command(
    source: SourceFlag = None,
    home: HomeFlag = None,
    to: Annotated[
        str | None,
        typer.Option(
            help="Folder of the drafts. Else AFORO_MAPPING, else the home's own, where `aforo run` looks.",
            metavar="DIR",
        ),
    ] = None,
) -> None:
    """Say what is recognised in a source, and draft the mapping of its tables to the contract."""
    asked = settings.resolve(source, home)
    settings.prepare_environment(asked.home, asked.source)
    named = settings.given("to", to, "AFORO_MAPPING")
    with explained(asked.home):
        seen = see(asked)
        files = texts(seen, asked)
        if files and not named:
            marker.enter(asked.home)
        written = write(files, full_path(named) if named else asked.home.mapping, asked)
        flags = ["--home", shlex.quote(home)] if home else []
        flags += ["--mapping", shlex.quote(to)] if to and files else []
        typer.echo("\n".join(as_text(asked, seen, written, flags)))
    if not seen.drafts:
        raise typer.Exit(1)
