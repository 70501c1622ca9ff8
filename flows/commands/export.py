"""`aforo export`: the published class plan as the sheet that a planner sends round."""

import csv
from pathlib import Path
from typing import Annotated, Any

import duckdb
import typer

from flows import plan, settings
from flows.commands.options import Home, explained
from flows.errors import AforoError, Problem
from flows.home import releases
from flows.language import t
from flows.quoting import literal
from flows.rows import by_name

EXAMPLES = """Examples:

\b
  aforo export --to plan.xlsx                  the next period: plan, columns, sums of the campuses
  aforo export --to plan.csv --sede SEDE_01    one campus, as CSV
"""
# Widths of the columns that hold more than a code or a number.
WIDE = {"razon": 90, "horario_actual": 16, "unir_con_horario": 16, "falta_dato": 40, "prob_por_seccion": 20}


def read(file: Path, period: int | None, sede: list[str] | None) -> dict[str, list[dict[str, Any]]]:
    """The sheets: the plan's cells, what each column means, the sums of the campuses."""
    with duckdb.connect(str(file), read_only=True) as connection:
        if period is None:
            [(period,)] = connection.execute("select min(periodo) from marts.plan_apertura").fetchall()
        cells = plan.condition(periodo=period, sede=sede)
        sums = plan.condition(periodo=period, corte="sede", valor=sede)
        meaning = " union all ".join(
            f"select {literal(sheet)} as hoja, column_name as columna, comment as significado"
            f" from duckdb_columns() where schema_name = 'marts' and table_name = {literal(mart)}"
            for sheet, mart in (("Plan", "plan_apertura"), ("Por sede", "plan_resumen"))
        )
        return {
            "Plan": by_name(
                connection,
                f"select * from marts.plan_apertura where {cells}"
                " order by sede, curso_actual, horario_actual",
            ),
            "Columnas": by_name(connection, meaning),
            "Por sede": by_name(
                connection,
                "select valor as sede, * exclude (corte, valor) from marts.plan_resumen"
                f" where {sums} order by valor",
            ),
        }


def write_csv(sheets: dict[str, list[dict[str, Any]]], to: Path) -> None:
    """The plan's cells alone; with the mark by which a spreadsheet knows UTF-8."""
    with to.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(sheets["Plan"][0]))
        writer.writeheader()
        writer.writerows(sheets["Plan"])


def write_workbook(sheets: dict[str, list[dict[str, Any]]], to: Path) -> None:
    """A sheet each, with a frozen heading and filters."""
    import xlsxwriter

    with xlsxwriter.Workbook(to, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        heading = book.add_format({"bold": True, "bg_color": "#DDE6F0", "text_wrap": True, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        for name, found in sheets.items():
            sheet = book.add_worksheet(name)
            for column, title in enumerate(found[0]):
                sheet.write_string(0, column, title, heading)
                sheet.set_column(column, column, 100 if title == "significado" else WIDE.get(title, 13))
            for line, row in enumerate(found, start=1):
                for column, value in enumerate(row.values()):
                    sheet.write(line, column, _as_cell(value), wrapped if name == "Columnas" else None)
            sheet.freeze_panes(1, 3 if name == "Plan" else 1)
            sheet.autofilter(0, 0, len(found), len(found[0]) - 1)


def _as_cell(value: Any) -> Any:
    return "; ".join(map(str, value)) if isinstance(value, list) else value


def command(
    to: Annotated[
        Path, typer.Option(help="The file to write: .xlsx or .csv. One that is there is replaced.")
    ],
    home: Home = None,
    period: Annotated[int | None, typer.Option(help="A period that was forecast. Else the next.")] = None,
    sede: Annotated[
        list[str] | None, typer.Option(help="This campus only; may be repeated.", metavar="SEDE")
    ] = None,
) -> None:
    """Write the published class plan as a workbook or as CSV, one row a cell."""
    writers = {".xlsx": write_workbook, ".csv": write_csv}
    if to.suffix.lower() not in writers:
        raise typer.BadParameter("--to: name a file that ends in .xlsx or .csv")
    where = settings.resolve_home(home)
    with explained(where):
        file = releases.require_published(where) / settings.MARTS_FILE
        plan.require_known(file, periodo=period, sede=sede)
        sheets = read(file, period, sede)
        if not to.parent.is_dir():
            raise AforoError(
                [Problem(t("there is no folder {folder}", folder=to.parent), t("make it, or name another"))]
            )
        draft = to.with_name(f".{to.name}.tmp")
        try:
            writers[to.suffix.lower()](sheets, draft)
            draft.replace(to)
        finally:
            draft.unlink(missing_ok=True)
    typer.echo(f"{to}: {len(sheets['Plan']):,} cells")
