"""The faults that bench_alerts plants into the newest period of a source, and the alerts that fit each."""

from dataclasses import dataclass

import pandas as pd

from tests.sources import Tables

# Of six weeks a month's source is late, whichever way one counts.
DAYS_LATE = 50
BIAS = (("sesgo", "total"), ("pronostico", "total"))
NEW_SLOT = "05:00 - 06:30"


@dataclass(frozen=True)
class Fault:
    """A fault and what must say so.

    tables: the source with it; kinds: the alerts that fit, as (tipo, nivel); place: their `donde`, None for
    any; days: how long nothing new has come; forecast: what the newest period's forecast is multiplied by.
    """

    name: str
    tables: Tables
    kinds: tuple[tuple[str, str], ...]
    place: str | None = None
    days: int = 0
    forecast: float = 1.0


def without_period(tables: Tables, period: int) -> Tables:
    """The source before the period was delivered."""
    sections = tables["programacion"]
    return tables | {"programacion": sections[sections["periodo"] < period]}


def up_to(tables: Tables, period: int) -> Tables:
    """The source as delivered in the period."""
    sections = tables["programacion"]
    return tables | {"programacion": sections[sections["periodo"] <= period]}


def newest_closed(tables: Tables) -> int:
    """The newest period that had students, or the one before it where that one still enrols."""
    sections = tables["programacion"]
    held = sections[sections["matriculados"] > 0]
    newest, before = sorted(held["periodo"].unique(), reverse=True)[:2]
    enrols = (held["estado"][held["periodo"] == newest] == "abierto").any()
    return int(before if enrols else newest)


def faults(tables: Tables, period: int) -> list[Fault]:
    """The faults, each planted into the source as it is in the period; the late source is that of before."""
    sections = tables["programacion"]
    newest = sections["periodo"] == period
    campuses = sections[newest].groupby("sede")["matriculados"].sum().sort_values()
    campus = str(campuses.index[(len(campuses) - 1) // 2])
    slot = sections[newest].groupby("horario")["matriculados"].sum().idxmax()
    courses = sorted(sections[newest]["curso"].unique())

    doubled, renamed, recoded = sections.copy(), sections.copy(), sections.copy()
    doubled.loc[newest, "matriculados"] *= 2
    renamed.loc[newest & (sections["horario"] == slot), "horario"] = NEW_SLOT
    # A catalogue's code is its own where the mapping has lost it: what breaks is a code that nobody knows.
    recoded.loc[newest & sections["curso"].isin(courses[::20]), "curso"] += "?"
    slots = tables["horarios"]
    new_slot = slots[slots["horario"] == slot].assign(horario=NEW_SLOT, horario_actual=NEW_SLOT)
    return [
        Fault(
            f"campus {campus} lost",
            tables | {"programacion": sections[~newest | (sections["sede"] != campus)]},
            (("sede_perdida", "sede"),),
            campus,
        ),
        Fault("counts doubled", tables | {"programacion": doubled}, (("volumen", "total"),)),
        Fault("forecast 10 % too high", tables, BIAS, forecast=1.1),
        Fault("forecast 10 % too low", tables, BIAS, forecast=0.9),
        Fault(
            "one course of twenty recoded, which no mapping knows",
            tables | {"programacion": recoded},
            (("mezcla", "sin_codigo"),),
        ),
        Fault("late source", without_period(tables, period), (("fuente_atrasada", "tabla"),), days=DAYS_LATE),
        Fault(
            f"slot {slot} renamed",
            tables | {"programacion": renamed, "horarios": pd.concat([slots, new_slot])},
            (("celdas", "celdas"), ("mezcla", "horario")),
        ),
    ]
