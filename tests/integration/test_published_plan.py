"""The class plan of a run: the command computes what the run published, and the sheet has it."""

from pathlib import Path

import pytest

from flows import plan
from tests.harness import Institute

pytestmark = pytest.mark.slow


def test_aforo_plan_computes_what_the_run_published(built: Institute) -> None:
    file = built.home / "published" / "aforo_marts.duckdb"
    with plan.planned(file, plan.Choice()) as connection:
        for mart in ("plan_apertura", "plan_resumen"):
            published = f"published.marts.{mart}"
            assert connection.sql(f"from {mart} except from {published}").fetchall() == []
            assert connection.sql(f"from {published} except from {mart}").fetchall() == []
        [(opened,)] = connection.sql("select sum(secciones) from plan_apertura").fetchall()
    assert opened > 0


def test_a_run_ends_with_its_plan_and_the_sheet_is_written(built: Institute, tmp_path: Path) -> None:
    to = tmp_path / "plan.xlsx"
    written = built.aforo("export", "--to", str(to))
    assert (written.exit_code, to.is_file()) == (0, True)
    shown = built.aforo("plan", "--minimum", "12", "--sede", "NORTE")
    assert shown.exit_code == 0
    assert "expected cancellations" in shown.out
    assert built.aforo("plan", "--sede", "NADIE").exit_code == 1
