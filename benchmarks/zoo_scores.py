"""How an institute's forecasts are judged: beside every simple rule, StatsForecast alone and the truth.

All is computed from one run's warehouse: what it captured (`celdas`) and what it forecast from every origin
of its backtest and from today (`pronosticos`). Today's forecast is judged where the truth knows what comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import duckdb
import numpy as np
import pandas as pd

from benchmarks.reference_auto_ets import forecast as forecast_alone
from flows.project import schema_of

PLATINUM, PREDICTIONS = schema_of("platinum"), schema_of("predictions")
FEATURES = schema_of("features")
LEVELS = {"celda": "cells", "sede": "campuses", "total": "total"}
RULES = ("last", "same_season", "mean_of_three", "flow")
ALONE, TRUTH = "statsforecast", "truth"

FORECASTS = f"""
select p.indice_origen as origin, p.h, p.nivel_jerarquia as level, p.unique_id, p.media as mean,
    case when p.nivel_jerarquia = 'celda' then round(p.punto) else p.punto end as point,
    p.q10, p.q90, p.q025, p.q975
from {PREDICTIONS}.pronosticos as p
inner join {FEATURES}.origenes as o using (indice_origen)
where o.es_evaluado and p.nivel_jerarquia in ('celda', 'sede', 'total')
"""
CELL = "sede || '/' || curso_actual || '/' || horario_actual"
# The simple flow rule, where a catalogue says which course follows which.
FLOW = f"""
select indice_origen as origin, h, unique_id, yhat
from {PREDICTIONS}.evaluaciones
where modelo = 'flujo' and es_pronosticada
    and exists (select 1 from {PLATINUM}.dim_cursos where curso_siguiente is not null)
"""
TRUTH_ROWS = f"""
select o.indice as origin, t.h, {CELL} as unique_id, t.esperado, t.realizado
from read_parquet($truth) as t
inner join {PLATINUM}.dim_periodos as o on t.periodo_origen = o.periodo
"""

Series = pd.Series  # students by cell


@dataclass(frozen=True)
class Scores:
    """What one institute's run was worth.

    `errors`: origin, h, level, method, absolute, signed, students, cycles (of history known at the origin).
    `coverage`: origin, h, level, cycles, n, inside_80, inside_95.
    """

    errors: pd.DataFrame
    coverage: pd.DataFrame


class History:
    """What an institute's warehouse holds of its past, by cell and period index."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        rows = connection.execute(
            f"select {CELL} as unique_id, indice, alumnos from {PLATINUM}.celdas, {PLATINUM}.corrida "
            "where indice <= indice_corte"
        ).df()
        one = "select primer_indice, indice_corte, (select max(estaciones_por_ciclo) from "
        self.first, self.last, self.season = (
            int(v)
            for v in connection.sql(f"{one}{PLATINUM}.dim_periodos) from {PLATINUM}.corrida").fetchall()[0]
        )
        self.by_period: dict[int, Series] = {
            int(cast(int, index)): group.set_index("unique_id")["alumnos"].astype(float)
            for index, group in rows.groupby("indice")
        }

    def students(self, index: int) -> Series:
        """Students by cell of a period that is known; empty where no class was held."""
        return self.by_period.get(index, pd.Series(dtype=float))

    def rule(self, name: str, origin: int, h: int) -> Series | None:
        """What a simple rule makes of the periods up to the origin; None where it has no past to use."""
        if name == "last":
            return self.students(origin)
        first = origin + h - self.season * -(-h // self.season)
        past = [first - self.season * n for n in range(3 if name == "mean_of_three" else 1)]
        known = [self.students(index) for index in past if index >= self.first]
        return pd.concat(known).groupby(level=0).sum() / len(known) if known else None


def _level(cells: Series, level: str) -> Series:
    """The sums of a level above the cells; a period without a class has none."""
    if level == "celda" or cells.empty:
        return cells
    names = cells.index.str.split("/").str[0] if level == "sede" else ["total"] * len(cells)
    return cells.groupby(np.asarray(names, dtype=object)).sum()


def _error(forecast: Series, real: Series) -> tuple[float, float]:
    """Absolute and signed error over the union of what was forecast and what was real."""
    difference = forecast.sub(real, fill_value=0)
    return float(difference.abs().sum()), float(difference.sum())


def _key(name: object) -> tuple[int, int, str]:
    """The name of a group of rows as (origin, h, level); rows of cells alone have no level."""
    origin, h, *level = cast(tuple[int, int, str], name)
    return int(origin), int(h), level[0] if level else "celda"


def _by_origin(frame: pd.DataFrame, value: str) -> dict[tuple[int, int], Series]:
    groups = frame.groupby(["origin", "h"])
    return {_key(name)[:2]: group.set_index("unique_id")[value].astype(float) for name, group in groups}


def score(warehouse: Path, truth: Path | None, alone_origins: int) -> Scores:
    """Judge every origin that a run forecast from and whose outcome is known.

    StatsForecast alone takes longest: it forecasts from the newest `alone_origins` of them.
    """
    with duckdb.connect(str(warehouse)) as connection:
        history = History(connection)
        forecasts = connection.execute(FORECASTS).df()
        flow = _by_origin(connection.execute(FLOW).df(), "yhat")
        true = connection.execute(TRUTH_ROWS, {"truth": str(truth)}).df() if truth else None
        expected = _by_origin(true, "esperado") if true is not None else {}
        realised = _by_origin(true, "realizado") if true is not None else {}
        origins = sorted(int(o) for o in forecasts["origin"].unique())
        usable = [o for o in origins if o < history.last or (o, 1) in realised][-alone_origins:]
        alone = _alone(connection, usable, int(forecasts["h"].max())) if alone_origins else {}

    def real_of(origin: int, h: int) -> Series | None:
        if origin + h <= history.last:
            return history.students(origin + h)
        return realised.get((origin, h))

    errors: list[dict[str, object]] = []
    coverage: list[dict[str, object]] = []
    for name, group in forecasts.groupby(["origin", "h", "level"]):
        origin, h, level = _key(name)
        real = real_of(origin, h)
        if real is None:
            continue
        by_id = group.set_index("unique_id")
        key: dict[str, object] = {"origin": origin, "h": h, "level": LEVELS[level]}
        key["cycles"] = (origin - history.first + 1) / history.season
        y = _level(real, level)
        methods: dict[str, Series | None] = {"aforo": by_id["point"], "mean": by_id["mean"]}
        cells: dict[str, Series | None] = {r: history.rule(r, origin, h) for r in RULES if r != "flow"}
        cells |= {"flow": flow.get((origin, h)), TRUTH: expected.get((origin, h))}
        methods |= {name: _level(f, level) for name, f in cells.items() if f is not None}
        methods[ALONE] = alone.get((origin, h, level))
        for method, f in methods.items():
            if f is not None:
                absolute, signed = _error(f, y)
                errors.append(
                    key | {"method": method, "absolute": absolute, "signed": signed, "students": y.sum()}
                )
        inside = y.reindex(by_id.index, fill_value=0.0)
        coverage.append(
            key
            | {
                "n": len(by_id),
                "inside_80": int(inside.between(by_id["q10"], by_id["q90"]).sum()),
                "inside_95": int(inside.between(by_id["q025"], by_id["q975"]).sum()),
            }
        )
    return Scores(pd.DataFrame(errors), pd.DataFrame(coverage))


def _alone(
    connection: duckdb.DuckDBPyConnection, origins: list[int], horizon: int
) -> dict[tuple[int, int, str], Series]:
    """StatsForecast alone: AutoETS on every cell and level, reconciled by MinT."""
    groups = forecast_alone(connection, origins, horizon).groupby(["indice_origen", "h", "nivel_jerarquia"])
    return {_key(name): group.set_index("unique_id")["yhat"] for name, group in groups}


def _ratio(ours: float, theirs: float, students: float) -> float:
    """Our error beside theirs; an error that rounds to .000 of the students is none."""
    none = 0.0005 * students
    return max(ours, none) / max(theirs, none) if students else np.nan


def table(scores: Scores, min_cycles: float = 0.0) -> pd.DataFrame:
    """One row a level and horizon, over the origins that knew so many cycles.

    Ratios below one are in aforo's favour; each is over the origins of which the other has a forecast. `rule`
    is the simple rule that was hardest to beat, known only afterwards.
    """
    errors = scores.errors[scores.errors["cycles"] >= min_cycles]
    coverage = scores.coverage[scores.coverage["cycles"] >= min_cycles]
    rows = []
    for level in LEVELS.values():
        for h in sorted(errors["h"].unique()):
            group = errors[(errors["level"] == level) & (errors["h"] == h)]
            covered = coverage[(coverage["level"] == level) & (coverage["h"] == h)]
            if len(group):
                rows.append({"level": level, "h": int(h)} | _row(group, covered))
    return pd.DataFrame(rows)


def _row(errors: pd.DataFrame, covered: pd.DataFrame) -> dict[str, object]:
    by_method = {str(m): g.set_index("origin") for m, g in errors.groupby("method")}
    ours = by_method["aforo"]

    def beside(method: str) -> float:
        theirs = by_method.get(method)
        if theirs is None:
            return np.nan
        same = ours.loc[theirs.index]
        return _ratio(same["absolute"].sum(), theirs["absolute"].sum(), theirs["students"].sum())

    def share(method: str, what: str) -> float:
        rows = by_method.get(method)
        return np.nan if rows is None else _share(rows[what].sum(), rows["students"].sum())

    rules = {m: ratio for m in RULES if not np.isnan(ratio := beside(m))}
    hardest = max(rules, key=lambda m: rules[m], default="")
    return {
        "origins": len(ours),
        "wape": share("aforo", "absolute"),
        "bias": share("mean", "signed"),
        "bias_points": share("aforo", "signed"),
        "bias_truth": share(TRUTH, "signed"),
        **{m: beside(m) for m in (*RULES, ALONE, TRUTH)},
        "rule": hardest,
        "best_rule": rules.get(hardest, np.nan),
        "inside_80": _share(covered["inside_80"].sum(), covered["n"].sum()),
        "inside_95": _share(covered["inside_95"].sum(), covered["n"].sum()),
    }


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else np.nan
