"""The model card says what the marts say."""

from pathlib import Path

import duckdb
import pytest

from flows.report import card
from tests import published


@pytest.fixture(scope="module")
def marts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published.write(tmp_path_factory.mktemp("published") / "aforo_marts.duckdb")


def text(marts: Path, change: str = "select 1") -> str:
    """The card after a change of the marts, which is taken back."""
    with duckdb.connect(str(marts)) as connection:
        connection.execute("begin")
        connection.execute(change)
        try:
            return card.text(connection)
        finally:
            connection.execute("rollback")


def test_its_figures_are_those_of_the_marts(marts: Path) -> None:
    said = text(marts)
    # Beside the best of the simple rules, not of all models.
    assert "| todo | 1.200 | 19,4 % | 22,6 % | 1,2 % | 85,0 % | 95,0 % |" in said
    assert "la mejor regla simple del conjunto: todos los alumnos del curso anterior." in said
    assert f"| NORTE | 1.200 | 31,0 % | {card.NOTHING} | 10,0 % | 85,0 % | 95,0 % |" in said
    assert "- predecesor:" in said
    assert "(`equidad`): sede NORTE (31,0 %, lo esperado 20,0 %)." in said
    assert "Corrida `r1`, experimento `test`, código `abc`" in said


def test_what_is_worse_than_the_rule_is_a_weakness(marts: Path) -> None:
    assert "- Peor que la regla simple: en ningún corte." in text(marts)
    worse = (
        "update marts.exactitud set wape = 0.4 where corte = 'sede' and valor = 'CENTRO' and modelo = 'aforo'"
    )
    said = text(marts, worse)
    assert "- Peor que la regla simple: sede CENTRO (40,0 %, la regla 25,0 %)." in said
    assert "- Mayor error por sede: CENTRO 40,0 %; NORTE 31,0 %." in said


def test_a_name_of_the_institute_breaks_no_table(marts: Path) -> None:
    said = text(marts, "update marts.exactitud set valor = 'SUR | 2' where valor = 'NORTE'")
    assert "| SUR \\| 2 | 1.200 |" in said
