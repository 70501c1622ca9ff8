"""Who accepts a check of the gate accepts it everywhere, or at the place that is named."""

from pathlib import Path

import duckdb
import pytest

from flows.errors import AforoError
from flows.settings import Home
from flows.steps import gate


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A warehouse in which two campuses are refused, and a rule is better."""
    home = Home(tmp_path)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            "create schema marts; create table marts.compuerta as select * from (values"
            " ('sede_fuera_de_rango', 'NORTE', 9.0, 1.0, 5.0, false, true, 'x', null),"
            " ('sede_fuera_de_rango', 'SAN JUAN', 9.0, 1.0, 5.0, false, true, 'x', null),"
            " ('retroceso', 'total', 0.2, null, 0.3, true, true, 'x', null),"
            " ('regla_simple', 'inicial', 0.5, null, 0.4, false, false, 'x', 'flujo')"
            ") as t (verificacion, donde, valor, minimo, maximo, pasa, bloquea, que_hacer, regla_publicada)"
        )
    return home


def refused(home: Home, *accepted: str) -> list[str]:
    try:
        gate.judge(home, accepted, None)
    except AforoError as error:
        return [problem.remedy.rpartition("--accept-gate ")[2] for problem in error.problems]
    return []


def test_a_check_is_accepted_everywhere_or_at_one_place(home: Home) -> None:
    north, south = "sede_fuera_de_rango:NORTE", "'sede_fuera_de_rango:SAN JUAN'"
    assert refused(home) == [north, south]
    # As the remedy says it, and the shell reads it.
    assert refused(home, north) == [south]
    assert refused(home, north, south.strip("'")) == []
    assert refused(home, "sede_fuera_de_rango") == []
    assert refused(home, "retroceso", "sede_fuera_de_rango:OTRA") == [north, south]


def test_a_rule_that_is_better_is_said_and_refuses_nothing(home: Home) -> None:
    verdict = gate.judge(home, ("sede_fuera_de_rango",), None)
    assert [check["donde"] for check in verdict.accepted] == ["NORTE", "SAN JUAN"]
    assert [rule["donde"] for rule in verdict.better_rules] == ["inicial"]
    assert "of demand inicial the rule flujo is published" in gate.hints(verdict)[-1]
