"""What a flow run shows in Prefect beside its summary: accuracy, the sources, where the report is."""

from pathlib import Path
from typing import Any

import duckdb

from flows.language import t
from flows.screen.summary import RULES, absence, markdown_table


def accuracy(file: Path) -> str:
    """The backtest's errors of cells in a file with the marts: a horizon a row, then a campus a row."""
    rules = ", ".join(f"'{rule}'" for rule in RULES)
    with duckdb.connect(str(file), read_only=True) as connection:
        horizons = connection.execute(
            f"""select
                horizonte,
                max(origenes) filter (modelo = 'aforo'),
                max(wape) filter (modelo = 'aforo'),
                max(sesgo) filter (modelo = 'aforo'),
                max(cobertura_80) filter (modelo = 'aforo'),
                min(wape) filter (modelo in ({rules}))
            from marts.exactitud
            where nivel_jerarquia = 'celda' and corte = 'todo' group by all order by all"""
        ).fetchall()
        campuses = connection.execute(
            """select valor, alumnos::bigint, wape, sesgo from marts.exactitud
            where nivel_jerarquia = 'celda' and corte = 'sede' and modelo = 'aforo' and horizonte = 1
            order by alumnos desc, valor"""
        ).fetchall()
    if not horizons:
        return t("No backtest: the history is too short for one.")
    by_horizon = [
        t("horizon"),
        t("origins"),
        "WAPE",
        t("bias"),
        t("in the 80 % interval"),
        t("best simple rule"),
    ]
    by_campus = [t("campus"), t("students"), "WAPE", t("bias")]
    return "\n".join(
        [
            t("Errors of the cells, forecasting the past periods again"),
            "",
            *markdown_table(by_horizon, [_numbered(row) for row in horizons]),
            "",
            *markdown_table(by_campus, [_numbered(row) for row in campuses]),
        ]
    )


def sources(found: list[dict[str, Any]]) -> str:
    """The state of each source table, with why it is not as usual. found: rows of marts.salud_fuentes."""
    header = [
        t("table"),
        t("state"),
        t("rows"),
        t("captured (UTC)"),
        t("days old"),
        t("in quarantine"),
        t("why"),
    ]
    columns = ("tabla", "estado", "filas", "capturada_en", "edad_dias", "en_cuarentena")
    rows = [
        {name: row[name] for name in columns}
        | {"why": absence(row["motivo_estado"]) if row["motivo_estado"] else ""}
        for row in found
    ]
    return "\n".join(markdown_table(header, rows))


def report(summary: dict[str, Any]) -> str:
    """Where the report is: a link for who has the same disk, and the path, as browsers follow no such link
    from a page of the network."""
    if not summary["report"]:
        return t("There is no report: see the log.")
    return "\n".join(
        [
            f"[{t('The report')}]({Path(summary['report']).as_uri()})",
            "",
            f"`{summary['report']}`",
            "",
            f"`{summary['file']}`",
        ]
    )


def _numbered(row: tuple[Any, ...]) -> dict[str, Any]:
    shown = [f"{value:.3f}" if isinstance(value, float) else value for value in row]
    return dict(enumerate(shown))  # type: ignore[arg-type]
