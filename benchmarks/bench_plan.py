"""The frontier of the class plan: sections cancelled against students turned away; the chart of docs/plan.md.

`make bench-plan` reads marts.frontera_plan and exactitud_plan of a warehouse (or a published file) that is
there (`--file`, else AFORO_HOME's), prints the table and, with `--chart`, writes the chart as SVG.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import duckdb

from flows.settings import resolve_home

ROOT = Path(__file__).parents[1]
CHART = ROOT / "docs" / "plan_frontier.svg"
WIDTH, HEIGHT, MARGIN = 720, 440, 64
NAMES = {
    "aforo_con_uniones": "with joins",
    "regla_clasica": "classical rule, same forecast",
    "institucion": "the institute's own plan",
    "oraculo": "oracle",
}
TABLE = """
with sums as (
    select
        plan, costo_cancelacion as worth, sum(secciones)::bigint as sections,
        sum(cancelaciones)::bigint as cancelled, sum(rechazados)::bigint as turned_away,
        sum(costo)::bigint as cost
    from marts.exactitud_plan
    where horizonte = 1
    group by plan, costo_cancelacion
)
select
    *,
    round(cost / max(cost) filter (where plan = 'regla_clasica') over (partition by worth), 3)
        as of_the_classical_rule
from sums
order by worth, cost
"""
FRONTIER = """
select plan, costo_cancelacion, cancelaciones, rechazados
from marts.frontera_plan
where horizonte = 1 and periodos = '{periods}'
order by plan, costo_cancelacion
"""


def chart(points: list[tuple[str, float | None, int, int]]) -> str:
    """The frontier as SVG: what aforo reaches is a curve, other plans are points; roots as scales."""
    shown = [p for p in points if p[0] in NAMES or (p[0] == "aforo" and 2 <= (p[1] or 0) <= 30)]
    most_x = max(p[2] for p in shown)
    most_y = max(p[3] for p in shown)

    def x(value: float) -> float:
        return MARGIN + (WIDTH - 2 * MARGIN) * (value / most_x) ** 0.5

    def y(value: float) -> float:
        return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (value / most_y) ** 0.5

    curve = [p for p in shown if p[0] == "aforo"]
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        ' font-size="12" role="img"><title>Cancelled sections against students turned away</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_axes(x, y, most_x, most_y),
        '<polyline fill="none" stroke="#1f5fa8" stroke-width="2" points="'
        + " ".join(f"{x(p[2]):.1f},{y(p[3]):.1f}" for p in curve)
        + '"/>',
    ]
    for plan, worth, cancelled, away in shown:
        colour = "#1f5fa8" if plan == "aforo" else "#b3541e"
        words = f"{worth:.0f}" if plan == "aforo" else NAMES[plan]
        # The curve's worths stand above it, the names of the plans below.
        curved, at_edge = plan == "aforo", x(cancelled) < WIDTH / 4
        to_the_right = curved or at_edge
        at = (
            f'x="{x(cancelled) + (7 if to_the_right else -7):.1f}" y="{y(away) + (-5 if curved else 15):.1f}"'
            f' text-anchor="{"start" if to_the_right else "end"}"'
        )
        lines += [
            f'<circle cx="{x(cancelled):.1f}" cy="{y(away):.1f}" r="4" fill="{colour}"/>',
            f'<text {at} fill="{colour}">{words}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


def _axes(
    x: Callable[[float], float], y: Callable[[float], float], most_x: float, most_y: float
) -> list[str]:
    bottom, left = HEIGHT - MARGIN, MARGIN
    lines = [
        f'<path d="M{left},{MARGIN} V{bottom} H{WIDTH - MARGIN}" fill="none" stroke="#555555"/>',
        f'<text x="{WIDTH / 2:.0f}" y="{HEIGHT - 14}" text-anchor="middle">sections cancelled</text>',
        f'<text x="16" y="{HEIGHT / 2:.0f}" text-anchor="middle"'
        f' transform="rotate(-90 16 {HEIGHT / 2:.0f})">students turned away</text>',
    ]
    for share in (0.0625, 0.25, 0.5625, 1.0):
        for most, horizontal in ((most_x, True), (most_y, False)):
            value = round(most * share, -2)
            place = (
                f'x="{x(value):.1f}" y="{bottom + 18}" text-anchor="middle"'
                if horizontal
                else f'x="{left - 8}" y="{y(value) + 4:.1f}" text-anchor="end"'
            )
            lines.append(f'<text {place} fill="#555555">{value:,.0f}</text>')
    return lines


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--file", type=Path, help="a warehouse or a published file; else AFORO_HOME's")
    parser.add_argument("--chart", action="store_true", help=f"write {CHART.relative_to(ROOT)}")
    asked = parser.parse_args()
    file = asked.file or resolve_home(None).published_file
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.sql(TABLE).show(max_rows=100, max_width=200)
        for periods in ("todos", "sin_masivos"):
            print(periods)
            connection.sql(FRONTIER.format(periods=periods)).show(max_rows=100)
        points = connection.execute(FRONTIER.format(periods="todos")).fetchall()
    if asked.chart:
        CHART.write_text(chart(points), encoding="utf-8")
        print(f"written: {CHART}")


if __name__ == "__main__":
    main()
