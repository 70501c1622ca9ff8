"""A calendar made of the periods that a source has: their order, their seasons, and some years more."""

import datetime as dt
import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flows.drafting.periods import Parsed, are_terms, parse_all, whole
from flows.quoting import literal
from flows.vocabulary import ENGLISH_SEASONS, words_of

# As many periods after the newest as a run can be asked for.
MOST_AHEAD = 12
_WEEKS = 52
# More days than these in a year are the days of something else than periods: their months are taken.
_MOST_DATES = 60
_CORRECT = "correct indice and estacion if it is another."
_NORTHERN = ("winter", "spring", "summer", "autumn")
_SOUTHERN = ("summer", "autumn", "winter", "spring")


@dataclass(frozen=True)
class Period:
    """A row of the calendar; whether the source has a section of it, and how it calls it."""

    number: int
    index: int
    season: int
    seen: bool
    text: str
    start: dt.date | None = None


@dataclass(frozen=True)
class Calendar:
    """The periods; how a query makes their numbers of the source's own words; what was assumed.

    `is_months`: they are months YYYYMM, for which the contract needs no calendar.
    """

    periods: tuple[Period, ...]
    expression: str
    is_months: bool
    seasons: int
    notes: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """In words: how many periods, from which to which, how many a year."""
        seen = [period for period in self.periods if period.seen]
        a_year = "a year each" if self.seasons == 1 else f"{self.seasons} a year"
        return f"{len(seen)} periods, {seen[0].text} to {seen[-1].text}, {a_year}"


def of_values(values: Sequence[str], column: str) -> Calendar | None:
    """The calendar of a column of periods (`column`: as SQL has it); None where the values are none."""
    parsed = parse_all(sorted(set(values)))
    if not parsed:
        return None
    kinds = {item.kind for item in parsed}
    if kinds == {"date"}:
        return _of_dates(parsed, column)
    if kinds == {"week"}:
        return _of_weeks(parsed, column)
    if kinds == {"month"} and not are_terms({(item.year, int(item.part)) for item in parsed}):
        return _of_months(parsed, column)
    parts, notes = _ordered_parts(parsed)
    if len({item.year for item in parsed}) == 1:
        notes = (*notes, "Only one year is seen: if it has more periods, add them to each year.")
    last = max(_place(item, parts) for item in parsed)
    first = min(_place(item, parts) for item in parsed)
    by_place = {_place(item, parts): item for item in parsed}
    size = len(parts)
    number = _numbering(parsed, parts)
    by_part = {item.part: item for item in parsed}
    periods = []
    numbers = {item.text: number(*divmod(_place(item, parts), size)) for item in parsed}
    for place in range(first, last + max(MOST_AHEAD, 2 * size) + 1):
        year, position = divmod(place, size)
        item = by_place.get(place)
        text = item.text if item else _spelled(by_part[parts[position]], year)
        numbers.setdefault(text, number(year, position))
        periods.append(Period(number(year, position), place - first + 1, position + 1, bool(item), text))
    return Calendar(tuple(periods), _expression(column, numbers), False, size, notes)


def of_file_names(names: Sequence[str]) -> Calendar | None:
    """The calendar of files that are called after their periods, but for words that all of them have."""
    if len(set(names)) < 2:
        return None
    lead = _shared_words(names)
    end = _shared_words([name[len(lead) :][::-1] for name in names])[::-1]
    bare, file = list(names), "parse_filename(archivo, true)"
    for words in filter(None, (lead, end)):
        bare = [name.replace(words, "") for name in bare]
        file = f"replace({file}, {literal(words)}, '')"
    return of_values(bare, file)


def _shared_words(names: Sequence[str]) -> str:
    """What all the names begin with, in whole words without digits."""
    together = itertools.takewhile(lambda signs: len(set(signs)) == 1, zip(*names, strict=False))
    lead = "".join(itertools.takewhile(lambda sign: not sign.isdigit(), (signs[0] for signs in together)))
    in_word = lead[-1:].isalpha() and any(name[len(lead) : len(lead) + 1].isalpha() for name in names)
    return re.sub(r"[^\W\d_]+$", "", lead) if in_word else lead


def sql(calendar: Calendar) -> str:
    """The draft of calendario.sql: a select of its rows, which a person reads and corrects."""
    dated = any(period.start for period in calendar.periods)
    lines = []
    for period in calendar.periods:
        start = f", date '{period.start}'" if dated else ""
        comment = f"  -- {period.text}" if period.text != str(period.number) else ""
        if not period.seen and period.index < _last(calendar):
            comment = "  -- no section of it in the source"
        lines.append(f"    ({period.number}, {period.index}, {period.season}{start}),{comment}")
    # The last row has no comma.
    body, _, comment = lines[-1].partition("),")
    lines[-1] = f"{body}){comment}"
    columns = ", ".join(["periodo", "indice", "estacion", *(["fecha_inicio"] if dated else [])])
    notes = [f"-- {note}" for note in calendar.notes]
    above = [
        "-- The periods in their order, each with its season (its place in the year); the last are to come.",
        "-- `aforo serve` runs on the day fecha_pronostico of each period: add that column for it.",
    ]
    return "\n".join([*above, *notes, "select *", "from (values", *lines, f") as t ({columns})", ""])


def _last(calendar: Calendar) -> int:
    return max(period.index for period in calendar.periods if period.seen)


def _place(item: Parsed, parts: list[int | str]) -> int:
    return item.year * len(parts) + parts.index(item.part)


def _spelled(item: Parsed, year: int) -> str:
    """How the source will call the same period of another year: Fall 2022, Fall 2023."""
    years = {str(item.year): str(year), str(item.year + 1): str(year + 1)}
    if str(item.year) not in item.text:
        years = {f"{item.year % 100:02}": f"{year % 100:02}"}
    # At once, as the second of two years may be the first of the next.
    return re.sub("|".join(years), lambda found: years[found[0]], item.text)


def _ordered_parts(parsed: list[Parsed]) -> tuple[list[int | str], tuple[str, ...]]:
    """What names the periods of a year, in the order of the year, and what was assumed for it."""
    numbers: list[int | str] = sorted({p.part for p in parsed if isinstance(p.part, int)})
    words = {p.part for p in parsed if isinstance(p.part, str)}
    if not words or words == {""}:
        return numbers or [""], ()
    if numbers:
        # A summer beside numbered terms is the year's first where it is called so (Peru, Chile).
        placed = [*sorted(words), *numbers] if words == {"summer"} else [*numbers, *sorted(words)]
        return placed, (f"The place of {', '.join(sorted(words))} in the year is assumed: {_CORRECT}",)
    northern = [season for season in _NORTHERN if season in words]
    southern = [season for season in _SOUTHERN if season in words]
    first, last = min(p.year for p in parsed), max(p.year for p in parsed)
    firsts, lasts = ({p.part for p in parsed if p.year == year} for year in (first, last))
    misfits = []
    for order in (northern, southern):
        # The first year may lack its beginning, the last its end.
        at_first, at_last = [season in firsts for season in order], [season in lasts for season in order]
        misfits.append((at_first != sorted(at_first)) + (at_last != sorted(at_last, reverse=True)))
    if misfits[0] != misfits[1]:
        return list(northern if misfits[0] < misfits[1] else southern), ()
    english = any(word in ENGLISH_SEASONS for p in parsed for word in words_of(p.text))
    order = northern if english else southern
    if northern == southern:
        return list(order), ()
    half = "northern" if english else "southern"
    return list(order), (
        f"The order {', '.join(order)} is assumed, that of the {half} half of the world: {_CORRECT}",
    )


def _numbering(parsed: list[Parsed], parts: list[int | str]) -> Callable[[int, int], int]:
    """The number of a period: the source's own way to write it, where that is a number."""
    known: dict[int | str, set[int]] = {}
    for item in parsed:
        text = whole(item.text)
        if text:
            known.setdefault(item.part, set()).add(int(text) - _year_part(len(text), item.year))
    as_written = len(known) == len(parts) and all(len(rests) == 1 for rests in known.values())
    width = len(whole(parsed[0].text) or "")

    def number(year: int, position: int) -> int:
        if as_written:
            return _year_part(width, year) + next(iter(known[parts[position]]))
        if parts == [""]:
            return year
        own = parts[position]
        small = all(isinstance(part, int) and 0 <= part <= 9 for part in parts)
        within = int(own) if small else position + 1
        return year * (10 if len(parts) < 10 else 100) + within

    return number


def _year_part(width: int, year: int) -> int:
    """What the year is worth in a number so wide: 20231, 202310, 2231, 20222023."""
    return {4: year % 100 * 10, 5: year * 10, 6: year * 100, 8: year * 10001}.get(width, 0)


def _expression(column: str, numbers: dict[str, int]) -> str:
    """How a query makes the number of what the source says."""
    if all(whole(text) == str(number) for text, number in numbers.items()):
        return column
    if all("".join(filter(str.isdigit, text)) == str(number) for text, number in numbers.items()):
        return f"regexp_replace({column}, '[^0-9]', '', 'g')"
    cases = [f"        when {literal(text)} then '{number}'" for text, number in numbers.items()]
    unknown = "        -- Another word is refused as no number: add it here and to calendario.sql."
    return "\n".join([f"case {column}", *cases, unknown, f"        else {column}", "    end"])


def _of_months(parsed: list[Parsed], column: str) -> Calendar:
    numbers = {item.text: item.year * 100 + int(item.part) for item in parsed}
    newest = max(item.year for item in parsed)
    for year in (newest, newest + 1, newest + 2):
        for item in parsed:
            numbers.setdefault(_spelled(item, year), year * 100 + int(item.part))
    months = sorted({(item.year, int(item.part)) for item in parsed})
    places = [Period(y * 100 + m, i, m, True, str(y * 100 + m)) for i, (y, m) in enumerate(months, 1)]
    return Calendar(tuple(places), _expression(column, numbers), True, 12)


def _of_weeks(parsed: list[Parsed], column: str) -> Calendar:
    """Weeks by the calendar; 52 seasons, so that the same week of another year is 52 periods away."""
    days = {
        item.text: dt.date.fromisocalendar(item.year, _known_week(item.year, int(item.part)), 1)
        for item in parsed
    }
    by_day = {day: text for text, day in days.items()}
    first, last = min(by_day), max(by_day)
    periods = []
    for index in range(1, (last - first).days // 7 + 1 + _WEEKS + 1):
        day = first + dt.timedelta(weeks=index - 1)
        year, week, _ = day.isocalendar()
        season = (first.isocalendar().week - 1 + index - 1) % _WEEKS + 1
        periods.append(Period(year * 100 + week, index, season, day in by_day, by_day.get(day, ""), day))
    numbers = {text: day.isocalendar().year * 100 + day.isocalendar().week for text, day in days.items()}
    return Calendar(tuple(periods), _expression(column, numbers), False, _WEEKS)


def _known_week(year: int, week: int) -> int:
    return min(week, dt.date(year, 12, 28).isocalendar().week)


def _of_dates(parsed: list[Parsed], column: str) -> Calendar:
    """Days on which periods begin; where they are too many for that, their months."""
    days = {
        item.text: dt.date(item.year, int(str(item.part)[:2]), int(str(item.part)[2:])) for item in parsed
    }
    iso = all(text[:4].isdigit() and "/" not in text for text in days)
    date = f"cast({column} as date)" if iso else f"strptime({column}, '%d/%m/%Y')"
    counts = Counter(day.year for day in set(days.values()))
    if max(counts.values()) > _MOST_DATES:
        months = sorted({(day.year, day.month) for day in days.values()})
        periods = [Period(y * 100 + m, i, m, True, f"{y}{m:02}") for i, (y, m) in enumerate(months, 1)]
        return Calendar(
            tuple(periods), f"strftime({date}, '%Y%m')", True, 12, ("Days are taken as their months.",)
        )
    ordered = sorted(set(days.values()))
    whole = [counts[year] for year in sorted(counts)[1:-1]] or [max(counts.values())]
    size = max(1, round(sum(whole) / len(whole)))
    texts = {day: text for text, day in days.items()}
    # The first year may lack its beginning.
    offset = max(0, size - counts[ordered[0].year]) if len(counts) > 1 else 0
    while len(ordered) < len(texts) + max(MOST_AHEAD, 2 * size):
        # A year has 52 weeks: the weekday stays.
        before = ordered[-size] if len(ordered) >= size else ordered[-1]
        ordered.append(before + dt.timedelta(weeks=_WEEKS))
    periods = [
        Period(
            int(f"{day:%Y%m%d}"),
            index,
            (index - 1 + offset) % size + 1,
            day in texts,
            texts.get(day, ""),
            day,
        )
        for index, day in enumerate(ordered, 1)
    ]
    numbers = {text: int(f"{day:%Y%m%d}") for text, day in days.items()}
    plain = all(text == str(number) for text, number in numbers.items())
    expression = column if plain else f"strftime({date}, '%Y%m%d')"
    notes = (
        "The days after the newest one are assumed: correct fecha_inicio and periodo where they are others.",
    )
    return Calendar(tuple(periods), expression, False, size, notes)
