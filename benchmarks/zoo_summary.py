"""What was asked of the forecast of any institute, the worst one of each row, and all that fall short."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

ROWS = Callable[[pd.DataFrame], pd.Series]


@dataclass(frozen=True)
class Asked:
    """One row of what was asked: a column of which rows, and the least and the most that it may be."""

    what: str
    column: str
    rows: ROWS
    asked: tuple[float, float]
    aim: tuple[float, float]

    def worst(self, judged: pd.DataFrame) -> pd.DataFrame:
        """The rows judged, the furthest outside the aim first, with how far outside what was asked."""
        found = judged[self.rows(judged) & judged[self.column].notna()]
        value, (least, most), (low, high) = found[self.column], self.asked, self.aim
        return found.assign(
            value=value,
            outside=pd.concat([least - value, value - most], axis=1).max(axis=1),
            beyond_aim=pd.concat([low - value, value - high], axis=1).max(axis=1),
        ).sort_values("beyond_aim", ascending=False, kind="stable")


def _at(level: str | None = None, h: int | None = None, name: str | None = None) -> ROWS:
    def rows(judged: pd.DataFrame) -> pd.Series:
        fits = ~judged["settled"]
        for column, wanted in (("level", level), ("h", h), ("institute", name)):
            if wanted is not None:
                fits = fits & (judged[column] == wanted)
        return fits

    return rows


def _settled(level: str, h: int | None = None) -> ROWS:
    def rows(judged: pd.DataFrame) -> pd.Series:
        fits = judged["settled"] & (judged["level"] == level)
        return fits if h is None else fits & (judged["h"] == h)

    return rows


def _simulated(judged: pd.DataFrame) -> pd.Series:
    return _settled("cells", 1)(judged) & (judged["institute"] != "demo")


ANY, ROUNDING = -math.inf, 0.0005
ASKED = (
    Asked("cells against the best simple rule", "best_rule", _at("cells"), (ANY, 1.0), (ANY, 0.95)),
    Asked("campuses against the best simple rule", "best_rule", _at("campuses"), (ANY, 1.0), (ANY, 0.95)),
    Asked("total against the best simple rule", "best_rule", _at("total"), (ANY, 1.0), (ANY, 0.95)),
    Asked("simulated cells against the truth, h = 1", "truth", _simulated, (ANY, 1.25), (ANY, 1.12)),
    Asked("bias of the total, h = 1", "bias", _settled("total", 1), (-0.03, 0.03), (-0.02, 0.02)),
    Asked("bias of the total, all h", "bias", _settled("total"), (-0.03, 0.03), (-0.02, 0.02)),
    Asked(
        "semestral: cells against the best rule", "best_rule", _at("cells", name="semestral"),
        (ANY, 1.0), (ANY, 0.93),
    ),
    Asked(
        "semestral: total against the best rule", "best_rule", _at("total", name="semestral"),
        (ANY, 1.0), (ANY, 0.90),
    ),
    Asked("intervals of 80 %, cells", "inside_80", _settled("cells"), (0.75, 0.87), (0.78, 0.84)),
    Asked("intervals of 95 %, cells", "inside_95", _settled("cells"), (0.91, 0.98), (0.93, 0.97)),
    Asked("intervals of 80 %, campuses", "inside_80", _settled("campuses"), (0.75, 0.87), (0.78, 0.84)),
    Asked("intervals of 95 %, campuses", "inside_95", _settled("campuses"), (0.91, 0.98), (0.93, 0.97)),
    Asked(
        "institute: WAPE of cells, h = 1", "wape", _at("cells", 1, "institute"),
        (ANY, 0.213), (ANY, 0.205),
    ),
    Asked("demo: cells against the truth, h = 1", "truth", _at("cells", 1, "demo"), (ANY, 1.09), (ANY, 1.06)),
)  # fmt: skip


def _place(row: pd.Series) -> str:
    return f"{row['institute']} {row['level']} h={int(row['h'])} {row['value']:.3f}"


def _limits(limits: tuple[float, float]) -> str:
    least, most = limits
    return f"<= {most:g}" if least == ANY else f"{least:g} to {most:g}"


def summary(judged: pd.DataFrame) -> str:
    """The table of what was asked, with the worst of each row, and below all rows outside it."""
    refused = judged.loc[judged["level"].isna(), "institute"]
    lines = ["", "=== what was asked ==="]
    short: list[str] = []
    for asked in ASKED:
        rows = asked.worst(judged.reindex(columns=[*judged, *{asked.column}.difference(judged.columns)]))
        if rows.empty:
            lines.append(f"{asked.what:44s} not judged")
            continue
        outside, in_aim = rows[rows["outside"] > ROUNDING], (rows["beyond_aim"] <= ROUNDING).sum()
        lines.append(
            f"{asked.what:44s} asked {_limits(asked.asked):14s} aim {_limits(asked.aim):14s} "
            f"met {len(rows) - len(outside):3d} of {len(rows):3d}, aim {in_aim:3d}; "
            f"worst {_place(rows.iloc[0])}"
        )
        short += [f"  {asked.what}: {_place(row)}" for _, row in outside.iterrows()]
    lines += ["", "=== falls short ===", *(short or ["  nothing"])]
    lines += [f"  refused: {name}" for name in sorted(set(refused))]
    return "\n".join(lines)
