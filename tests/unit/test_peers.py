"""The judge of `make bench-peers`: same rows for all, and what a sample's time stands for."""

import pandas as pd
import pytest

from benchmarks.peers.judging import Sample, beside, scores, spread

KEYS = ["indice_origen", "h", "unique_id"]


def frame(columns: list[str], *rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*KEYS, *columns])


OURS = frame(
    ["y", "es_pronosticada", "yhat"],
    (9, 1, "a", 10.0, True, 8.0),
    (9, 1, "b", 0.0, True, 1.0),
    (9, 1, "unforeseen", 10.0, False, 0.0),
)


def test_a_peer_is_judged_on_our_rows_with_whole_students() -> None:
    theirs = frame(
        ["yhat"],
        (9, 1, "a", 11.6),
        (9, 1, "b", -3.0),
        (9, 1, "unforeseen", 10.0),
        (9, 1, "elsewhere", 50.0),
    )
    judged = beside(OURS, theirs).set_index("unique_id")["yhat"]
    assert judged.to_dict() == {"a": 12, "b": 0, "unforeseen": 0}


def test_a_candidate_without_a_forecast_counts_as_nobody() -> None:
    errors = scores(beside(OURS, frame(["yhat"], (9, 1, "b", 2.0)))).loc[1]
    assert errors["wape"] == pytest.approx(22 / 20)
    assert errors["bias"] == pytest.approx(-18 / 20)


def test_a_sample_is_scaled_without_its_start_up_and_judged_where_it_answered() -> None:
    answer = frame(["yhat"], (9, 1, "a", 10.0))
    cells = Sample(fitted=10, whole=100, seconds=6, keys=KEYS)
    assert cells.scaled(cpu=8) == 62
    assert cells.judged(OURS, answer)["unique_id"].tolist() == ["a"]
    # Where whole origins were fitted, a candidate that has no forecast is judged.
    assert len(Sample(1, 13, 6, ["indice_origen"]).judged(OURS, answer)) == len(OURS)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [(0, [30, 31, 32, 33, 34]), (9, [30, 31, 32, 33, 34]), (3, [30, 32, 34]), (2, [30, 34]), (1, [34])],
)
def test_origins_are_spread(wanted: int, chosen: list[int]) -> None:
    assert spread([30, 31, 32, 33, 34], wanted) == chosen
