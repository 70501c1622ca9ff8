"""Which column of a table holds what the contract asks for: by what it is called and by what is in it."""

import re
from dataclasses import dataclass, field
from typing import Any

from flows import project
from flows.dbt.personal import is_personal_name
from flows.drafting.periods import parse_all
from flows.drafting.tables import Found, Held
from flows.vocabulary import PARTS, WEEKDAYS, likeness, normalised, plain, words_for

_TIME = re.compile(r"\d{1,2}[:.h]\d{2}.*|\d{3,4}|\d{1,2}\s*-\s*\d{1,2}|\d{1,2} ?[ap]\.?m\.?", re.IGNORECASE)
_CODE = re.compile(r"[A-Z]{2,5}[- ]?\d{2,4}[A-Z]?")
LEAST = 0.3
MOST_CAMPUSES = 80
MOST_STATES = 20


@dataclass(frozen=True)
class Column:
    """A column of the contract."""

    name: str
    type: str
    required: bool


@dataclass(frozen=True)
class Match:
    """A contract table as a table of the source can fill it: contract column -> the source's, and how sure.

    `parts`: columns of which one of the contract's can be made, such as the days of a slot.
    """

    table: str
    contract: tuple[Column, ...]
    found: Found
    columns: dict[str, str]
    certainty: dict[str, float] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> list[str]:
        """The required columns that were not recognised."""
        return [c.name for c in self.contract if c.required and c.name not in self.columns]

    @property
    def states(self) -> tuple[str, ...]:
        """The words of the column of states."""
        column = self.columns.get("estado")
        return self.found.held[column].values if column else ()


def contract() -> dict[str, tuple[Column, ...]]:
    """The contract's tables, from their one statement."""
    return {name: tuple(_column(c) for c in table["columns"]) for name, table in project.contract().items()}


def _column(stated: dict[str, Any]) -> Column:
    required = stated.get("config", {}).get("meta", {}).get("requerida", False)
    return Column(stated["name"], stated["data_type"], required)


def sections(found: list[Found]) -> list[Match]:
    """The tables that may hold the sections, the likeliest first; those in which nothing says so are none."""
    columns = contract()["programacion"]
    scored = []
    for table in found:
        chosen = _assigned([*(c.name for c in columns), *PARTS], table)
        own = {name: item for name, item in chosen.items() if name not in PARTS}
        item = Match(
            "programacion",
            columns,
            table,
            {c.name: own[c.name][0] for c in columns if c.name in own},
            {name: score for name, (_, score) in chosen.items()},
            {name: column for name, (column, _) in chosen.items() if name in PARTS},
        )
        telling = [item.certainty.get(name, 0) for name in ("periodo", "curso", "matriculados")]
        worth = sum(item.certainty.get(c.name, 0) * (1 if c.required else 0.2) for c in columns)
        worth += 0.3 * len(item.parts.keys() & {"dias"}) + 2 * (normalised(table.name) == "programacion")
        if sum(score > 0 for score in telling) >= 2 or normalised(table.name) == "programacion":
            scored.append((worth, item))
    return [item for _, item in sorted(scored, key=lambda pair: -pair[0])]


def others(found: list[Found]) -> list[Match]:
    """For each other contract table the table of the source that fills it best, if enough is recognised.

    A table that is called as the contract's counts with any column; another one must have every required
    column, under a name that is known, and at least three columns.
    """
    matches = []
    for table, columns in contract().items():
        if table == "programacion":
            continue
        candidates = [Match(table, columns, item, _named(columns, item)) for item in found]
        named = [item for item in candidates if normalised(item.found.name) == normalised(table)]
        likely = [
            item
            for item in candidates
            # Sections have these columns too, and are no catalogue.
            if not item.missing and len(item.columns) >= 3 and not _is_sections(item.found)
        ]
        best = max(named or likely, key=lambda item: len(item.columns), default=None)
        if best and best.columns:
            matches.append(best)
    return matches


def is_contract(item: Match) -> bool:
    """Whether the source has the table as the contract wants it, so that no mapping is needed."""
    named = all(ours == theirs.strip().lower() for ours, theirs in item.columns.items())
    return named and item.found.name == item.table and not item.missing


def is_times(held: Held) -> bool:
    """Whether a column holds hours."""
    return _share(held, lambda value: bool(_TIME.fullmatch(value))) >= 0.8


def is_weekdays(held: Held) -> bool:
    """Whether a column holds days of the week by their names, one or several in a value."""
    return _share(held, _are_days) >= 0.8


def _are_days(value: str) -> bool:
    words = re.findall(r"[a-z]+|\d+", plain(value))
    return bool(words) and all(word in WEEKDAYS for word in words)


def _are_letters_of_days(value: str) -> bool:
    # MWF, TTh, L-M-V.
    return bool(re.fullmatch(r"(m|t|tu|w|th|r|f|s|su|u)+|[lmxjvsdk]+", re.sub("[ ,/-]", "", plain(value))))


def _share(held: Held, holds: Any) -> float:
    return sum(map(holds, held.values)) / len(held.values) if held.values else 0.0


def _is_sections(found: Found) -> bool:
    return any(normalised(column) in words_for("matriculados") for column in found.columns)


def _named(columns: tuple[Column, ...], found: Found) -> dict[str, str]:
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


def _assigned(wanted: list[str], found: Found) -> dict[str, tuple[str, float]]:
    """wanted column -> (the source's, how sure): the surest pair first, each column once."""
    pairs = []
    for place, theirs in enumerate(found.columns):
        if is_personal_name(theirs):
            continue
        for ours in wanted:
            score = certainty(ours, theirs, found.held[theirs])
            if score >= LEAST:
                pairs.append((-score, wanted.index(ours), place, ours, theirs))
    chosen: dict[str, tuple[str, float]] = {}
    taken: set[str] = set()
    for score, _, _, ours, theirs in sorted(pairs):
        if ours not in chosen and theirs not in taken:
            chosen[ours] = (theirs, -score)
            taken.add(theirs)
    return chosen


def certainty(ours: str, theirs: str, held: Held) -> float:
    """How sure it is, from 0 to 1, that a column of the source holds what the contract calls `ours`."""
    called = likeness(theirs, ours)
    fits, alone = _fits(ours, held)
    return round(max(called * fits, alone), 3)


def _fits(ours: str, held: Held) -> tuple[float, float]:
    """How well the values fit the column where it is called so, and how sure they are without a name."""
    if not held.filled:
        # An empty column is what it is called.
        return 1.0, 0.0
    counts = held.whole >= 0.9 and (held.largest or 0) < 100_000
    few = held.distinct <= MOST_CAMPUSES and (held.variety <= 0.5 or held.rows < 20)
    if ours == "periodo":
        parsed = parse_all(held.values)
        sure = bool(parsed) and {p.kind for p in parsed or ()} <= {"part", "season", "month", "week"}
        # Four digits may be anything.
        long = any(len(value) >= 5 for value in held.values)
        return (1.0 if parsed else 0.35), (0.45 if sure and few and long else 0.0)
    if ours == "ano":
        years = {int(v) for v in held.values if v.isdigit() and len(v) == 4}
        return (1.0 if len(years) == len(held.values) and years <= set(range(1990, 2061)) else 0.0), 0.0
    if ours in ("matriculados", "vacantes", "aforo"):
        is_period = bool(parse_all(held.values))
        return (1.0 if counts else 0.0) * (
            0.3 if is_period or (held.is_unique and held.rows > 50) else 1.0
        ), 0.0
    if ours in ("hora_inicio", "hora_fin"):
        return (1.0 if is_times(held) else 0.0), 0.0
    if ours == "dias":
        if is_weekdays(held):
            return 1.0, 0.6
        return (1.0 if _share(held, _are_letters_of_days) >= 0.8 else 0.2), 0.0
    if ours == "seccion_id":
        return (1.0 if held.is_unique and held.filled == held.rows else 0.0), 0.0
    if ours == "sede":
        return (1.0 if few else 0.3), 0.0
    if ours == "estado":
        return (1.0 if held.distinct <= MOST_STATES else 0.0), 0.0
    if ours == "curso":
        codes = _share(held, lambda value: bool(_CODE.fullmatch(value))) >= 0.8
        return (0.5 if held.is_unique and held.rows > 50 else 1.0), (0.4 if codes else 0.0)
    if ours == "horario":
        times = (
            _share(held, lambda value: bool(re.search(r"\d{1,2}[:.h]\d{2}|\d{1,2}\s*-\s*\d{1,2}", value)))
            >= 0.8
        )
        return 1.0, (0.4 if times and not is_times(held) else 0.0)
    if ours == "fecha_creacion":
        return (1.0 if held.whole < 0.9 else 0.3), 0.0
    return 1.0, 0.0
