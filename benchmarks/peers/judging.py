"""How the answers are judged, and what a sample's processor time stands for."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import pandas as pd

from flows.project import schema_of

PREDICTIONS = schema_of("predictions")
SAMPLE_FILE = "sample.json"

# What aforo is judged on: its candidates and the cells that were held, with its published number.
OURS = f"""
select
    e.indice_origen, e.h, e.unique_id, e.y, e.es_pronosticada,
    coalesce(round(p.punto), e.yhat) as yhat
from {PREDICTIONS}.evaluaciones as e
left join {PREDICTIONS}.pronosticos as p
    on
        e.indice_origen = p.indice_origen and e.h = p.h and e.unique_id = p.unique_id
        and p.nivel_jerarquia = 'celda'
where e.modelo = 'aforo'
"""

# A whole number of students is asked: 0 without a forecast (greatest leaves nulls out) or a candidate.
THEIRS = """
select
    o.indice_origen, o.h, o.unique_id, o.y,
    case when o.es_pronosticada then round(greatest(t.yhat, 0)) else 0 end as yhat
from ours as o
left join theirs as t using (indice_origen, h, unique_id)
"""

SCORES = """
select h, sum(abs(yhat - y)) / sum(y) as wape, sum(yhat - y) / sum(y) as bias
from judged group by h order by h
"""


@dataclass(frozen=True)
class Sample:
    """What a program that answers for a part alone says of it.

    fitted, whole: series or origins that it fitted, and that were asked. seconds: processor time of the fits.
    keys: a row is judged where the answer has one with the same values of these columns.
    """

    fitted: int
    whole: int
    seconds: float
    keys: list[str]

    def write(self, folder: Path) -> None:
        """As sample.json."""
        (folder / SAMPLE_FILE).write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, folder: Path) -> "Sample | None":
        """What the folder's program wrote; none where it answered for all."""
        file = folder / SAMPLE_FILE
        return cls(**json.loads(file.read_text())) if file.exists() else None

    def scaled(self, cpu: float) -> float:
        """Processor seconds of the program, `cpu`, as if it had fitted all: start-up counts once."""
        return cpu + self.seconds * (self.whole / self.fitted - 1)

    def judged(self, rows: pd.DataFrame, answer: pd.DataFrame) -> pd.DataFrame:
        """The rows that the sample can be judged on."""
        return rows.merge(answer[self.keys].drop_duplicates())


def seconds_so_far() -> float:
    """Processor time of this process and of its children that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def spread(origins: list[int], wanted: int) -> list[int]:
    """`wanted` of the origins at equal distances, the first and the last with them; 0: all."""
    if not 0 < wanted < len(origins):
        return origins
    if wanted == 1:
        return origins[-1:]
    return [origins[round(i * (len(origins) - 1) / (wanted - 1))] for i in range(wanted)]


def ours_of(warehouse: Path) -> pd.DataFrame:
    """Rows (indice_origen, h, unique_id, y, es_pronosticada, yhat) of the origins that could be judged."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.sql(OURS).df()


def beside(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """The rows of `ours` with the forecasts of `theirs`: rows (indice_origen, h, unique_id, yhat).

    A candidate that they do not forecast counts as none; a cell that is no candidate counts as none for both.
    """
    with duckdb.connect() as connection:
        connection.register("ours", ours)
        connection.register("theirs", theirs)
        return connection.sql(THEIRS).df()


def scores(judged: pd.DataFrame) -> pd.DataFrame:
    """Rows (h; wape, bias) of rows (h, y, yhat)."""
    with duckdb.connect() as connection:
        connection.register("judged", judged)
        return connection.sql(SCORES).df().set_index("h")
