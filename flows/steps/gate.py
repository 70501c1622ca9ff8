"""The gate: what the mart `compuerta` refuses is not published, unless a person accepts the check.

The checks and their limits are SQL (models/marts/compuerta.sql). Here is read what is published now, which
two of them compare with, and what they found.
"""

import contextlib
import shlex
from dataclasses import dataclass, field
from typing import Any

import duckdb

from flows.errors import AforoError, Problem
from flows.home import releases, tables
from flows.language import t
from flows.rows import by_name
from flows.settings import Home

_PUBLISHED_ORIGINS = """
    select valor, wape from marts.exactitud
    where nivel_jerarquia = 'celda' and corte = 'origen' and modelo = 'aforo' and horizonte = 1
        and wape is not null
"""
_PUBLISHED_FALLBACK = """
    select avg(cast(modelo <> 'aprendiz' as integer)) from marts.prediccion_detalle where horizonte = 1
"""
_PUBLISHED_TABLES = "select count(*) from marts.salud_fuentes where estado = 'viva'"
_FAILED = """
    select verificacion, donde, valor, minimo, maximo, bloquea, regla_publicada from marts.compuerta
    where not pasa
    order by bloquea desc, verificacion, donde
"""


@dataclass(frozen=True)
class Verdict:
    """What the gate found: the failed checks that a person accepts, and the rules that are better.

    stands_on: the key of data, code and vars that it was found of (flows/steps/reuse.py).
    """

    accepted: list[dict[str, Any]] = field(default_factory=list)
    stands_on: str | None = None
    better_rules: list[dict[str, Any]] = field(default_factory=list)


class RefusedError(AforoError):
    """The gate refuses: `checks` are the rows of compuerta that nobody accepts."""

    def __init__(self, problems: list[Problem], checks: list[dict[str, Any]] | None = None) -> None:
        super().__init__(problems)
        self.checks = checks or []


def published(home: Home) -> dict[str, Any]:
    """What is published now, as compuerta's var `publicado`; empty where nothing is, or it can't be read."""
    with (
        contextlib.suppress(duckdb.Error),
        duckdb.connect(str(home.published_file), read_only=True, config=tables.CONNECTION) as connection,
    ):
        origins = dict(connection.execute(_PUBLISHED_ORIGINS).fetchall())
        [share] = connection.execute(_PUBLISHED_FALLBACK).fetchone() or [None]
        [tables_read] = connection.execute(_PUBLISHED_TABLES).fetchone() or [0]
        found = {"origenes": origins, "vivas": tables_read}
        return found if share is None else found | {"respaldo": share}
    return {}


def judge(home: Home, accepted: tuple[str, ...], stands_on: str | None) -> Verdict:
    """The verdict on the warehouse's marts; RefusedError where a check that nobody accepts refuses them.

    accepted: each a check's name, for all places, or `CHECK:PLACE`.
    What was accepted of the same data, code and vars, and is published, need not be accepted again.
    """
    with duckdb.connect(str(home.warehouse), read_only=True, config=tables.CONNECTION) as connection:
        failed = by_name(connection, _FAILED)
    blocking = [check for check in failed if check["bloquea"]]
    before = _accepted_before(home, stands_on)
    refused = [
        check
        for check in blocking
        if not {check["verificacion"], _named(check)} & {*accepted} and _place(check) not in before
    ]
    if refused:
        raise RefusedError([_problem(check) for check in refused], refused)
    return Verdict(blocking, stands_on, [check for check in failed if not check["bloquea"]])


def _accepted_before(home: Home, stands_on: str | None) -> set[tuple[str, str]]:
    """The checks that what is published was accepted with, if it stands on the same."""
    gate = (releases.published_manifest(home) or {}).get("gate") or {}
    if stands_on is None or gate.get("stands_on") != stands_on:
        return set()
    return {_place(check) for check in gate["accepted"]}


def _named(check: dict[str, Any]) -> str:
    """The check as `--accept-gate` takes it: with its place."""
    return f"{check['verificacion']}:{check['donde']}"


def _place(check: dict[str, Any]) -> tuple[str, str]:
    return check["verificacion"], check["donde"]


def hints(verdict: Verdict) -> list[str]:
    """What was accepted, and where a simple rule did better, for a person."""
    accepted = [
        t(
            "the gate would have refused {check} ({where}); it was accepted",
            check=check["verificacion"],
            where=check["donde"],
        )
        for check in verdict.accepted
    ]
    better = [
        t(
            "of demand {kind} a simple rule was better in the backtest (WAPE {rule} beside {own}): "
            "see marts.compuerta",
            kind=rule["donde"],
            rule=_number(rule["maximo"]),
            own=_number(rule["valor"]),
        )
        if rule["regla_publicada"] is None
        else t(
            "of demand {kind} the rule {rule} is published, which was better in the backtest",
            kind=rule["donde"],
            rule=rule["regla_publicada"],
        )
        for rule in verdict.better_rules
    ]
    return accepted + better


def _problem(check: dict[str, Any]) -> Problem:
    limits = [
        t("at least {least}", least=_number(check["minimo"])) if check["minimo"] is not None else None,
        t("at most {most}", most=_number(check["maximo"])) if check["maximo"] is not None else None,
    ]
    return Problem(
        t(
            "the gate refuses {check} ({where}): it is {value}, and should be {limits}",
            check=check["verificacion"],
            where=check["donde"],
            value=_number(check["valor"]),
            limits=", ".join(limit for limit in limits if limit),
        ),
        t(
            "look at marts.compuerta in the warehouse and docs/gate.md; if it is right so: "
            "aforo run --accept-gate {check}",
            check=shlex.quote(_named(check)),
        ),
    )


def _number(value: float) -> str:
    """Students whole, shares with three digits."""
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.3f}"
