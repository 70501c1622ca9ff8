"""How a challenger did beside the champion, for a person (marts.comparacion_experimentos)."""

from typing import Any

from flows.language import marked, t
from flows.screen.table import table

_NAMES = {"total": marked("total"), "sede": marked("campus"), "celda": marked("cell"), "todos": marked("all")}


def header() -> list[str]:
    """The names of the columns that are shown."""
    return [
        t("level"), t("horizon"), t("origins"), t("WAPE now"), t("WAPE of it"), t("difference"),
        t("bias now"), t("bias of it"), t("Diebold-Mariano"), "p", t("p of Holm"),
    ]  # fmt: skip


def shown(row: dict[str, Any]) -> list[str]:
    """A row of the mart, as texts under `header`."""
    return [
        t(_NAMES[row["nivel_jerarquia"]]),
        t(_NAMES.get(row["horizonte"], row["horizonte"])),
        str(row["origenes"]),
        _number(row["wape_campeon"], ".3f"),
        _number(row["wape_retador"], ".3f"),
        _number(row["diferencia_wape"], "+.3f"),
        _number(row["sesgo_campeon"], "+.3f"),
        _number(row["sesgo_retador"], "+.3f"),
        _number(row["diebold_mariano"], "+.2f"),
        _chance(row["valor_p"]),
        _chance(row["valor_p_holm"]),
    ]


def as_text(experiment: str, rows: list[dict[str, Any]]) -> list[str]:
    """The comparison as lines; what follows from it is a person's to say."""
    if not rows:
        return [t("{experiment} ran, but no past period could be judged for both.", experiment=experiment)]
    said = t(
        "{experiment} beside {champion}, which serves:", experiment=experiment, champion=rows[0]["campeon"]
    )
    return [
        said,
        *rows_as_text(rows),
        "  " + t("Nothing was published. To let it serve: aforo promote {experiment}", experiment=experiment),
    ]


def rows_as_text(rows: list[dict[str, Any]]) -> list[str]:
    """The rows alone, with what must be known to read them; nothing where there are none."""
    if not rows:
        return []
    return [
        *table([header(), *(shown(row) for row in rows)]),
        "  "
        + t(
            "Below 0 it is better. p is for one comparison; there are {count}, for which Holm's corrects. "
            "Decide before on which row: docs/challenger.md.",
            count=rows[0]["comparaciones"],
        ),
    ]


def _number(value: float | None, pattern: str) -> str:
    return "-" if value is None else format(value, pattern)


def _chance(value: float | None) -> str:
    return "<0.001" if value is not None and value < 0.001 else _number(value, ".3f")
