"""Writes the exports of this example: an invented university, three terms a year. No row is of a real one.

python examples/university/make_exports.py [FOLDER]
"""

import math
import random
import sys
from pathlib import Path

HEADING = "PERIODO;SEDE;MATERIA;NRO CURSO;NRC;TÍTULO;DÍAS;HORA INICIO;HORA FIN;SALÓN;CUPO;INSCRITOS;ESTADO"
TITLE = "REPORTE DE PROGRAMACIÓN ACADÉMICA"
YEARS = (2021, 2022, 2023, 2024)
# The codes of the year's terms, and how many new students each brings.
TERMS = {"10": 1.0, "20": 0.45, "30": 0.8}
CAMPUSES = {"Centro": 1.0, "Norte": 0.6}
# Subject, number, title, the course that its students come from, and how many of them: else new students.
COURSES = (
    ("ESP", "101", "Redacción I", None, 62),
    ("ESP", "102", "Redacción II", "ESP 101", 0.78),
    ("ING", "101", "Inglés I", None, 74),
    ("ING", "102", "Inglés II", "ING 101", 0.82),
    ("ING", "103", "Inglés III", "ING 102", 0.85),
    ("MAT", "101", "Cálculo I", None, 58),
    ("MAT", "102", "Cálculo II", "MAT 101", 0.66),
)
SLOTS = (("LU-MI", "07:00", "08:30"), ("MA-JU", "10:30", "12:00"), ("LU-MI", "18:00", "19:30"))
SEATS = 30


def exports() -> dict[str, bytes]:
    """Each file, as the university's system writes it: windows-1252, a title above the heading."""
    chance = random.Random(20210110)
    students: dict[tuple[str, str], float] = {}
    files = {}
    number = 1000
    for year in YEARS:
        lines = [f"{TITLE} {year}", "", HEADING]
        for term, season in TERMS.items():
            came: dict[tuple[str, str], float] = {}
            for campus, size in CAMPUSES.items():
                for subject, course, title, before, many in COURSES:
                    expected = students.get((campus, before), 0) * many if before else many * size * season
                    total = _poisson(chance, expected)
                    came[campus, f"{subject} {course}"] = total
                    for place, part in enumerate(_parts(total)):
                        days, start, end = SLOTS[place % len(SLOTS)]
                        number += 1
                        room = "-" if part < 8 else f"{campus[0]}-{100 + number % 17}"
                        state = "Cancelado" if part < 8 else "Cerrado"
                        held = 0 if part < 8 else part
                        course_of = (f"{year}{term}", campus, subject, course, number, title)
                        values = (*course_of, days, start, end, room, SEATS, held, state)
                        lines.append(";".join(map(str, values)))
            students = came
        files[f"secciones_{year}.csv"] = ("\r\n".join(lines) + "\r\n").encode("cp1252")
    return files


def _parts(total: int) -> list[int]:
    """The sections of so many students, of much the same size."""
    sections = math.ceil(total / SEATS)
    return [total // sections + (place < total % sections) for place in range(sections)]


def _poisson(chance: random.Random, mean: float) -> int:
    left, count = math.exp(-mean), 0
    product = chance.random()
    while product > left:
        product *= chance.random()
        count += 1
    return count


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "exports")
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in exports().items():
        (folder / name).write_bytes(content)
