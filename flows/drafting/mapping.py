"""The draft of a mapping: SQL that runs as it is, and that a person reads before it counts."""

import re
from dataclasses import dataclass, field

from flows.dbt.personal import looks_like_a_value, shown_names
from flows.drafting import calendar, progression
from flows.drafting.recognise import Match, is_times, is_weekdays
from flows.drafting.tables import MOST_ROWS, Looked
from flows.quoting import identifier, literal
from flows.settings import SOURCE_LINE
from flows.vocabulary import CONTRACT_STATES, STATES, WEEKDAYS, in_order, plain

# A source without these has one of them: the constant that stands for it.
CONSTANTS = {"sede": "MAIN", "horario": "UNICO"}
# The column of a mapping that says which file a row is from.
FILE = "archivo"


_SUBJECT = re.compile(r"[^\W\d_]{2,5}")
_NUMBER = re.compile(r"\d{1,4}[A-Z]?")


@dataclass(frozen=True)
class Value:
    """A column of the draft: its SQL, what a person should know of it, and the source's columns it is of."""

    sql: str
    of: tuple[str, ...] = ()
    note: str = ""


@dataclass
class Draft:
    """A table's draft: its columns, what it is grouped by, the calendar that its periods make.

    `only`: the condition on its rows, where some are no sections.
    """

    match: Match
    values: dict[str, Value]
    grouped_by: tuple[str, ...] = ()
    periods: calendar.Calendar | None = None
    notes: list[str] = field(default_factory=list)
    only: str = ""
    steps: list[progression.Step] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """The required columns that a person must fill in."""
        return [c.name for c in self.match.contract if c.required and self.values[c.name].sql == "null"]

    @property
    def constants(self) -> list[str]:
        """The required columns that a constant stands for."""
        return [name for name in CONSTANTS if name in self.values and not self.values[name].of]


def of_sections(looked: Looked, item: Match) -> Draft:
    """The draft of programacion."""
    values: dict[str, Value] = {}
    for column in item.contract:
        theirs = item.columns.get(column.name)
        if theirs is not None:
            values[column.name] = Value(identifier(theirs), (theirs,))
    _join_course(item, values)
    found_calendar = _period(looked, item, values)
    keys = [name for ours in ("periodo", "curso") if ours in values for name in values[ours].of]
    weekdays = _weekday_rows(looked, item, tuple(keys))
    slot = _slot(looked, item, weekdays)
    if slot and ("horario" not in values or _is_word(item, item.columns["horario"])):
        values["horario"] = slot
    elif "horario" in values and not weekdays:
        _with_days(item, values)
    if "dias" in item.parts and "frecuencia" not in values and not weekdays:
        values["frecuencia"] = Value(identifier(item.parts["dias"]), (item.parts["dias"],))
    _states(item, values)
    draft = Draft(item, values, (), found_calendar)
    for column in item.contract:
        if column.required and column.name not in values:
            values[column.name] = _absent(column.name)
    if weekdays:
        draft.grouped_by = weekdays
        draft.notes.append(
            "a section has a row for each weekday: the draft makes one row of it, with its days in horario"
        )
    _leave_out_totals(looked, draft)
    _note_unknown_students(looked, draft)
    draft.steps = _steps(looked, draft)
    return draft


def _leave_out_totals(looked: Looked, draft: Draft) -> None:
    """Rows that lack two or more of what tells a section, such as totals and blank ones, are no sections."""
    telling = ("periodo", "sede", "curso", "horario")
    columns = [draft.values[name].of[0] for name in telling if name in draft.values and draft.values[name].of]
    columns = [name for name in dict.fromkeys(columns) if name != FILE]
    empty = [f"nullif(trim({identifier(name)}::varchar), '') is null" for name in columns]
    if len(empty) < 2:
        return
    condition = "\n    + ".join(f"({one})::int" for one in empty) + " < 2"
    [(rows, others)] = looked.connection.execute(
        f"select count(*), count(*) filter (not ({condition})) from {draft.match.found.relation}"
    ).fetchall()
    # More than these are sections of another make.
    if others and others <= 0.25 * rows:
        draft.only = condition
        draft.notes.append(
            f"left out as totals or blank lines: {others} of {rows:,} rows, which lack two or more of"
            f" {', '.join(shown_names(columns))}"
        )


def _note_unknown_students(looked: Looked, draft: Draft) -> None:
    """A blank may be a class without students or one that is not known: a person says which."""
    value = draft.values["matriculados"]
    if not value.of:
        return
    blank = f"nullif(trim({value.sql}::varchar), '')"
    [(rows,)] = looked.connection.execute(
        f"select count(*) from {draft.match.found.relation} where {blank} is null and {draft.only or 'true'}"
    ).fetchall()
    if rows:
        note = f"Blank in {rows:,} rows, which are refused; if that means no students: coalesce({blank}, '0')"
        draft.values["matriculados"] = Value(value.sql, value.of, note)
        draft.notes.append(f"matriculados is blank in {rows:,} rows: see the draft")


def of_other(item: Match) -> Draft:
    """The draft of any other table."""
    values = {ours: Value(identifier(theirs), (theirs,)) for ours, theirs in item.columns.items()}
    for name in item.missing:
        values[name] = _absent(name)
    return Draft(item, values)


def text(draft: Draft, source: str) -> str:
    """The draft as a file."""
    return "\n".join([f"{SOURCE_LINE}{source}", *draft.match.found.leads, _select(draft)])


def _select(draft: Draft) -> str:
    chosen = []
    for column in draft.match.contract:
        value = draft.values.get(column.name)
        if value is None:
            continue
        above = f"    -- {value.note}\n" if value.note else ""
        sql = value.sql
        if draft.grouped_by and value.of and column.name != "horario":
            keys = {identifier(name) for name in draft.grouped_by}
            sql = sql if {identifier(name) for name in value.of} <= keys else f"any_value({sql})"
        chosen.append(f"{above}    {sql} as {column.name}")
    origin = ["min(archivo) as archivo", "min(fila) as fila"] if draft.grouped_by else ["archivo", "fila"]
    body = ",\n".join([*chosen, *(f"    {column}" for column in origin)])
    group = [f"group by {', '.join(map(identifier, draft.grouped_by))}"] if draft.grouped_by else []
    only = [f"-- Rows without two or more of these are totals.\nwhere {draft.only}"] if draft.only else []
    return "\n".join(["select", body, "from entrega", *only, *group, ""])


def calendar_text(draft: Draft, source: str) -> str:
    """The draft of calendario.sql."""
    assert draft.periods
    return f"{SOURCE_LINE}{source}\n{calendar.sql(draft.periods)}"


def catalogue_text(draft: Draft, source: str) -> str:
    """The draft of cursos.sql: every course of the sections, with the successors that their numbers show."""
    course = draft.values["curso"].sql
    cases = [
        f"        when {literal(step.course)} then {literal(step.successor)}"
        f"  -- in {step.cells} cells, all but {step.missed:.0%} of its students"
        for step in draft.steps
    ]
    attributes = [
        f"    mode({draft.values[name].sql}) as {name},"
        for name in ("nivel", "frecuencia", "intensidad")
        if name in draft.values and not draft.grouped_by
    ]
    return "\n".join(
        [
            f"{SOURCE_LINE}{source}",
            *draft.match.found.leads,
            "-- No catalogue was recognised. These successors are proposed from the numbers of students:",
            "-- those of the course before, a period before in the same campus and slot, explain theirs.",
            "-- Correct them.",
            "select",
            f"    {course} as curso_actual,",
            *attributes,
            f"    case {course}",
            *cases,
            "    end as curso_siguiente,",
            "    min(archivo) as archivo,",
            "    min(fila) as fila",
            "from entrega",
            f"where {course} is not null{f' and {draft.only}' if draft.only else ''}",
            f"group by {course}",
            "",
        ]
    )


def _steps(looked: Looked, draft: Draft) -> list[progression.Step]:
    """The progression that the sections show; none where a period or the students are not known."""
    if (
        draft.missing
        or draft.periods is None
        or draft.match.found.held[draft.match.columns["matriculados"]].rows >= MOST_ROWS
    ):
        return []
    numbers = ", ".join(f"({period.number}, {period.index})" for period in draft.periods.periods)
    months = "periodo // 100 * 12 + periodo % 100"
    index = f"(select c.i from (values {numbers}) as c (p, i) where c.p = periodo)"
    sections = f"""
        with entrega as (select *, 0 as fila from {draft.match.found.relation}),
        secciones as ({_select(draft)}),
        numeros as (
            select sede, horario, curso, try_cast(try_cast(periodo as double) as integer) as periodo,
                try_cast(matriculados as integer) as matriculados
            from secciones
        )
        select sede, horario, curso, matriculados, {months if draft.periods.is_months else index} as indice
        from numeros"""
    return progression.steps(looked.connection, sections)


def _absent(name: str) -> Value:
    if name in CONSTANTS:
        what = {"sede": "campus", "horario": "time slot"}[name]
        note = (
            f"No column is recognised as the {what}: this stands for the only one. Write the column if any."
        )
        return Value(literal(CONSTANTS[name]), (), note)
    return Value("null", (), "Required and not recognised: write the column that holds it.")


def _join_course(item: Match, values: dict[str, Value]) -> None:
    """A course of two columns, as MATH and 101; or the one there is."""
    subject, number = item.parts.get("subject"), item.parts.get("number")
    course = item.columns.get("curso")
    weak = item.certainty.get("curso", 0) < 0.7
    if course and subject and number is None and all(map(_NUMBER.fullmatch, item.found.held[course].values)):
        # It is called the course, and holds the number alone: CRSE beside SUBJ.
        number, weak = course, True
    if course and subject is None and all(map(_SUBJECT.fullmatch, item.found.held[course].values)):
        # It is called the course, and holds the subject alone.
        subject, weak = course, True
    if subject and number and weak:
        joined = f"concat_ws(' ', {identifier(subject)}, {identifier(number)})"
        values["curso"] = Value(joined, (subject, number))
    elif subject and "curso" not in values:
        values["curso"] = Value(identifier(subject), (subject,))
    elif "curso" not in values and "nivel" in values:
        # A school of languages calls its courses levels.
        (level,) = values.pop("nivel").of
        note = "No column is recognised as the course: the level is taken. Write the column if it is another."
        values["curso"] = Value(identifier(level), (level,), note)
        item.certainty["curso"] = 0.0


def _period(looked: Looked, item: Match, values: dict[str, Value]) -> calendar.Calendar | None:
    year = item.parts.get("ano")
    period = values.get("periodo")
    if period is None and year is None:
        found = calendar.of_file_names(item.found.files)
        if found:
            note = "No column holds the period: the names of the files do."
            values["periodo"] = Value(found.expression, (FILE,), note)
            item.certainty["periodo"] = 0.6
        return found
    if period:
        found = calendar.of_values(item.found.held[period.of[0]].values, period.sql)
        if found:
            values["periodo"] = Value(
                found.expression, period.of, "; ".join(found.notes) if found.is_months else ""
            )
            return found
    if year is None:
        return None
    # The year and its part stand apart: 2023 and 1.
    both = (year, *period.of) if period else (year,)
    if len(both) == 2 and both[0] == both[1]:
        return None
    made = f"concat_ws('-', {', '.join(map(identifier, both))})" if period else identifier(year)
    rows = looked.connection.execute(
        f"select distinct ({made})::varchar from {item.found.relation}"
    ).fetchall()
    found = calendar.of_values([value for (value,) in rows if value], made)
    if found:
        values["periodo"] = Value(found.expression, both)
        item.certainty["periodo"] = max(item.certainty.get("periodo", 0), item.certainty.get("ano", 0))
    return found


def _slot(looked: Looked, item: Match, weekdays: tuple[str, ...]) -> Value | None:
    """A slot made of days and hours: 'LUNES-MIERCOLES 07:00-09:00'."""
    days = item.parts.get("dias")
    of_hours = tuple(item.parts[name] for name in ("hora_inicio", "hora_fin") if name in item.parts)
    of = (*((days,) if days else ()), *of_hours)
    if not of:
        return None
    at = " || '-' || ".join(identifier(name) for name in of_hours)
    if not weekdays:
        parts = [identifier(days)] if days else []
        return Value(f"concat_ws(' ', {', '.join([*parts, *([at] if at else [])])})", of)
    if days is None:
        return Value(f"string_agg(distinct {at}, ', ' order by {at})", of)
    seen = in_order(item.found.held[days].values)
    order = f"order by list_position([{', '.join(map(literal, seen))}], {identifier(days)})"
    if not at:
        return Value(f"string_agg({identifier(days)}, '-' {order})", of)
    keys = ", ".join(map(identifier, weekdays))
    [(most,)] = looked.connection.execute(
        f"""select coalesce(max(n), 1) from (
            select count(distinct {at}) as n from {item.found.relation} group by {keys})"""
    ).fetchall()
    if most == 1:
        return Value(f"string_agg({identifier(days)}, '-' {order}) || ' ' || any_value({at})", of)
    return Value(f"string_agg({identifier(days)} || ' ' || {at}, ', ' {order})", of)


def _with_days(item: Match, values: dict[str, Value]) -> None:
    """Hours alone are no slot where the days stand in another column: the two together are."""
    hours, days = item.columns["horario"], item.parts.get("dias") or item.columns.get("frecuencia")
    held = item.found.held
    if days is None or not is_weekdays(held[days]) or any(map(_names_a_day, held[hours].values)):
        return
    values["horario"] = Value(f"concat_ws(' ', {identifier(days)}, {identifier(hours)})", (days, hours))


def _names_a_day(value: str) -> bool:
    # A letter alone may be anything.
    return any(len(word) > 1 and word in WEEKDAYS for word in re.findall(r"[a-z]+", plain(value)))


def _is_word(item: Match, column: str) -> bool:
    """Whether a column of slots holds words alone, such as the shift: days and hours say more."""
    held = item.found.held[column]
    return is_times(held) or not any(any(sign.isdigit() for sign in value) for value in held.values)


def _states(item: Match, values: dict[str, Value]) -> None:
    column, words = item.columns.get("estado"), item.states
    if column is None or set(words) <= CONTRACT_STATES:
        return
    known = {
        word: next((ours for start, ours in STATES.items() if start in plain(word)), None) for word in words
    }
    if not any(known.values()) or any(map(looks_like_a_value, words)):
        # Its words say nothing to us: held are then the sections with students.
        del values["estado"]
        return
    lines = [f"case {identifier(column)}"]
    for word, ours in known.items():
        comment = "" if ours else "  -- not recognised: cerrado, cancelado, abierto or creado"
        lines.append(f"        when {literal(word)} then {literal(ours or word)}{comment}")
    case = "\n".join([*lines, f"        else {identifier(column)}", "    end"])
    values["estado"] = Value(case, (column,))


def _weekday_rows(looked: Looked, item: Match, own: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that tell a section, where each has a row for every day on which it meets; else nothing."""
    group = item.parts.get("grupo")
    meets = [item.parts[name] for name in ("dias", "hora_inicio") if name in item.parts]
    if group is None or not meets or "seccion_id" in item.columns:
        return ()
    keys = [name for name in (item.columns.get("sede"), *own, group) if name]
    students = item.columns.get("matriculados")
    same = f"count(distinct {identifier(students)}) = 1" if students else "true"
    met = f"count(distinct concat_ws(' ', {', '.join(map(identifier, meets))}))"
    [(several, alike, sections)] = looked.connection.execute(
        f"""select count(*) filter (n > 1), count(*) filter (n > 1 and met = n and same), count(*)
        from (select count(*) as n, {met} as met, {same} as same
            from {item.found.relation} group by {", ".join(map(identifier, dict.fromkeys(keys)))})"""
    ).fetchall()
    return (
        tuple(dict.fromkeys(keys))
        if several >= 0.05 * sections and several and alike >= 0.9 * several
        else ()
    )
