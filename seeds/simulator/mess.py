"""The raw `programacion`: the sections that were held, and all that a real system adds to them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seeds.simulator.catalogue import LEVEL_NAMES, SLOTS, Bools, Catalogue, Ints
from seeds.simulator.config import FIRST_YEAR, Config, index_of, period_of
from seeds.simulator.timetable import Outcome, minimum, standard_seats

ROOMS = np.array([10, 12, 15, 18, 20, 22, 25])
COLUMNS = [
    "seccion_id", "periodo", "sede", "curso", "horario", "modalidad", "frecuencia", "intensidad", "nivel",
    "estado", "matriculados", "vacantes", "aforo", "aula", "fecha_creacion",
]  # fmt: skip


def _held_sections(outcome: Outcome, t: int, catalogue: Catalogue) -> pd.DataFrame:
    """One row a held section: full ones first, the last not below the minimum where that is possible."""
    campus, course, slot = np.nonzero(outcome.sections)
    n = outcome.sections[campus, course, slot]
    seats = outcome.seats[campus, course, slot]
    total = outcome.students[campus, course, slot]
    cell = np.repeat(np.arange(len(n)), n)
    place = np.arange(len(cell)) - np.repeat(n.cumsum() - n, n)
    least = minimum(t, catalogue)[course]
    # students that the earlier sections leave to the last one so that it reaches its minimum
    short = np.maximum(np.minimum(least, total // n) - (total - seats * (n - 1)), 0)
    taken = np.clip(total[cell] - place * seats[cell], 0, seats[cell])
    last = place == n[cell] - 1
    taken = np.where(last, np.minimum(total - seats * (n - 1), seats)[cell] + short[cell], taken)
    before_last = (place == n[cell] - 2) & ~last
    taken = np.where(before_last, seats[cell] - short[cell], taken)
    frame = pd.DataFrame({"campus": campus[cell], "course": course[cell], "slot": slot[cell]})
    return frame.assign(estado="cerrado", matriculados=taken, vacantes=seats[cell])


def _random_cells(frame: pd.DataFrame, n: int, offered: Bools, rng: np.random.Generator) -> pd.DataFrame:
    """n sections planned on hope: courses that run, half of them in another slot of the campus."""
    drawn = frame[["campus", "course", "slot"]].iloc[rng.integers(0, len(frame), n)].reset_index(drop=True)
    chances = offered[drawn["campus"], drawn["course"]] * rng.random((n, len(SLOTS)))
    elsewhere = rng.random(n) < 0.5
    return drawn.assign(slot=np.where(elsewhere, chances.argmax(axis=1), drawn["slot"]))


def _cancelled_sections(
    outcome: Outcome,
    held: pd.DataFrame,
    t: int,
    config: Config,
    catalogue: Catalogue,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sections planned and cancelled for want of students, and those created in bulk and dropped at once."""
    cells = np.nonzero(outcome.cancelled)
    repeat = outcome.cancelled[cells]
    frame = pd.DataFrame(
        {k: np.repeat(v, repeat) for k, v in zip(("campus", "course", "slot"), cells, strict=True)}
    )
    offered = catalogue.offered(t)
    year = min(period_of(t) // 100 - FIRST_YEAR, len(config.speculative) - 1)
    hoped = _random_cells(held, rng.poisson(config.speculative[year] * len(held)), offered, rng)
    share = dict(config.bulk_periods).get(period_of(t), 0.0)
    wanted = int(share / (1 - share) * len(held)) - len(frame) - len(hoped)
    bulk = _random_cells(held, max(wanted, 0), offered, rng)
    standard = standard_seats(t, catalogue)

    def finish(sections: pd.DataFrame) -> pd.DataFrame:
        return sections.assign(estado="cancelado", matriculados=0, vacantes=standard[sections["course"]])

    return finish(pd.concat([frame, hoped], ignore_index=True)), finish(bulk)  # fmt: skip


def _rooms(frame: pd.DataFrame, t: int, config: Config, rng: np.random.Generator) -> pd.DataFrame:
    """Give every section a room that is free in its slot, and the size of that room."""
    names = np.array(config.campus_names)[frame["campus"]]
    blocks = np.array([s.blocks for s in SLOTS])[frame["slot"]]
    number = frame.groupby(["campus", "slot"]).cumcount().to_numpy() + 1 + 100 * blocks
    room = pd.Series([f"{n[:3]}{n[-3:] if '_' in n else ''}-{k}" for n, k in zip(names, number, strict=True)])
    size = pd.Series(ROOMS[np.searchsorted(ROOMS, frame["vacantes"])], dtype="Int32")
    unknown = np.array([n.startswith("VIRTUAL") for n in names]) & (
        (rng.random(len(frame)) < 0.05) | (t < index_of(202204))
    )
    return frame.assign(aula=room.mask(rng.random(len(frame)) < 0.01), aforo=size.mask(unknown))


def _created(n: int, n_bulk: int, t: int, rng: np.random.Generator) -> pd.Series:
    """When each section was entered: 18 to 29 days before the period; bulk ones all at one moment."""
    start = pd.Timestamp(period_of(t) // 100, period_of(t) % 100, 1)
    minutes = rng.integers(18 * 1440, 29 * 1440, n)
    minutes[n - n_bulk :] = 30 * 1440 - 17 * 60
    created = pd.Series(start - pd.to_timedelta(minutes, unit="min")).mask(rng.random(n) < 0.003)
    return created.astype("datetime64[us]")


def _blur_states(frame: pd.DataFrame, t: int, config: Config, rng: np.random.Generator) -> pd.DataFrame:
    """Sections never closed, and the newest period still open for enrolment."""
    period, draw = period_of(t), rng.random(len(frame))
    held = (frame["estado"] == "cerrado").to_numpy()
    if t == config.periods - 1:
        still_open = held & (draw < config.newest_open)
        created = ~held & (draw < config.newest_created)
        so_far = (frame["matriculados"] * rng.uniform(0.6, 1.0, len(frame))).astype(int).clip(lower=1)
        frame = frame.assign(matriculados=frame["matriculados"].mask(still_open, so_far))
        frame = frame.assign(estado=frame["estado"].mask(created, "creado"))
    else:
        still_open = held & (draw < dict(config.never_closed_bulk).get(period, config.never_closed))
    return frame.assign(estado=frame["estado"].mask(still_open, "abierto"))


def _codes(frame: pd.DataFrame, t: int, config: Config, catalogue: Catalogue) -> pd.DataFrame:
    """The attributes of course and slot, with the codes of that time."""
    courses = [catalogue.courses[i] for i in frame["course"]]
    names: Ints = frame["campus"].to_numpy()
    return frame.assign(
        periodo=period_of(t),
        sede=np.array(config.campus_names, dtype=object)[names],
        curso=[catalogue.code_in(i, t) for i in frame["course"]],
        horario=[catalogue.slot_code_in(i, t) for i in frame["slot"]],
        modalidad=[c.line for c in courses],
        frecuencia=[c.track.frequency for c in courses],
        intensidad=[c.track.intensity for c in courses],
        nivel=[LEVEL_NAMES[c.level] for c in courses],
    )


def sections_of_period(
    outcome: Outcome, t: int, config: Config, catalogue: Catalogue, rng: np.random.Generator
) -> pd.DataFrame:
    """Rows of `programacion` of period index t, without `seccion_id`."""
    held = _held_sections(outcome, t, catalogue)
    cancelled, bulk = _cancelled_sections(outcome, held, t, config, catalogue, rng)
    frame = pd.concat([held, cancelled, bulk], ignore_index=True)
    frame = _rooms(frame, t, config, rng)
    frame = frame.assign(fecha_creacion=_created(len(frame), len(bulk), t, rng))
    twice = frame[(frame["estado"] == "cerrado") & (rng.random(len(frame)) < config.duplicates)]
    twice = twice.assign(estado="cancelado", matriculados=0)
    frame = _blur_states(pd.concat([frame, twice], ignore_index=True), t, config, rng)
    frame = _codes(frame, t, config, catalogue)
    return frame.iloc[rng.permutation(len(frame))].sort_values(["sede", "horario"], kind="stable")


def programacion(
    outcomes: list[Outcome], config: Config, catalogue: Catalogue, rng: np.random.Generator
) -> pd.DataFrame:
    """The whole raw table, one row a section ever entered."""
    parts = [sections_of_period(o, t, config, catalogue, rng) for t, o in enumerate(outcomes)]
    frame = pd.concat(parts, ignore_index=True)
    frame["seccion_id"] = [f"S{i:07d}" for i in range(1, len(frame) + 1)]
    whole = dict.fromkeys(("periodo", "matriculados", "vacantes", "aforo"), "Int32")
    return frame[COLUMNS].astype(whole)
