"""`aforo plan`: the class plan of the published file, with other costs, another minimum or other seats."""

import csv
import io
from typing import Annotated, Any

import typer

from flows import plan, settings
from flows.commands.options import AsJson, Home, echo, explained
from flows.home import releases
from flows.language import marked, t
from flows.rows import by_name
from flows.screen.table import table

EXAMPLES = """Examples:

\b
  aforo plan                                      the published plan's next period
  aforo plan --cost-cancel 3 --minimum 8          what if a cancelled section cost less, and needed 8 students
  aforo plan --sede SEDE_01 --action vigilar      what to watch at a campus
  aforo plan --csv > plan.csv                     for a spreadsheet
"""
SUMS = {
    "secciones": marked("sections"),
    "cancelaciones_esperadas": marked("expected cancellations"),
    "rechazados_esperados": marked("expected students turned away"),
    "por_vigilar": marked("to watch"),
    "por_unir": marked("to join"),
}
SHOWN = (
    "sede", "curso_actual", "horario_actual", "alumnos_esperados", "secciones", "secciones_programadas",
    "prob_minimo", "accion", "razon",
)  # fmt: skip
COST = "In students turned away."


def compute(
    file: Any, choice: plan.Choice, period: int | None, cells: str, campuses: list[str]
) -> dict[str, Any]:
    """The plan of one period: its cells, and its sums beside those of the published plan."""
    with plan.planned(file, choice) as connection:
        if period is None:
            [(period,)] = connection.execute("select min(periodo) from plan_apertura").fetchall()
        sums = plan.condition(corte="sede" if campuses else "todo", valor=campuses or "todo", periodo=period)
        columns = ", ".join(f"sum({name}) as {name}" for name in SUMS)
        return {
            "period": period,
            "sums": by_name(connection, f"select {columns} from plan_resumen where {sums}")[0],
            "published_sums": by_name(
                connection, f"select {columns} from published.marts.plan_resumen where {sums}"
            )[0],
            "cells": by_name(
                connection,
                f"select * from plan_apertura where periodo = {period} and {cells}"
                " order by sede, curso_actual, horario_actual",
            ),
        }


def as_text(found: dict[str, Any], all_cells: bool) -> list[str]:
    """The plan for a person: the sums, and the cells where something is to be done."""
    cells = [
        cell for cell in found["cells"] if all_cells or cell["secciones"] or cell["accion"] != "no_abrir"
    ]
    lines = [t("Plan for {period}.", period=found["period"]), "", *_sums(found), ""]
    if not cells:
        return [*lines, t("No cell is as asked.")]
    shown = [[_short(cell[column]) for column in SHOWN] for cell in cells]
    lines += table([list(SHOWN), *shown])
    left_out = len(found["cells"]) - len(cells)
    if left_out:
        lines.append(t("{cells} cells to leave closed are not shown: --all.", cells=f"{left_out:,}"))
    return lines


def as_csv(found: dict[str, Any]) -> str:
    """The cells as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(found["cells"][0]) if found["cells"] else SHOWN, lineterminator="\n")
    writer.writeheader()
    writer.writerows(found["cells"])
    return text.getvalue().rstrip("\n")


def _sums(found: dict[str, Any]) -> list[str]:
    return table(
        [
            ["", t("published"), t("now")],
            *(
                [t(name), _short(found["published_sums"][column]), _short(found["sums"][column])]
                for column, name in SUMS.items()
            ),
        ]
    )


def _short(value: Any) -> Any:
    return "" if value is None else f"{value:,.2f}" if isinstance(value, float) else value


def command(
    home: Home = None,
    cost_cancel: Annotated[
        float | None, typer.Option(min=0, help=f"Cost of a section that is cancelled. {COST}")
    ] = None,
    cost_turned_away: Annotated[
        float | None, typer.Option(min=0, help="Cost of a student who finds no seat. As published: 1.")
    ] = None,
    cost_hour: Annotated[
        float | None, typer.Option(min=0, help=f"Cost of an open section's hour of a class day. {COST}")
    ] = None,
    minimum: Annotated[
        int | None, typer.Option(min=1, help="Fewest students of a section, for all courses.")
    ] = None,
    seats: Annotated[int | None, typer.Option(min=1, help="Seats of a section, for all courses.")] = None,
    period: Annotated[int | None, typer.Option(help="A period that was forecast. Else the next.")] = None,
    sede: Annotated[
        list[str] | None, typer.Option(help="Show this campus only; may be repeated.", metavar="SEDE")
    ] = None,
    program: Annotated[
        list[str] | None, typer.Option(help="Show this programme only; may be repeated.")
    ] = None,
    action: Annotated[
        list[str] | None,
        typer.Option(
            help="Show this action only (abrir, abrir_menos, no_abrir, unir, vigilar); may be repeated."
        ),
    ] = None,
    all_cells: Annotated[bool, typer.Option("--all", help="Also the cells that stay closed.")] = False,
    as_csv_: Annotated[
        bool, typer.Option("--csv", help="The cells as CSV on standard output, nothing else.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The class plan of the published forecast, also with other costs, minimum or seats: no run is needed."""
    if as_csv_ and as_json:
        raise typer.BadParameter("give --csv or --json, not both")
    where = settings.resolve_home(home)
    with explained(where):
        file = releases.require_published(where) / settings.MARTS_FILE
        choice = plan.Choice(cost_cancel, cost_turned_away, cost_hour, minimum, seats)
        plan.require_known(file, periodo=period, sede=sede, programa=program)
        cells = plan.condition(sede=sede, programa=program, accion=action)
        found = compute(file, choice, period, cells, sede or [])
    if as_csv_:
        print(as_csv(found))
    else:
        echo(found, as_text(found, all_cells), as_json)
