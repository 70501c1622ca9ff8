"""What is a catalogue worth that was only guessed? The successors that `aforo init-source` proposes.

`make bench-progression` takes ../shared/data/institute (the demo where it is absent) and forgets which
course follows which. It counts how many of the catalogue's successors are found again in the sections
(flows/drafting/progression.py), then forecasts without any, with those found, and with the catalogue's own,
and prints the errors of the backtest.
"""

import tempfile
from pathlib import Path

import duckdb
import pandas as pd

from benchmarks.bench_run import DEMO, INSTITUTE, run_once
from benchmarks.bench_sources import read
from flows.drafting.progression import steps
from tests import sources

ERRORS = """
select horizonte as h, valor as kind, wape, sesgo as bias
from marts.exactitud
where nivel_jerarquia = 'celda' and modelo = 'aforo' and corte in ('todo', 'tipo_demanda')
"""


def proposed(tables: sources.Tables) -> dict[str, str]:
    """The successor of each course, as the sections alone show it."""
    with duckdb.connect() as connection:
        connection.register("programacion", tables["programacion"])
        connection.register("equivalencia", tables["equivalencia_cursos"])
        found = steps(
            connection,
            """select p.sede, p.horario, e.curso_actual as curso, p.matriculados,
                dense_rank() over (order by p.periodo) as indice
            from programacion as p inner join equivalencia as e using (curso)""",
        )
    return {step.course: step.successor for step in found}


def with_successors(tables: sources.Tables, successor: dict[str, str]) -> sources.Tables:
    """The tables with a catalogue of these successors; what has none of either side is an entry course."""
    courses = tables["cursos"].copy()
    courses["curso_siguiente"] = courses["curso_actual"].map(successor)
    courses["es_inicial"] = ~courses["curso_actual"].isin(successor.values())
    return tables | {"cursos": courses}


def main() -> None:
    """Prints what was found again, and the errors side by side."""
    original = INSTITUTE if INSTITUTE.exists() else DEMO
    tables = read(original)
    taught = set(tables["equivalencia_cursos"].merge(tables["programacion"], on="curso")["curso_actual"])
    courses = tables["cursos"].set_index("curso_actual")["curso_siguiente"]
    known = {str(c): str(s) for c, s in courses.items() if c in taught and s in taught}
    found = proposed(tables)
    right = sum(known.get(course) == successor for course, successor in found.items())
    print(
        f"{original}: {len(known)} successors in the catalogue; {len(found)} proposed, {right} of them right"
    )
    judged = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, sample in {
            "none": with_successors(tables, {}),
            "proposed": with_successors(tables, found),
            "catalogue": tables,
        }.items():
            source, home = Path(folder, name), Path(folder, f"{name}_home")
            sources.write(sample, source)
            run_once(source, home)
            with duckdb.connect(str(home / "published" / "aforo_marts.duckdb"), read_only=True) as connection:
                judged[name] = connection.sql(ERRORS).df().set_index(["kind", "h"])
            print(f"{name}: done", flush=True)
    print(pd.concat(judged, axis=1).round(3).to_string())


if __name__ == "__main__":
    main()
