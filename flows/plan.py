"""The class plan computed anew from the published file, with other costs or another minimum.

The rule is stated once, in models/plan and macros/plan.sql: dbt renders them for the marts, and this module
renders the same files for a connection of its own, with `ref` as the name of a table there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from flows.errors import AforoError, Problem
from flows.language import t
from flows.project import PROJECT
from flows.quoting import identifier, literal

# In the order in which they read from each other; the first reads from what is published.
INPUT = "celdas_a_decidir"
MODELS = (
    "plan/secciones_posibles",
    "plan/secciones_elegidas",
    "plan/uniones",
    "marts/plan_apertura",
    "marts/plan_resumen",
)
MACROS = ("distribution", "hierarchy", "plan")


@dataclass(frozen=True)
class Choice:
    """What is asked for in place of what was published; None: as published."""

    cost_cancel: float | None = None
    cost_turned_away: float | None = None
    cost_hour: float | None = None
    minimum: int | None = None
    seats: int | None = None


def sql_of(model: str) -> str:
    """The model's SQL, as dbt would render it, with every model that it reads by its bare name."""
    # Only files of the project itself are rendered.
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, extensions=["jinja2.ext.do"], trim_blocks=False
    )
    macros = "".join((PROJECT / "macros" / f"{name}.sql").read_text("utf-8") for name in MACROS)
    text = (PROJECT / "models" / f"{model}.sql").read_text("utf-8")
    return environment.from_string(macros + text).render(ref=lambda name: name)


@contextmanager
def planned(file: Path, choice: Choice) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the plan's tables, made from a published file; `published` is that file."""
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB"}) as connection:
        connection.execute(f"attach {literal(str(file))} as published (read_only)")
        _require_inputs(connection)
        connection.execute(_inputs(choice))
        for model in MODELS:
            connection.execute(f"create table {model.split('/')[1]} as {sql_of(model)}")
        yield connection


def condition(**wanted: Any) -> str:
    """SQL that keeps the rows with these values; a list means any of them, None any at all."""
    parts = []
    for column, value in wanted.items():
        if value is None or value == []:
            continue
        values = value if isinstance(value, list) else [value]
        texts = ", ".join(literal(each) if isinstance(each, str) else str(each) for each in values)
        parts.append(f"{identifier(column)} in ({texts})")
    return " and ".join(parts) or "true"


def _require_inputs(connection: duckdb.DuckDBPyConnection) -> None:
    found = connection.execute(
        "select 1 from duckdb_tables() where database_name = 'published' and table_name = 'plan_insumos'"
    ).fetchone()
    if not found:
        raise AforoError([Problem(t("the published file holds no plan"), t("run `aforo run` once"))])


def _inputs(choice: Choice) -> str:
    """What the plan stands on, as published but for what is asked for."""

    def chosen(column: str, value: float | None, kind: str) -> str:
        return column if value is None else f"cast({value} as {kind}) as {column}"

    seats = "vacantes_estandar" if choice.seats is None else str(choice.seats)
    minimum = "minimo_alumnos" if choice.minimum is None else str(choice.minimum)
    # A section never needs more students than it seats.
    columns = [
        "* exclude (horizonte, minimo_alumnos, vacantes_estandar,"
        " costo_cancelacion, costo_rechazado, costo_hora)",
        "horizonte as h",
        "true as es_actual",
        "sede || '/' || curso_actual || '/' || horario_actual as unique_id",
        f"case when {minimum} > {seats} then {seats} else {minimum} end as minimo_alumnos",
        f"{seats} as vacantes_estandar",
        chosen("costo_cancelacion", choice.cost_cancel, "double"),
        chosen("costo_rechazado", choice.cost_turned_away, "double"),
        chosen("costo_hora", choice.cost_hour, "double"),
    ]
    return f"create table {INPUT} as select {', '.join(columns)} from published.marts.plan_insumos"


def require_known(file: Path, **wanted: Any) -> None:
    """AforoError where the published plan has no such period, campus or programme: with those that it has."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"attach {literal(str(file))} as published (read_only)")
        _require_inputs(connection)
        problems = []
        for column, value in wanted.items():
            known = [
                name
                for (name,) in connection.execute(
                    f"select distinct {identifier(column)} from published.marts.plan_insumos order by 1"
                ).fetchall()
            ]
            asked = value if isinstance(value, list) else [] if value is None else [value]
            problems += [
                Problem(
                    t("the plan has no {column} {value}", column=column, value=each),
                    t("name one of {known}", known=", ".join(map(str, known))),
                    table="plan_apertura",
                    column=column,
                )
                for each in asked
                if each not in known
            ]
    if problems:
        raise AforoError(problems)
