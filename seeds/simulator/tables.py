"""The small raw tables, and how an institute is written to a folder."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from seeds.simulator.catalogue import SLOTS, Catalogue
from seeds.simulator.config import (
    MINIMUMS,
    PUBLISHED_AHEAD,
    STANDARD_SEATS,
    Config,
    period_of,
    step_value,
)


def _periods(config: Config) -> list[int]:
    return [period_of(t) for t in range(config.periods + PUBLISHED_AHEAD)]


def cursos(catalogue: Catalogue) -> pd.DataFrame:
    """Today's courses, one row each."""
    rows = [
        (c.code, c.name, c.line, c.track.programme, c.level, c.track.frequency, c.track.intensity,
         c.track.duration, c.next_code, c.entry, c.seasonal)
        for c in catalogue.courses
    ]  # fmt: skip
    names = (
        "curso_actual nombre linea programa nivel frecuencia intensidad duracion_meses curso_siguiente "
        "es_inicial es_estacional"
    )
    return pd.DataFrame(rows, columns=names.split()).sort_values("curso_actual", ignore_index=True)


def equivalencia_cursos(catalogue: Catalogue) -> pd.DataFrame:
    """Every course code ever used and today's code for it."""
    rows = [(code, c.code) for c in catalogue.courses for code in (c.old_code, c.code) if code]
    return pd.DataFrame(rows, columns=["curso", "curso_actual"]).sort_values("curso", ignore_index=True)


def horarios() -> pd.DataFrame:
    """Every slot code ever used, today's code for it and its hours."""
    rows = [
        (code, s.code, s.turn, s.strip, s.blocks, round(s.start, 4), round(s.end, 4))
        for s in SLOTS
        for code in (s.old_code, s.code)
        if code
    ]
    names = ["horario", "horario_actual", "turno", "franja", "bloques", "hora_inicio", "hora_fin"]
    return pd.DataFrame(rows, columns=names).sort_values("horario", ignore_index=True)


def sedes(config: Config, catalogue: Catalogue) -> pd.DataFrame:
    """Opening hours of every campus in every period in which it teaches."""
    rows = []
    for period in _periods(config):
        for name, campus in zip(config.campus_names, catalogue.campuses, strict=True):
            if campus.opens <= period < campus.closes:
                _, opening, closing = [h for h in campus.hours if period >= h[0]][-1]
                rows.append((period, name, opening, closing))
    return pd.DataFrame(rows, columns=["periodo", "sede", "hora_apertura", "hora_cierre"])


def minimos_apertura(config: Config) -> pd.DataFrame:
    """Fewest students of a section, by period and programme."""
    rows = [(p, g, step_value(steps, p)) for p in _periods(config) for g, steps in MINIMUMS.items()]
    return pd.DataFrame(rows, columns=["periodo", "programa", "minimo_alumnos"])


def vacantes_estandar(config: Config, catalogue: Catalogue) -> pd.DataFrame:
    """Standard and largest size of a section, by period, line and level."""
    kinds = sorted({(c.line, c.level, c.track.programme) for c in catalogue.courses})
    rows = [
        (p, line, level, seats := step_value(STANDARD_SEATS[line, programme], p), seats + 2)
        for p in _periods(config)
        for line, level, programme in kinds
    ]
    names = ["periodo", "linea", "nivel", "vacantes_estandar", "vacantes_maximas"]
    return pd.DataFrame(rows, columns=names)


def calendario(config: Config) -> pd.DataFrame:
    """Order, season and dates of the periods; forecasts are made on the 5th of the month before."""
    frame = pd.DataFrame({"periodo": _periods(config)})
    start = pd.to_datetime(frame["periodo"].astype(str), format="%Y%m")
    before = start - pd.DateOffset(months=1)
    return frame.assign(
        indice=range(1, len(frame) + 1),
        estacion=start.dt.month,
        fecha_inicio=start.dt.date,
        fecha_fin=(start + pd.offsets.MonthEnd(0)).dt.date,
        fecha_pronostico=(before + pd.Timedelta(days=4)).dt.date,
    )


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame without pandas' metadata: the same rows give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, path, compression="zstd", compression_level=9)


def write_institute(tables: dict[str, pd.DataFrame], folder: Path, small_as_csv: bool) -> None:
    """Write the raw tables: `programacion` as Parquet, the small ones as Parquet or as CSV in UTF-8."""
    for name, frame in tables.items():
        if small_as_csv and name != "programacion":
            folder.mkdir(parents=True, exist_ok=True)
            frame.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n")
        else:
            write_parquet(frame, folder / f"{name}.parquet")
