"""A small institute of the raw contract, for tests: 20 months, 3 campuses, 6 courses, 2 slots."""

from pathlib import Path

import pandas as pd

FIRST_MONTH = "2023-11"
MONTHS = 20
SEDES = ("CENTRO", "NORTE", "VIRTUAL")
# Two lines of three courses: the first of each is an entry course.
COURSES = ("A1", "A2", "A3", "B1", "B2", "B3")
SLOTS = ("07:00 - 08:30", "19:00 - 20:30")
UNKNOWN_COURSE = "ZZ99"
UNKNOWN_SLOT = "25:00 - 26:30"

Tables = dict[str, pd.DataFrame]


def institute() -> Tables:
    """Every table of the contract but calendario; the same at every call.

    Two sections of the last month have a course and a slot that no catalogue knows.
    """
    months = [int(f"{month:%Y%m}") for month in pd.date_range(FIRST_MONTH, periods=MONTHS, freq="MS")]
    sections = [
        _section(position, month, sede, course, slot)
        for position, month in enumerate(months)
        for sede in SEDES
        for course in COURSES
        for slot in SLOTS
    ]
    sections[-1] |= {"curso": UNKNOWN_COURSE}
    sections[-2] |= {"horario": UNKNOWN_SLOT}
    return {
        "programacion": pd.DataFrame(sections),
        "cursos": pd.DataFrame([_course(code) for code in COURSES]),
        "equivalencia_cursos": pd.DataFrame({"curso": COURSES, "curso_actual": COURSES}),
        "horarios": pd.DataFrame(
            {
                "horario": SLOTS,
                "horario_actual": SLOTS,
                "turno": ["mañana", "noche"],
                "franja": "LMMJV",
                "bloques": 1,
                "hora_inicio": [7.0, 19.0],
                "hora_fin": [8.5, 20.5],
            }
        ),
        "sedes": pd.DataFrame(
            [
                {"periodo": month, "sede": sede, "hora_apertura": 7.0, "hora_cierre": 21.0}
                for month in months
                for sede in SEDES
            ]
        ),
        "minimos_apertura": pd.DataFrame(
            [{"periodo": month, "programa": "ADULTOS", "minimo_alumnos": 8} for month in months]
        ),
        "vacantes_estandar": pd.DataFrame(
            [
                {
                    "periodo": month,
                    "linea": "PRESENCIAL",
                    "nivel": "BASICO",
                    "vacantes_estandar": 20,
                    "vacantes_maximas": 24,
                }
                for month in months
            ]
        ),
    }


def minimal() -> Tables:
    """The smallest institute: programacion with its five columns alone."""
    columns = ["periodo", "sede", "curso", "horario", "matriculados"]
    return {"programacion": institute()["programacion"][columns]}


def write(tables: Tables, folder: Path, kind: str = "parquet") -> Path:
    """Writes the tables into `folder`, 'parquet' or 'csv', in place of what was there; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    for name, table in tables.items():
        if kind == "parquet":
            table.to_parquet(folder / f"{name}.parquet", index=False)
        else:
            table.to_csv(folder / f"{name}.csv", index=False)
    return folder


def _section(position: int, month: int, sede: str, course: str, slot: str) -> dict[str, object]:
    # A level by campus, slot and course, a season, and some noise that is the same every time.
    level = 10 + 6 * SEDES.index(sede) + 4 * SLOTS.index(slot) - 2 * (int(course[1]) - 1)
    season = 5 if month % 100 == 1 else 0
    noise = (position * 7 + COURSES.index(course) * 3 + SEDES.index(sede) * 5) % 4
    students = level + season + noise
    cancelled = (position + COURSES.index(course)) % 9 == 0 and students < 15
    return {
        "seccion_id": f"{month}-{sede}-{course}-{SLOTS.index(slot)}",
        "periodo": month,
        "sede": sede,
        "curso": course,
        "horario": slot,
        "modalidad": "virtual" if sede == "VIRTUAL" else "presencial",
        "frecuencia": "diaria",
        "intensidad": "regular",
        "nivel": "BASICO",
        "estado": "cancelado" if cancelled else "cerrado",
        "matriculados": 0 if cancelled else students,
        "vacantes": 24,
    }


def _course(code: str) -> dict[str, object]:
    line, number = code[0], int(code[1])
    return {
        "curso_actual": code,
        "nombre": f"{line} {number}",
        "linea": "PRESENCIAL",
        "programa": "ADULTOS",
        "nivel": "BASICO",
        "frecuencia": "diaria",
        "intensidad": "regular",
        "duracion_meses": 1,
        "curso_siguiente": f"{line}{number + 1}" if number < 3 else None,
        "es_inicial": number == 1,
        "es_estacional": False,
    }
