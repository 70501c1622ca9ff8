"""The words and numbers by which an institute calls its periods, read: year and place in the year of each."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from flows.vocabulary import MONTHS, ORDINALS, SEASONS, plain

Kind = Literal["month", "part", "season", "week", "date", "year"]

_YEARS = range(1990, 2061)
_UNITS = {
    "semestre", "sem", "semester", "s", "trimestre", "trim", "trimester", "t", "cuatrimestre", "cuatri", "c",
    "quadrimestre", "bimestre", "bim", "quarter", "q", "term", "periodo", "period", "p", "ciclo", "cycle",
    "gestion", "ano", "anio", "year", "de", "del", "academico", "lectivo", "letivo", "modulo", "bloque",
}  # fmt: skip
_WEEKS = {"w", "week", "semana", "sem", "wk"}


@dataclass(frozen=True)
class Parsed:
    """A period as it is written: its year, and what names it within the year ('' for the year itself)."""

    text: str
    kind: Kind
    year: int
    part: int | str

    @property
    def key(self) -> tuple[int, str, int | str]:
        """What tells it from others."""
        return self.year, self.kind, self.part


def parse_all(values: Sequence[str]) -> list[Parsed] | None:
    """The values as periods, where all but a few of them (one in twenty) are; else None."""
    if not values:
        return None
    numbers = [int(value) for value in map(whole, values) if value is not None]
    if len(numbers) == len(values):
        return _numbers(values, numbers)
    parsed = [found for value in values if (found := _words(value)) is not None]
    if len(parsed) < 0.95 * len(values):
        return None
    if all(found.kind == "part" for found in parsed) and any(
        re.search(r"(?<!\d)0\d(?!\d)", v) for v in values
    ):
        months = {(found.year, int(found.part)) for found in parsed}
        if max(month for _, month in months) <= 12 and not are_terms(months):
            return [replace(found, kind="month") for found in parsed]
    kinds = {found.kind for found in parsed}
    # Parts and seasons may stand side by side: 2023-1, 2023-2, Verano 2023.
    return parsed if len(kinds) == 1 or kinds <= {"part", "season"} else None


def whole(value: str) -> str | None:
    """The digits of a whole number of four to eight, as spreadsheets write it too (202301.0); else None."""
    found = re.fullmatch(r"(\d{4,8})(?:[.]0+)?", value)
    return found[1] if found else None


def _numbers(values: Sequence[str], numbers: list[int]) -> list[Parsed] | None:
    widths = {len(str(number)) for number in numbers}
    if len(widths) != 1:
        return None
    width = widths.pop()
    if width == 4:
        return _four_digits(values, numbers)
    if width == 8:
        return _eight_digits(values, numbers)
    if width not in (5, 6):
        return None
    split = 10 if width == 5 else 100
    pairs = [divmod(number, split) for number in numbers]
    if any(year not in _YEARS for year, _ in pairs):
        return None
    parts = {part for _, part in pairs}
    kind: Kind = "part"
    if width == 6 and parts <= set(range(1, 54)) and len(parts) > 20:
        kind = "week"
    elif width == 6 and parts <= set(range(1, 13)) and not are_terms({(y, p) for y, p in pairs}):
        kind = "month"
    return [Parsed(text, kind, year, part) for text, (year, part) in zip(values, pairs, strict=True)]


def are_terms(months: set[tuple[int, int]]) -> bool:
    """Whether (year, month) can't be months: half of a year's months never have one (as the audit asks)."""
    first, last = min(months), max(months)
    span = [
        (year, month)
        for year in range(first[0], last[0] + 1)
        for month in range(1, 13)
        if first <= (year, month) <= last
    ]
    return len({month for _, month in span} - {month for _, month in months}) >= 6


def _four_digits(values: Sequence[str], numbers: list[int]) -> list[Parsed] | None:
    """Years one after the other, or PeopleSoft's terms: century, year, and a digit for the term."""
    years = sorted(set(numbers))
    latest = dt.date.today().year + 2
    if years[0] in _YEARS and years[-1] <= latest and years[-1] - years[0] == len(years) - 1:
        return [Parsed(text, "year", number, "") for text, number in zip(values, numbers, strict=True)]
    found = []
    for text, number in zip(values, numbers, strict=True):
        century, year, part = number // 1000, number // 10 % 100, number % 10
        full = (1900 if century == 0 else 2000) + year
        if century > 2 or full > latest + 3 or full < _YEARS[0]:
            return None
        found.append(Parsed(text, "part", full, part))
    return found


def _eight_digits(values: Sequence[str], numbers: list[int]) -> list[Parsed] | None:
    if all(number % 10000 == number // 10000 + 1 for number in numbers):
        return [Parsed(t, "year", n // 10000, "") for t, n in zip(values, numbers, strict=True)]
    found = [_date(text, number // 10000, number // 100 % 100, number % 100) for text, number in
             zip(values, numbers, strict=True)]  # fmt: skip
    dates = [item for item in found if item is not None]
    return dates if len(dates) == len(found) else None


def _date(text: str, year: int, month: int, day: int) -> Parsed | None:
    try:
        date = dt.date(year, month, day)
    except ValueError:
        return None
    return Parsed(text, "date", year, f"{date:%m%d}") if year in _YEARS else None


def _words(value: str) -> Parsed | None:
    text = plain(re.sub(r"(\d)(?:er|ro|do|da|to|ta|st|nd|rd|th)\b", r"\1", plain(value)))
    date = re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[ t]00:00(:00)?)?", text)
    if date:
        return _date(value, int(date[1]), int(date[2]), int(date[3]))
    date = re.fullmatch(r"(\d{1,2})[-/](\d{1,2})[-/](\d{4})", text)
    if date:
        return _date(value, int(date[3]), int(date[2]), int(date[1]))
    tokens = re.findall(r"[a-z]+|\d+", text)
    years = [place for place, token in enumerate(tokens) if token.isdigit() and int(token) in _YEARS]
    if not years:
        return _short_year(value, tokens)
    year = int(tokens[years[0]])
    rest = tokens[: years[0]] + tokens[years[0] + 1 :]
    # 2022-2023, 2022/23: an academic year.
    after = tokens[years[0] + 1] if years[0] + 1 < len(tokens) else ""
    if after == str(year + 1) or (after == f"{(year + 1) % 100:02}" and int(after) > 12):
        rest.remove(after)
    return _part(value, year, rest)


def _short_year(value: str, tokens: list[str]) -> Parsed | None:
    """Fall 22, ene-23, 23-1: a year of two digits beside a word, or before a single digit."""
    compact = re.fullmatch(r"(?:([a-z]+)|)(\d{6}|\d{5})(?:([a-z]+)|)", "".join(tokens))
    if compact and len(tokens) <= 2 and int(compact[2][:4]) in _YEARS:
        rest = [token for token in (compact[1], compact[2][4:], compact[3]) if token]
        return _part(value, int(compact[2][:4]), rest)
    worded = [token for token in tokens if token in SEASONS or token in MONTHS]
    short = [token for token in tokens if re.fullmatch(r"\d\d", token)]
    if len(worded) == 1 and len(short) == 1 and len(tokens) == 2:
        return _part(value, 2000 + int(short[0]), worded)
    if len(tokens) == 2 and re.fullmatch(r"\d\d", tokens[0]) and re.fullmatch(r"[1-9]|i{1,3}|iv", tokens[1]):
        return _part(value, 2000 + int(tokens[0]), tokens[1:])
    return None


def _part(value: str, year: int, tokens: list[str]) -> Parsed | None:
    if not tokens:
        return Parsed(value, "year", year, "")
    seasons = {SEASONS[token] for token in tokens if token in SEASONS}
    if len(seasons) == 1:
        return Parsed(value, "season", year, seasons.pop())
    months = [MONTHS[token] for token in tokens if token in MONTHS]
    numbers = [int(token) for token in tokens if token.isdigit()]
    words = [token for token in tokens if not token.isdigit()]
    if len(months) == 1 and not numbers:
        return Parsed(value, "month", year, months[0])
    if len(numbers) == 1 and words and words[0] in _WEEKS and (words[0] != "sem" or numbers[0] > 9):
        return Parsed(value, "week", year, numbers[0]) if 1 <= numbers[0] <= 53 else None
    named = [ORDINALS[word] for word in words if word in ORDINALS]
    letters = [word for word in words if len(word) == 1 and word not in _UNITS and word not in ORDINALS]
    known = [word for word in words if word in _UNITS or word in ORDINALS or word in letters or word == "v"]
    if len(known) != len(words):
        return None
    if len(numbers) == 1 and not named and not letters and numbers[0] < 1000:
        return Parsed(value, "part", year, numbers[0])
    if len(named) == 1 and not numbers:
        return Parsed(value, "part", year, named[0])
    if len(letters) == 1 and not numbers and not named:
        # 2023-A, 2023-B; a V beside I and II is the summer's.
        summer = letters[0] == "v"
        return Parsed(
            value, "season" if summer else "part", year, "summer" if summer else ord(letters[0]) - 96
        )
    return None
