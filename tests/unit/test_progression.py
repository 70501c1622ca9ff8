"""Which course follows which, found again in the numbers of students alone."""

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from flows.commands import init_source
from flows.drafting import progression
from flows.settings import DEFAULT_SOURCE, resolve


def test_successors_of_the_demo_are_found_again_and_hardly_another_is_proposed(tmp_path: Path) -> None:
    (tmp_path / "programacion.parquet").symlink_to(DEFAULT_SOURCE / "programacion.parquet")
    asked = resolve(str(tmp_path))
    seen = init_source.see(asked)
    assert seen.sections
    proposed = {(step.course, step.successor) for step in seen.sections.steps}
    courses = pd.read_csv(DEFAULT_SOURCE / "cursos.csv")
    codes = pd.read_csv(DEFAULT_SOURCE / "equivalencia_cursos.csv").set_index("curso")["curso_actual"]
    true = {
        (codes.get(course, course), codes.get(after, after))
        for course, after in zip(courses["curso_actual"], courses["curso_siguiente"], strict=True)
    }
    right = {(codes.get(a, a), codes.get(b, b)) for a, b in proposed} & true
    assert len(right) >= 50
    assert len(right) >= 0.95 * len({(codes.get(a, a), codes.get(b, b)) for a, b in proposed})
    drafted = init_source.texts(seen, asked)["cursos"]
    with duckdb.connect() as connection:
        file = tmp_path / "programacion.parquet"
        entrega = f"(select *, 'x' as archivo, 1 as fila from read_parquet('{file}'))"
        rows = connection.execute(f"with entrega as {entrega} {drafted}").df()
        seen_courses = connection.execute(f"select distinct curso from {entrega}").fetchall()
    # Every course of the sections is in the draft: one that is not would be set aside.
    assert set(rows["curso_actual"]) == {course for (course,) in seen_courses}
    assert set(zip(rows["curso_actual"], rows["curso_siguiente"], strict=True)) >= proposed


# Five courses in two slots of three campuses; what is in them has nothing to do with each other.
UNRELATED = """
    select s as sede, h as horario, 'C' || c as curso, i as indice, 10 + hash(s, h, c, i) % 20 as matriculados
    from range(3) t(s), range(2) u(h), range(5) v(c), range(40) w(i)
"""
# B lives of A, campus by campus.
FED = """
    select sede, horario, 'A' as curso, indice, matriculados from ({}) where curso = 'C0'
    union all
    select sede, horario, 'B', indice + 1, matriculados * .8 from ({}) where curso = 'C0'
    union all
    from ({}) where curso > 'C1'
""".replace("{}", UNRELATED)


@pytest.mark.parametrize(("sections", "found"), [(UNRELATED, []), (FED, [("A", "B")])])
def test_only_what_stands_out_is_proposed(sections: str, found: list[tuple[str, str]]) -> None:
    with duckdb.connect() as connection:
        steps = progression.steps(connection, sections)
    assert [(step.course, step.successor) for step in steps] == found


def test_few_cells_are_no_evidence() -> None:
    with duckdb.connect() as connection:
        assert progression.steps(connection, f"select * from ({FED}) where indice < 4") == []
