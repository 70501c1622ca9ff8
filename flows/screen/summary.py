"""What a run found, in a few lines: read from the published file, as any reader would."""

import os
import shlex
import sys
from pathlib import Path
from typing import Any

import duckdb

from flows.screen.table import table
from flows.settings import Home

LARGEST = 5
SOURCE_COLUMNS = ("tabla", "estado", "motivo_estado", "filas", "capturada_en", "edad_dias", "en_cuarentena")


def summarise(home: Home, manifest: dict[str, Any]) -> dict[str, Any]:
    """The published forecast: periods, cells, students, backtest error, largest cells, the source's state."""
    with duckdb.connect(str(home.published_file), read_only=True) as connection:

        def rows(query: str, *values: object) -> list[Any]:
            return connection.execute(query, values).fetchall()

        period = manifest["periods"][0]
        (cells, students) = rows(
            """select count(*) filter (where PREDICT_ALUMNOS > 0), sum(PREDICT_ALUMNOS)::bigint
            from marts.prediccion_alumnos where PERIODO = ?""",
            period,
        )[0]
        largest = rows(
            f"""select SEDE, CURSO_ACTUAL, HORARIO_ACTUAL, PREDICT_ALUMNOS from marts.prediccion_alumnos
            where PERIODO = ? order by PREDICT_ALUMNOS desc, SEDE, CURSO_ACTUAL, HORARIO_ACTUAL
            limit {LARGEST}""",
            period,
        )
        errors = rows(
            """select modelo, wape, origenes from marts.exactitud
            where nivel_jerarquia = 'celda' and corte = 'todo' and horizonte = 1
            and modelo in ('aforo', 'naive_estacional')"""
        )
        health = rows(
            """select tabla, estado, motivo_estado, filas,
                strftime(capturada_en, '%Y-%m-%d %H:%M'), edad_dias,
            en_cuarentena from marts.salud_fuentes order by tabla"""
        )
    return {
        "run_id": manifest["run_id"],
        "published_at": manifest["published_at"],
        "periods": manifest["periods"],
        "period": period,
        "cells": cells,
        "students": students,
        "backtest": {model: {"wape": wape, "origins": origins} for model, wape, origins in errors},
        "largest": [
            {"sede": sede, "curso_actual": curso, "horario_actual": horario, "alumnos": alumnos}
            for sede, curso, horario, alumnos in largest
        ],
        "sources": [dict(zip(SOURCE_COLUMNS, row, strict=True)) for row in health],
        "file": str(home.published_file),
    }


def as_text(summary: dict[str, Any]) -> list[str]:
    """The summary for a person, ending with a line to paste at a shell's prompt."""
    periods = ", ".join(map(str, summary["periods"]))
    lines = [
        f"Forecast for {periods}, published {summary['published_at']} (run {summary['run_id']}).",
        f"  {summary['period']}: {summary['students']:,} students expected in {summary['cells']:,} cells"
        " (campus x course x time slot).",
        f"  {_backtest(summary['backtest'])}",
        f"  Largest cells of {summary['period']}:",
        *table([["campus", "course", "slot", "students"], *(list(c.values()) for c in summary["largest"])]),
    ]
    quarantined = sum(source["en_cuarentena"] for source in summary["sources"])
    if quarantined:
        lines.append(f"  {quarantined:,} sections are in quarantine: their course or slot code is unknown.")
    lines += [
        f"  {source['tabla']} {source['motivo_estado']}."
        for source in summary["sources"]
        if source["estado"] == "ausente"
    ]
    lines += fallbacks(summary["sources"])
    return [*lines, f"  File: {_short(Path(summary['file']))}", "  Try:", f"    {example_query(summary)}"]


def fallbacks(sources: list[dict[str, Any]]) -> list[str]:
    """The tables that an earlier capture stands in for, grouped by when and why."""
    groups: dict[tuple[str, str], list[str]] = {}
    for source in sources:
        if source["estado"] == "respaldo":
            age = f"captured {source['capturada_en']} UTC, {source['edad_dias']:.0f} days ago"
            groups.setdefault((age, source["motivo_estado"]), []).append(source["tabla"])
    return [
        line
        for (age, reason), tables in groups.items()
        for line in (f"  FALLBACK {', '.join(tables)}: {age}, because", f"    {reason}")
    ]


def example_query(summary: dict[str, Any]) -> str:
    """One line for a shell that asks the published file for the students of each campus."""
    sql = (
        "select SEDE, sum(PREDICT_ALUMNOS) as alumnos from marts.prediccion_alumnos "
        f"where PERIODO = {summary['period']} group by SEDE order by alumnos desc"
    )
    file = _short(Path(summary["file"]))
    code = f'import duckdb; duckdb.connect("{file}", read_only=True).sql("{sql}").show()'
    return f"{shlex.quote(_short(Path(sys.executable)))} -c {shlex.quote(code)}"


def _backtest(errors: dict[str, Any]) -> str:
    if "aforo" not in errors or errors["aforo"]["wape"] is None:
        return "No backtest: the history is too short for one."
    ours = errors["aforo"]
    text = f"Error on the backtest (WAPE of a cell, {ours['origins']} past periods): {ours['wape']:.3f}"
    naive = errors.get("naive_estacional", {}).get("wape")
    return (
        f"{text}; seasonal naive {naive:.3f}."
        if naive is not None
        else f"{text}; no season yet to compare with."
    )


def _short(path: Path) -> str:
    # The path as given, not resolved: .venv/bin/python is a link to an interpreter without the packages.
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
