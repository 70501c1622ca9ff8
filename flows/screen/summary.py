"""What a run found, in a few lines: read from the published file, as any reader would."""

import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from flows import alerts
from flows.home.releases import REPORT
from flows.language import marked, t
from flows.screen.table import table
from flows.settings import Home

LARGEST = 5
RULES = {
    "flujo": marked("all of the course before"),
    "naive": marked("the last period"),
    "naive_estacional": marked("the same season's last"),
    "media_estacional": marked("the mean of the last three same seasons"),
}
PLAN_COLUMNS = (
    "secciones", "celdas_con_plan", "por_abrir", "por_vigilar", "por_unir", "faltante", "sobrante",
    "cancelaciones_esperadas", "rechazados_esperados",
)  # fmt: skip
LACKS = {
    "el mínimo de apertura": marked("the minimum (minimos_apertura)"),
    "las vacantes estándar": marked("the standard seats (vacantes_estandar)"),
}
SOURCE_COLUMNS = ("tabla", "estado", "motivo_estado", "filas", "capturada_en", "edad_dias", "en_cuarentena")


def summarise(home: Home, manifest: dict[str, Any]) -> dict[str, Any]:
    """The published forecast: periods, cells, students, backtest error, largest cells, the source's state."""
    with duckdb.connect(str(home.published_file), read_only=True) as connection:

        def rows(query: str) -> list[Any]:
            # Without parameters: DuckDB would load pandas for them, which takes a second.
            return connection.execute(query).fetchall()

        period = int(manifest["periods"][0])
        (cells,) = rows(
            f"""select count(*) filter (where PREDICT_ALUMNOS > 0)
            from marts.prediccion_alumnos where PERIODO = {period}"""
        )[0]
        (students,) = rows(
            f"""select round(sum(media))::bigint from marts.prediccion_jerarquia
            where nivel_jerarquia = 'total' and periodo = {period}"""
        )[0]
        largest = rows(
            f"""select SEDE, CURSO_ACTUAL, HORARIO_ACTUAL, PREDICT_ALUMNOS from marts.prediccion_alumnos
            where PERIODO = {period} order by PREDICT_ALUMNOS desc, SEDE, CURSO_ACTUAL, HORARIO_ACTUAL
            limit {LARGEST}"""
        )
        errors = rows(
            """select modelo, wape, origenes from marts.exactitud
            where nivel_jerarquia = 'celda' and corte = 'todo' and horizonte = 1
            and modelo in ('aforo', 'flujo', 'naive', 'naive_estacional', 'media_estacional')"""
        )
        plans = rows(
            f"""select secciones, celdas_con_plan, por_abrir + por_abrir_menos, por_vigilar, por_unir,
            faltante, sobrante, round(cancelaciones_esperadas)::int, round(rechazados_esperados)::int
            from marts.plan_resumen where corte = 'todo' and periodo = {period}"""
        )
        lacking = rows(
            f"""select distinct falta_dato from marts.plan_apertura
            where periodo = {period} and falta_dato is not null"""
        )
        health = rows(
            """select tabla, estado, motivo_estado, filas, strftime(capturada_en, '%Y-%m-%d %H:%M'),
            edad_dias, en_cuarentena from marts.salud_fuentes order by tabla"""
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
        "plan": dict(zip(PLAN_COLUMNS, plans[0], strict=True)) if plans else None,
        "plan_lacks": [lack for (lack,) in lacking],
        "alerts": [alert["que"] for alert in alerts.read(home.published_file) or []],
        "sources": [dict(zip(SOURCE_COLUMNS, row, strict=True)) for row in health],
        "file": str(home.published_file),
        "report": str(home.published / REPORT) if (home.published / REPORT).exists() else None,
    }


def as_text(summary: dict[str, Any]) -> list[str]:
    """The summary for a person, ending with a line to paste at a shell's prompt."""
    periods = ", ".join(map(str, summary["periods"]))
    lines = [
        t(
            "Forecast for {periods}, published {moment} (run {run_id}).",
            periods=periods,
            moment=summary["published_at"],
            run_id=summary["run_id"],
        ),
        f"  {_expected(summary)}",
        f"  {_backtest(summary['backtest'])}",
        "  " + t("Largest cells of {period}:", period=summary["period"]),
        *table([_cell_header(), *(list(c.values()) for c in summary["largest"])]),
    ]
    lines += _alerts(summary["alerts"])
    quarantined = sum(source["en_cuarentena"] for source in summary["sources"])
    if quarantined:
        said = t(
            "{sections} sections are in quarantine: their course or slot code is unknown.",
            sections=f"{quarantined:,}",
        )
        lines.append(f"  {said}")
    lines += [
        f"  {source['tabla']} {absence(source['motivo_estado'])}."
        for source in summary["sources"]
        if source["estado"] == "ausente"
    ]
    lines += fallbacks(summary["sources"])
    lines += [f"  {line}" for line in plan_lines(summary)]
    if summary.get("report"):
        lines.append("  " + t("Report: {file}", file=_short(Path(summary["report"]))))
    file = t("File: {file}", file=_short(Path(summary["file"])))
    return [*lines, f"  {file}", f"  {t('Try:')}", f"    {example_query(summary)}"]


def as_markdown(summary: dict[str, Any]) -> str:
    """The summary for Prefect's pages."""
    periods = ", ".join(map(str, summary["periods"]))
    state = ("tabla", "estado", "filas", "capturada_en", "en_cuarentena")
    return "\n".join(
        [
            t(
                "**Forecast for {periods}**, published {moment} (run `{run_id}`)",
                periods=periods,
                moment=summary["published_at"],
                run_id=summary["run_id"],
            ),
            "",
            _expected(summary),
            "",
            _backtest(summary["backtest"]),
            "",
            *plan_lines(summary),
            "",
            *markdown_table(_cell_header(), summary["largest"]),
            "",
            *markdown_table(
                [t("table"), t("state"), t("rows"), t("captured (UTC)"), t("in quarantine")],
                [{name: source[name] for name in state} for source in summary["sources"]],
            ),
        ]
    )


def absence(reason: str) -> str:
    """What goes without a table that was never delivered."""
    what, _, without = reason.partition(": ")
    return f"{t(what)}: {t(without)}" if without else t(reason)


def _expected(summary: dict[str, Any]) -> str:
    return t(
        "{period}: {students} students expected; {cells} cells (campus x course x time slot) "
        "are likely held.",
        period=summary["period"],
        students=f"{summary['students']:,}",
        cells=f"{summary['cells']:,}",
    )


def _cell_header() -> list[str]:
    return [t("campus"), t("course"), t("slot"), t("students")]


def plan_lines(summary: dict[str, Any]) -> list[str]:
    """The class plan of the next period: what to open, to watch, to join; or what it lacks."""
    plan = summary.get("plan")
    if not plan:
        return []
    lacks = {lack for text in summary["plan_lacks"] for lack in text.split(", ")}
    words = f" {t('and')} ".join(t(words) for name, words in LACKS.items() if name in lacks)
    if not plan["celdas_con_plan"]:
        return [t("Plan: none. The source does not give {words}.", words=words)]
    lines = [
        t(
            "Plan: {sections} sections to open, in {sure} cells without a doubt; {watched} cells to watch, "
            "{joined} to join. Expected: {cancelled} cancelled, {turned_away} students turned away.",
            sections=f"{plan['secciones']:,}",
            sure=f"{plan['por_abrir']:,}",
            watched=f"{plan['por_vigilar']:,}",
            joined=f"{plan['por_unir']:,}",
            cancelled=f"{plan['cancelaciones_esperadas']:,}",
            turned_away=f"{plan['rechazados_esperados']:,}",
        )
    ]
    if plan["faltante"] is not None:
        lines.append(
            t(
                "Beside what is programmed: {few} sections too few, {many} too many.",
                few=f"{plan['faltante']:,}",
                many=f"{plan['sobrante']:,}",
            )
        )
    if lacks:
        lines.append(t("Some courses have no plan: the source does not give {words}.", words=words))
    return [*lines, t("`aforo plan` shows it; `aforo export --to plan.xlsx` writes the sheet.")]


def markdown_table(header: list[str], rows: list[dict[str, Any]]) -> list[str]:
    """A table for Prefect's pages, a line each."""

    def line(values: Iterable[Any]) -> str:
        shown = ("" if value is None else str(value).replace("|", "\\|") for value in values)
        return f"| {' | '.join(shown)} |"

    return [line(header), line("---" for _ in header), *(line(row.values()) for row in rows)]


def fallbacks(sources: list[dict[str, Any]]) -> list[str]:
    """The tables that an earlier capture stands in for, grouped by when and why."""
    groups: dict[tuple[str, str], list[str]] = {}
    for source in sources:
        if source["estado"] == "respaldo":
            age = t(
                "captured {moment} UTC, {days} days ago, because",
                moment=source["capturada_en"],
                days=f"{source['edad_dias']:.0f}",
            )
            groups.setdefault((age, source["motivo_estado"]), []).append(source["tabla"])
    return [
        line
        for (age, reason), tables in groups.items()
        for line in (f"  {t('FALLBACK')} {', '.join(tables)}: {age}", f"    {reason}")
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


def _alerts(open_: list[str]) -> list[str]:
    if not open_:
        return []
    said = t("{count} alerts are open; the gravest: {what}", count=len(open_), what=open_[0])
    return [f"  {said}"]


def _backtest(errors: dict[str, Any]) -> str:
    if "aforo" not in errors or errors["aforo"]["wape"] is None:
        return t("No backtest: the history is too short for one.")
    ours = errors["aforo"]
    text = t(
        "Error on the backtest (WAPE of a cell, {origins} past periods): {wape}",
        origins=ours["origins"],
        wape=f"{ours['wape']:.3f}",
    )
    rules = {
        model: error["wape"]
        for model, error in errors.items()
        if model != "aforo" and error["wape"] is not None
    }
    if not rules:
        return t("{error}; no rule to compare with.", error=text)
    best = min(rules, key=lambda model: rules[model])
    return t(
        "{error}; the best simple rule, {rule}, {wape}.",
        error=text,
        rule=t(RULES[best]),
        wape=f"{rules[best]:.3f}",
    )


def _short(path: Path) -> str:
    # The path as given, not resolved: .venv/bin/python is a link to an interpreter without the packages.
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
