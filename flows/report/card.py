"""The model card of a release, in Spanish: ficha_modelo.md, beside the report.

After Mitchell et al. (2019), "Model Cards for Model Reporting". Every number is a mart's own; what is weak is
read from the marts too, so that a card never says less than the figures do.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
from babel import numbers

from flows.report import accuracy
from flows.report.queries import Row, rows

TEMPLATE = Path(__file__).parent / "static" / "ficha_modelo.md"
# As many as a reader takes in.
WORST = 3
NOTHING = "\N{EN DASH}"
_RULE_NAMES = {
    "flujo": "todos los alumnos del curso anterior",
    "naive": "el último periodo",
    "naive_estacional": "la misma estación anterior",
    "media_estacional": "la media de las tres últimas mismas estaciones",
}
_CUTS = {"todo": "Todo", "sede": "Sede", "programa": "Programa", "tipo_demanda": "Tipo de demanda"}
_FIGURES = ["alumnos", "WAPE", "regla", "sesgo", "dentro del 80 %", "dentro del 95 %"]


def write(marts: Path, file: Path) -> None:
    """Writes the card of a published DuckDB file."""
    with duckdb.connect(str(marts), read_only=True, config={"threads": 2, "memory_limit": "512MB"}) as found:
        file.write_text(text(found), encoding="utf-8")


def text(connection: duckdb.DuckDBPyConnection) -> str:
    """The card as Markdown."""
    [(run_id, periods, origin, first, known, experiment, commit)] = rows(connection, _RUN)
    errors = accuracy.cuts(connection)
    [whole] = [row for row in errors if row[0] == "todo"]
    reasons = (
        f"- {_cell(reason)}: {_whole(cells)} celdas ({_percent(share)})"
        for reason, cells, share in rows(connection, _REASONS)
    )
    return TEMPLATE.read_text(encoding="utf-8").format(
        periodos=periods,
        run_id=run_id,
        experimento=experiment,
        codigo=commit or "sin control de versiones",
        primero=first,
        origen=origin,
        conocidos=known,
        tablas=_tables(rows(connection, _TABLES)),
        razones="\n".join(reasons),
        origenes=whole[8],
        regla=_RULE_NAMES.get(whole[9], "ninguna"),
        exactitud="\n\n".join(_errors(title, cut, errors) for cut, title in _CUTS.items()),
        debilidades="\n".join(
            [*_weaknesses(errors, rows(connection, _LEVELS)), _unfair(rows(connection, _UNFAIR))]
        ),
    )


def _tables(found: list[Row]) -> str:
    lines = [
        [table, state, _whole(count), _whole(quarantined), _cell(reason) or NOTHING]
        for table, state, count, quarantined, reason in found
    ]
    return _table(["tabla", "estado", "filas", "en cuarentena", "motivo"], lines)


def _errors(title: str, cut: str, errors: list[Row]) -> str:
    """The table of a cut."""
    lines = [
        [_cell(value), _whole(students), *map(_percent, (error, rule, bias, inside_80, inside_95))]
        for of, value, students, error, bias, rule, inside_80, inside_95, *_ in errors
        if of == cut
    ]
    return _table([title, *_FIGURES], lines)


def _weaknesses(errors: list[Row], levels: list[Row]) -> Iterator[str]:
    """Where it is worst, where a simple rule is better, and how its intervals hold."""
    cuts = {cut: title.lower() for cut, title in _CUTS.items() if cut != "todo"}
    for cut, title in cuts.items():
        worst = sorted((row for row in errors if row[0] == cut), key=lambda row: (-row[3], row[1]))[:WORST]
        named = "; ".join(f"{_cell(value)} {_percent(error)}" for _, value, _, error, *_ in worst)
        yield f"- Mayor error por {title}: {named}."
    behind = "; ".join(
        f"{cuts[cut]} {_cell(value)} ({_percent(error)}, la regla {_percent(rule)})"
        for cut, value, _, error, _, rule, *_ in errors
        if cut in cuts and rule is not None and error > rule
    )
    yield f"- Peor que la regla simple: {behind or 'en ningún corte'}."
    for level, share in levels:
        yield f"- Nivel {level}: {_percent(share)} de lo ocurrido cayó dentro del intervalo del 80 %."


def _unfair(groups: list[Row]) -> str:
    named = "; ".join(
        f"{cut} {_cell(value)} ({_percent(error)}, lo esperado {_percent(expected)})"
        for cut, value, error, expected in groups
    )
    return f"- Servidos peor de lo que su tamaño explica (`equidad`): {named or 'ningún grupo'}."


def _table(header: list[str], lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [header, ["---"] * len(header), *lines])


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{numbers.format_decimal(100 * share, '0.0', locale='es')} %"


def _whole(count: float | None) -> str:
    return numbers.format_decimal(round(count or 0), "#,##0", locale="es")


def _cell(value: Any) -> str:
    """A text in a table: its bars would end the column."""
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


_RUN = """
    select
        any_value(d.run_id), string_agg(distinct d.periodo::varchar, ', ' order by d.periodo::varchar),
        any_value(d.periodo_origen),
        (select min(periodo) from marts.historia where alumnos > 0),
        (select count(distinct periodo) from marts.historia where alumnos > 0),
        any_value(d.experimento), any_value(d.git_commit)
    from marts.prediccion_detalle as d
"""

_TABLES = "select tabla, estado, filas, en_cuarentena, motivo_estado from marts.salud_fuentes order by tabla"

_REASONS = """
    select coalesce(razon_modelo, modelo), count(*), count(*) / sum(count(*)) over ()
    from marts.prediccion_detalle
    where horizonte = 1
    group by all
    order by 2 desc, 1
"""

_UNFAIR = """
    select corte, valor, wape, wape_esperado
    from marts.equidad
    where es_peor_servida
    order by razon desc, corte, valor
"""

_LEVELS = """
    select nivel_jerarquia, cobertura_80
    from marts.exactitud
    where corte = 'todo' and modelo = 'aforo' and horizonte = 1
        and nivel_jerarquia in ('total', 'sede', 'celda') and cobertura_80 is not null
    order by nivel_jerarquia desc
"""
