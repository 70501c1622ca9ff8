"""What is asked of every peer, in a folder: the cleaned history of a warehouse, the origins, the candidates.

The peers get for nothing what aforo's run makes for itself: today's codes, cells, the catalogue's order of
the courses, and the cells that may be held.
"""

import json
from pathlib import Path

import duckdb

from flows.project import schema_of

PLATINUM, FEATURES = schema_of("platinum"), schema_of("features")

CELL = "sede || '/' || curso_actual || '/' || horario_actual as unique_id, sede, curso_actual, horario_actual"
TABLES = {
    # Students of every cell and period in which it was held.
    "celdas": f"""
        select {CELL}, indice, alumnos::double as y from {PLATINUM}.celdas order by indice, unique_id
    """,
    "cursos": f"""
        select curso_actual, programa, nivel, frecuencia, intensidad, tipo_demanda, curso_siguiente
        from {PLATINUM}.dim_cursos order by curso_actual
    """,
    "periodos": f"select indice, estacion, estaciones_por_ciclo from {PLATINUM}.dim_periodos order by indice",
    # Of every origin, also those that are only learnt from: the cells that may be held h periods later.
    "candidatos": f"""
        select indice_origen, indice - indice_origen as h, {CELL}
        from {FEATURES}.candidatos order by indice_origen, h, unique_id
    """,
}
ASKED = f"select indice_origen, horizonte from {FEATURES}.origenes where es_evaluado order by indice_origen"


def write(warehouse: Path, folder: Path) -> None:
    """Write each table as Parquet, and asked.json: warehouse, origins, horizon."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for name, query in TABLES.items():
            connection.execute(f"copy ({query}) to '{folder / name}.parquet'")
        rows = connection.execute(ASKED).fetchall()
    asked = {
        "warehouse": str(warehouse),
        "origins": [origin for origin, _ in rows],
        "horizon": max(horizon for _, horizon in rows),
    }
    (folder / "asked.json").write_text(json.dumps(asked))
