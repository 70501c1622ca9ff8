"""The institutes of the zoo: each make is what it says, its truth adds up, and how the forecast is judged."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from flows.project import contract
from seeds.simulator.__main__ import main
from seeds.simulator.make_tables import AHEAD, make_institute
from seeds.simulator.makes import MAKES, Make
from seeds.simulator.process import Institute, simulate

CELL = ["sede", "curso_actual", "horario_actual"]
SMALL = Make(calendar=4, history=16, campuses=2, courses=6, slots=2, chain=3, seed=5)


def made(make: Make, replicas: int = 4) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    tables, truth = make_institute(make, replicas)
    assert truth is not None
    return tables, truth


def students(tables: dict[str, pd.DataFrame]) -> pd.Series:
    return tables["programacion"].groupby("periodo")["matriculados"].sum()


def variant(**options: object) -> Make:
    return dataclasses.replace(SMALL, **options)  # type: ignore[arg-type]


# --- any make


@pytest.mark.parametrize("name", MAKES)
def test_a_make_delivers_its_history_and_keeps_to_the_contract(name: str) -> None:
    make = MAKES[name]
    tables, _ = make_institute(make, replicas=0)
    sections = tables["programacion"]
    assert sections["periodo"].nunique() <= make.history
    assert (sections["matriculados"] > 0).all()
    for table, frame in tables.items():
        columns = {column["name"] for column in contract()[table]["columns"]}
        key = contract()[table]["config"]["meta"]["clave"]
        assert set(frame) <= columns
        assert not (set(key) <= set(frame) and frame.duplicated(key).any())
    if make.catalogue:
        assert "cursos" in tables
    else:
        assert list(sections) == ["periodo", "sede", "curso", "horario", "matriculados"]
        assert set(tables) <= {"programacion", "calendario"}


def test_the_zoo_holds_every_kind_that_is_asked_for() -> None:
    assert len(MAKES) >= 16
    assert {make.calendar for make in MAKES.values()} == {12, 4, 3, 2, 1}
    assert len({make.seed for make in MAKES.values()}) == len(MAKES)


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    first, truth = made(SMALL)
    again, truth_again = made(SMALL)
    assert_frame_equal(first["programacion"], again["programacion"])
    assert_frame_equal(truth, truth_again)
    other, _ = made(variant(seed=6))
    assert not students(first).equals(students(other))


def test_the_number_of_futures_does_not_move_the_institute() -> None:
    few, _ = made(SMALL, replicas=2)
    many, _ = made(SMALL, replicas=20)
    assert_frame_equal(few["programacion"], many["programacion"])


# --- the truth


def test_the_truth_of_past_origins_is_what_was_delivered() -> None:
    tables, truth = made(SMALL)
    real = tables["programacion"].groupby(["periodo", "sede", "curso", "horario"])["matriculados"].sum()
    known = truth[truth["periodo"] <= tables["programacion"]["periodo"].max()]
    for (origin, period), rows in known.groupby(["periodo_origen", "periodo"]):
        assert origin < period
        assert rows["realizado"].sum() == real.loc[period].sum()
        held = rows[rows["realizado"] > 0].set_index(CELL)["realizado"]
        assert held.to_dict() == real.loc[period].to_dict()


def test_unseen_periods_are_in_the_truth_alone() -> None:
    tables, truth = made(SMALL)
    newest = truth[truth["periodo_origen"] == truth["periodo_origen"].max()]
    assert sorted(newest["h"].unique()) == list(range(1, AHEAD + 1))
    assert newest["periodo"].min() > tables["programacion"]["periodo"].max()
    assert set(newest["periodo"]) <= set(tables["calendario"]["periodo"])


def test_the_expected_value_is_the_mean_of_what_comes() -> None:
    """Over many cells and origins the expectation is unbiased, and nearer than the last season."""
    make = variant(history=40, courses=12, campuses=3)
    outcomes, expected = simulate(make, origins=12, ahead=4, replicas=100)
    real = np.array([outcomes[t + 1] for t in expected])
    mean = np.array([values[0] for values in expected.values()])
    season = np.array([outcomes[t + 1 - make.calendar] for t in expected])
    assert abs(mean.sum() / real.sum() - 1) < 0.03
    assert np.abs(mean - real).sum() < 0.8 * np.abs(season - real).sum()


# --- the options


def test_closed_seasons_are_empty_in_data_and_truth_and_in_the_calendar() -> None:
    tables, truth = made(variant(closed=(2,)))
    season = tables["calendario"].set_index("periodo")["estacion"]
    assert set(season[students(tables).index]) == {1, 3, 4}
    assert set(season[truth["periodo"].unique()]) == {1, 3, 4}
    assert set(season) == {1, 2, 3, 4}


def test_a_hole_is_empty_and_the_institute_comes_back_smaller() -> None:
    tables, _ = made(variant(history=20, hole=(8, 4)))
    periods = tables["calendario"]["periodo"].to_numpy()[:20]
    assert set(periods) - set(students(tables).index) == set(periods[12:16])
    without, _ = made(variant(history=20))
    assert students(tables)[periods[16]] < students(without)[periods[16]]


def test_a_campus_opens_and_a_campus_closes() -> None:
    opening, _ = made(variant(opens=3))
    periods = opening["calendario"]["periodo"].to_numpy()
    first = opening["programacion"].groupby("sede")["periodo"].min()
    assert first.to_dict() == {"CENTRO": periods[0], "NORTE": periods[13]}
    closing, truth = made(variant(closes=3))
    last = closing["programacion"].groupby("sede")["periodo"].max()
    assert last.to_dict() == {"CENTRO": periods[15], "NORTE": periods[12]}
    assert set(truth.loc[truth["periodo_origen"] >= periods[12], "sede"]) == {"CENTRO"}


def test_a_trend_makes_the_institute_grow_or_shrink() -> None:
    def growth(trend: float) -> float:
        by_period = students(made(variant(history=24, trend=trend, noise=0.01))[0]).to_numpy()
        return float(by_period[-4:].sum() / by_period[:4].sum())

    assert growth(0.3) > 2 > 1.3 > growth(0.0) > 0.7 > growth(-0.2)


def test_renumbered_courses_are_mapped_to_todays() -> None:
    tables, truth = made(variant(renumbered=5))
    sections, periods = tables["programacion"], tables["calendario"]["periodo"].to_numpy()
    old = sections["curso"].str.startswith("ANT-")
    assert sections.loc[old, "periodo"].max() == periods[10]
    assert sections.loc[~old, "periodo"].min() == periods[11]
    today = tables["equivalencia_cursos"].set_index("curso")["curso_actual"]
    assert (
        set(today[sections["curso"]]) <= set(tables["cursos"]["curso_actual"]) >= set(truth["curso_actual"])
    )


def test_cells_of_a_sparse_institute_come_and_go_with_the_season() -> None:
    make = variant(calendar=2, history=20, courses=60, chain=1, sparse=True)
    outcomes, _ = simulate(make, origins=0, ahead=0, replicas=0)
    held = np.array(outcomes) > 0
    ever = held.any(axis=0).sum()
    assert held.sum() / (len(held) * ever) < 0.5
    same_season = (held[2:] & held[:-2]).sum() / held[2:].sum()
    season_before = (held[1:] & held[:-1]).sum() / held[1:].sum()
    assert same_season > season_before + 0.1


def test_kinds_of_class_change_and_no_student_is_lost() -> None:
    make = dataclasses.replace(MAKES["university"], courses=30)
    institute = Institute(make)
    cells = institute.rng.integers(0, 30, (make.campuses, make.courses, make.slots))
    for t in range(make.history):
        entered = institute.entered(cells, t)
        assert (entered.sum(axis=2) == cells.sum(axis=2)).all()
    change = make.history - (make.kinds_change or 0)
    assert (institute.entered(cells, change - 1) == cells).all()
    assert institute.entered(cells, change)[..., 0].sum() < 0.4 * cells[..., 0].sum()
    assert institute.entered(cells, change - 3 * make.calendar)[..., :5].sum() == 0


def test_students_flow_from_course_to_course_only_where_courses_follow() -> None:
    def passed_on(make: Make) -> float:
        outcomes = np.array(simulate(make, origins=0, ahead=0, replicas=0)[0], dtype=float)
        before = outcomes[:-1, :, ::3].sum(axis=3).ravel()
        after = outcomes[1:, :, 1::3].sum(axis=3).ravel()
        return float(np.corrcoef(before, after)[0, 1])

    assert passed_on(variant(season_sd=1.0)) > 0.8
    assert passed_on(variant(season_sd=1.0, chain=1)) < 0.6


def test_constants_never_change_and_are_expected() -> None:
    tables, truth = made(MAKES["constants"])
    assert students(tables).nunique() == 1
    assert (truth["esperado"] == truth["realizado"]).all()


# --- the command


def test_the_command_writes_a_make_with_options_and_its_truth_beside(tmp_path: Path) -> None:
    out = tmp_path / "x"
    main(["--make", "yearly", "--history", "6", "--no-catalogue", "--replicas", "2", "--out", str(out)])
    assert {p.name for p in out.iterdir()} == {"programacion.parquet", "calendario.parquet"}
    assert pd.read_parquet(out / "programacion.parquet")["periodo"].tolist()[-1] == 2024
    assert (tmp_path / "x_truth" / "esperado.parquet").exists()


def test_an_institute_of_the_zoo_never_takes_the_demos_place() -> None:
    with pytest.raises(SystemExit):
        main(["--calendar", "2"])
