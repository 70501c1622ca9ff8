"""The champion as a challenger finds it: the tables of the warehouse that what is published was made from.

A challenger reads the champion's layers as they stand, so they must be those of the published run: not of a
backtest, of a run that the gate refused, or of one that readers were pointed back from.
"""

import contextlib
from dataclasses import dataclass
from typing import Any

import duckdb

from flows.errors import AforoError, Problem
from flows.experiments import Challenger
from flows.home import releases, tables, warehouse
from flows.language import t
from flows.project import PREDICTIONS, schema_of, version_variables
from flows.quoting import literal
from flows.rows import by_name
from flows.settings import Home
from flows.steps import reuse


@dataclass(frozen=True)
class Champion:
    """What the published run stands on (`base`, its key) and was asked; as_of: UTC, as text."""

    run_id: str
    base: str
    period: int | None
    horizon: int
    as_of: str | None


def require(home: Home, beside: Challenger) -> Champion:
    """The champion for this challenger.

    AforoError where nothing is published, where the warehouse holds something else than what is, and where
    the challenger builds layers that read captures and there are newer ones.
    """
    run_id = releases.require_published(home).name
    found = _read(home)
    if found is None or found.run_id != run_id:
        what = t(
            "the tables in the warehouse are not those that the published forecast {run_id} was made from",
            run_id=run_id,
        )
        raise AforoError([Problem(what, _run_first())])
    if beside.layers != (PREDICTIONS,) and not _captures_are_its(home, found):
        what = t(
            "the experiment {name} builds {layers} of its own, and since the published forecast {run_id} "
            "was made something was captured, or the code changed",
            name=beside.name,
            layers=", ".join(beside.layers[:-1]),
            run_id=run_id,
        )
        raise AforoError([Problem(what, _run_first())])
    return found


def _run_first() -> str:
    return t("run `aforo run` first, which publishes from the newest data; then the experiment")


def base(home: Home, schema: str) -> tuple[str, str | None] | None:
    """What an experiment's predictions stand on and are made with; None where there are none."""
    query = (
        f"select any_value(base) as base, any_value(ajustes) as ajustes from {schema}.pronosticos_juzgados"
    )
    found = _rows(home, query)
    return (found[0]["base"], found[0]["ajustes"]) if found and found[0]["base"] else None


def comparison(home: Home, name: str) -> list[dict[str, Any]]:
    """The rows of marts.comparacion_experimentos in the warehouse that are of a challenger."""
    return _rows(
        home,
        f"""select * from marts.comparacion_experimentos where retador = {literal(name)}
        order by nivel_jerarquia, horizonte""",
    )


def _read(home: Home) -> Champion | None:
    platinum, stands_on = schema_of("platinum"), base(home, schema_of(PREDICTIONS))
    if stands_on is None:
        return None
    found = _rows(
        home,
        f"""select r.run_id, p.periodo as period, r.horizonte as horizon, cast(r.as_of as varchar) as as_of
        from {platinum}.corrida as r
        left join {platinum}.dim_periodos as p on r.indice_corte + 1 = p.indice""",
    )
    return Champion(base=stands_on[0], **found[0]) if found else None


def _rows(home: Home, query: str) -> list[dict[str, Any]]:
    """What the warehouse says; nothing where it, or the table, is not there or can't be read."""
    with (
        contextlib.suppress(duckdb.Error),
        duckdb.connect(str(home.warehouse), read_only=True, config=tables.CONNECTION) as connection,
    ):
        return by_name(connection, query)
    return []


def _captures_are_its(home: Home, champion: Champion) -> bool:
    """Whether the newest captures, the code and the vars are still those of the champion's last build."""
    if champion.as_of is not None:
        return False
    asked = {"horizonte": champion.horizon, "as_of": None}
    keys = {
        reuse.key(home, version_variables() | asked | {"periodo": period})
        for period in (None, champion.period)
    }
    return warehouse.transformed(home) in keys
