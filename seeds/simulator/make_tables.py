"""The raw tables and the truth of an institute of the zoo."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seeds.simulator.catalogue import Floats, Ints
from seeds.simulator.makes import Make
from seeds.simulator.process import KINDS, simulate

ORIGINS, AHEAD, REPLICAS = 12, 12, 256  # origins with a truth, unseen periods, futures of an origin
SMALLEST = 0.1  # expected students below which a cell that did not happen is left out
LAST_YEAR = 2025
CAMPUS_NAMES = ("CENTRO", "NORTE", "SUR", "ESTE", "OESTE", "VALLE", "PUERTO", "LAGO")
FIVE = ["periodo", "sede", "curso", "horario", "matriculados"]


class Names:
    """Codes of an institute's periods, campuses, courses and slots."""

    def __init__(self, make: Make) -> None:
        self.make = make
        self.first_year = LAST_YEAR - -(-make.history // make.calendar)
        self.campuses = np.array([f"{CAMPUS_NAMES[e % 8]}{e // 8 or ''}" for e in range(make.campuses)])
        tracks = [(c // make.chain, c % make.chain) for c in range(make.courses)]
        if make.chain > 1:
            self.courses = np.array([f"N{track + 1:02d}{place + 1:02d}" for track, place in tracks])
        else:
            self.courses = np.array([f"MAT {100 + track}" for track, _ in tracks])
        self.old_courses = np.array([f"ANT-{c + 1:03d}" for c in range(make.courses)])
        self.hours = [7.0 + 2 * s for s in range(make.slots)]
        clock = [f"{int(h):02d}:00 - {int(h) + 1:02d}:30" for h in self.hours]
        self.slots = np.array(clock if make.kinds_change is None else [kind for kind, _, _ in KINDS])

    def period(self, t: int) -> int:
        """The number of period index t: 202501 of a month, 20251 of a term, 2025 of a year."""
        year, season = divmod(t, self.make.calendar)
        year += self.first_year
        if self.make.calendar == 1:
            return year
        return year * (100 if self.make.calendar == 12 else 10) + season + 1

    def course_codes(self, t: int) -> np.ndarray:
        """[C] course codes in use in period index t."""
        since = self.make.history - (self.make.renumbered or 0)
        return self.old_courses if self.make.renumbered is not None and t < since else self.courses


def programacion(make: Make, names: Names, outcomes: list[Ints]) -> pd.DataFrame:
    """One row a section: the students of a cell in sections as even as can be."""
    rng, parts = np.random.default_rng([make.seed, 2]), []
    for t in range(make.history):
        campus, course, slot = np.nonzero(outcomes[t])
        total = outcomes[t][campus, course, slot]
        if make.thin is not None and t == make.history - make.thin:
            few = rng.random(len(total)) < 0.06
            campus, course, slot, total = campus[few], course[few], slot[few], total[few]
        n = -(-total // make.seats)
        cell = np.repeat(np.arange(len(n)), n)
        place = np.arange(len(cell)) - np.repeat(n.cumsum() - n, n)
        students = total[cell] // n[cell] + (place < total[cell] % n[cell])
        parts.append(
            pd.DataFrame(
                {
                    "periodo": names.period(t),
                    "sede": names.campuses[campus[cell]],
                    "curso": names.course_codes(t)[course[cell]],
                    "horario": names.slots[slot[cell]],
                    "matriculados": students,
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True).astype({"periodo": "int32", "matriculados": "int32"})
    if not make.catalogue:
        return frame[FIVE]
    return frame.assign(
        seccion_id=[f"Z{i:06d}" for i in range(1, len(frame) + 1)],
        modalidad="Presencial",
        frecuencia="Diario",
        intensidad="Normal",
        nivel="GEN",
        estado="cerrado",
        vacantes=np.int32(make.seats),
    )


def catalogue_tables(make: Make, names: Names, periods: list[int]) -> dict[str, pd.DataFrame]:
    """What an institute with a catalogue delivers beside its sections."""
    following = [
        names.courses[c + 1] if (c + 1) % make.chain and c + 1 < make.courses else None
        for c in range(make.courses)
    ]
    codes = names.courses.tolist() + (names.old_courses.tolist() if make.renumbered is not None else [])
    return {
        "cursos": pd.DataFrame(
            {
                "curso_actual": names.courses,
                "nombre": [f"Curso {code}" for code in names.courses],
                "linea": "Presencial",
                "programa": "General",
                "nivel": "GEN",
                "frecuencia": "Diario",
                "intensidad": "Normal",
                "duracion_meses": 1,
                "curso_siguiente": following,
                "es_inicial": np.arange(make.courses) % make.chain == 0,
                "es_estacional": False,
            }
        ),
        "equivalencia_cursos": pd.DataFrame(
            {"curso": codes, "curso_actual": np.resize(names.courses, len(codes))}
        ),
        "horarios": pd.DataFrame(
            {
                "horario": names.slots,
                "horario_actual": names.slots,
                "turno": ["Mañana" if h < 12 else "Tarde" for h in names.hours],
                "franja": "Lun - Vie",
                "bloques": 1,
                "hora_inicio": names.hours,
                "hora_fin": [h + 1.5 for h in names.hours],
            }
        ),
        "minimos_apertura": pd.DataFrame(
            {"periodo": periods, "programa": "General", "minimo_alumnos": make.minimum}
        ),
        "vacantes_estandar": pd.DataFrame(
            {
                "periodo": periods,
                "linea": "Presencial",
                "nivel": "GEN",
                "vacantes_estandar": make.seats,
                "vacantes_maximas": make.seats + 2,
            }
        ),
    }


def calendario(make: Make, names: Names) -> pd.DataFrame:
    """Order, season and dates of the periods, two cycles ahead; forecast on the 5th of the month before."""
    known = range(make.history + max(2 * make.calendar, AHEAD))
    months = [names.first_year * 12 + (t * 12) // make.calendar for t in known]
    start = pd.to_datetime([f"{m // 12}-{m % 12 + 1:02d}-01" for m in months])
    end = start + pd.DateOffset(months=12 // make.calendar) - pd.Timedelta(days=1)
    return pd.DataFrame(
        {
            "periodo": [names.period(t) for t in known],
            "indice": [t + 1 for t in known],
            "estacion": [t % make.calendar + 1 for t in known],
            "fecha_inicio": start.date,
            "fecha_fin": end.date,
            "fecha_pronostico": (start - pd.DateOffset(months=1) + pd.Timedelta(days=4)).date,
        }
    )


def truth_table(names: Names, outcomes: list[Ints], expected: dict[int, Floats]) -> pd.DataFrame:
    """Expected and realised students of the cells after every origin, in today's codes."""
    parts = []
    for t, values in expected.items():
        for h, mean in enumerate(values, start=1):
            real = outcomes[t + h]
            cells = np.nonzero((mean >= SMALLEST) | (real > 0))
            parts.append(
                pd.DataFrame(
                    {
                        "periodo_origen": names.period(t),
                        "periodo": names.period(t + h),
                        "h": h,
                        "sede": names.campuses[cells[0]],
                        "curso_actual": names.courses[cells[1]],
                        "horario_actual": names.slots[cells[2]],
                        "esperado": mean[cells].round(3),
                        "realizado": real[cells],
                    }
                )
            )
    frame = pd.concat(parts, ignore_index=True)
    return frame.astype(dict.fromkeys(("periodo_origen", "periodo", "h", "realizado"), "int32"))


def make_institute(
    make: Make, replicas: int = REPLICAS
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame | None]:
    """The raw tables of one institute of a make, and its truth (none without replicas)."""
    names = Names(make)
    outcomes, expected = simulate(make, min(ORIGINS, make.history) if replicas else 0, AHEAD, replicas)
    periods = [names.period(t) for t in range(make.history + AHEAD)]
    tables = {"programacion": programacion(make, names, outcomes)}
    if make.calendar_table:
        tables["calendario"] = calendario(make, names)
    if make.catalogue:
        tables |= catalogue_tables(make, names, periods)
    return tables, truth_table(names, outcomes, expected) if expected else None
