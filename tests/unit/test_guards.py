"""What a run refuses before it reads anything, and which capture it takes for the newest."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from flows.errors import AforoError, Problem
from flows.home import warehouse
from flows.project import contract_tables
from flows.settings import DEFAULT_SOURCE, Home, Settings, resolve, resolve_home
from flows.steps import audit, preflight

AWAY = Problem("the source folder does not exist", "name the right folder")
DEMO = str(DEFAULT_SOURCE)
NOW = datetime.now(UTC).replace(tzinfo=None)

Row = tuple[str, str, datetime, int, str]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def log(home: Home, *rows: Row, sequence: Iterable[int] | None = None) -> None:
    """A log of captures: tabla, origen, capturada_en, filas, huella; without a sequence, one of before."""
    home.root.mkdir(parents=True, exist_ok=True)
    numbers = list(sequence) if sequence else None
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(
            "create schema landing; create table landing.capturas "
            "(tabla varchar, origen varchar, capturada_en timestamp, filas bigint, huella varchar)"
        )
        if numbers:
            connection.execute("alter table landing.capturas add column secuencia bigint")
        for position, row in enumerate(rows):
            values = (*row, numbers[position]) if numbers else row
            connection.execute(
                f"insert into landing.capturas values ({', '.join('?' * len(values))})", values
            )


def of(source: str, home: Home) -> Settings:
    return resolve(source, str(home.root))


@pytest.mark.parametrize("flag", ["source", "home", "mapping"])
@pytest.mark.parametrize("empty", ["", " "])
def test_a_setting_that_is_empty_is_refused_by_its_name(
    flag: str, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AforoError, match=f"^--{flag} is empty$"):
        resolve(**{flag: empty})  # type: ignore[arg-type]
    variable = f"AFORO_{flag.upper()}"
    monkeypatch.setenv(variable, empty)
    with pytest.raises(AforoError, match=f"^{variable} is empty$") as refused:
        resolve()
    assert f"unset {variable}" in refused.value.problems[0].remedy
    # A flag wins over its variable, and says what the variable does not.
    assert resolve(**{flag: "x"})  # type: ignore[arg-type]


def test_a_home_that_is_set_to_nothing_is_refused_also_where_no_source_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(AforoError, match=r"^--home is empty$"):
        resolve_home("")
    monkeypatch.setenv("AFORO_SOURCE", "")
    assert resolve_home("x").root == Path("x").resolve()


@pytest.mark.parametrize("sequence", [[1, 2], None], ids=["by its sequence", "in a home of before"])
def test_the_newest_capture_is_the_last_made_whatever_the_clock_said(
    home: Home, sequence: list[int] | None
) -> None:
    first = ("sedes", "a", NOW, 60, "old")
    set_back = ("sedes", "b", NOW - timedelta(days=400), 61, "new")
    log(home, first, set_back, sequence=sequence)
    [newest] = warehouse.captures(home)
    assert (newest.source, newest.rows, newest.fingerprint) == ("b", 61, "new")


def test_a_clock_behind_the_newest_capture_or_publication_is_refused(home: Home) -> None:
    log(home, ("sedes", "a", NOW, 60, ""), ("sedes", "a", NOW - timedelta(days=3), 60, ""))
    assert preflight.clock_problems(home) == []
    release = home.releases / "run-1"
    release.mkdir(parents=True)
    home.published.symlink_to(release)
    ahead = datetime.now(UTC) + timedelta(hours=2)
    manifest = {"run_id": "run-1", "published_at": ahead.isoformat(timespec="seconds")}
    (release / "manifest.json").write_text(json.dumps(manifest))
    [problem] = preflight.clock_problems(home)
    assert f"before the newest publication, run run-1, of {ahead:%Y-%m-%d %H:%M:%S} UTC" in problem.what
    later = NOW + timedelta(days=1)
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("insert into landing.capturas values ('cursos', 'a', ?, 1, '')", [later])
    [problem] = preflight.clock_problems(home)
    assert f"before the newest capture of cursos, of {later:%Y-%m-%d %H:%M:%S} UTC" in problem.what
    assert problem.what.startswith(f"this machine's clock says {NOW:%Y-%m-%d}")
    assert "set the clock right" in problem.remedy


def test_a_home_without_captures_has_no_clock_to_be_behind(home: Home) -> None:
    assert preflight.clock_problems(home) == []


def test_the_demo_never_runs_over_a_home_that_holds_something_else(home: Home) -> None:
    log(home, ("sedes", "/exports/2025", NOW, 60, ""), ("cursos", DEMO, NOW, 0, ""), sequence=[1, 2])
    [problem] = preflight.demo_problems(of(DEMO, home))
    assert f"{home.root}, which holds what was captured of /exports/2025" in problem.what
    assert "use another --home" in problem.remedy
    assert preflight.demo_problems(of("/exports/2026", home)) == []


def test_the_demo_runs_over_its_own_home_also_from_another_copy_of_the_project(home: Home) -> None:
    log(home, ("sedes", "/elsewhere/aforo/seeds/demo_institute", NOW, 60, ""))
    assert preflight.demo_problems(of(DEMO, home)) == []


def test_offline_takes_any_of_the_names_that_were_captured(home: Home) -> None:
    log(home, ("programacion", "/new", NOW, 60, ""), ("sedes", "/old", NOW, 60, ""), sequence=[2, 1])
    for name in ("/new", "/old"):
        assert preflight.capture_problems(resolve(name, str(home.root), offline=True)) == []
    [problem] = preflight.capture_problems(resolve("/other", str(home.root), offline=True))
    assert "is not of /other, but of /new, /old" in problem.what


def test_a_source_that_is_misspelt_is_not_tried_again_and_one_that_is_away_is(home: Home) -> None:
    away = audit.unreachable(AWAY, list(contract_tables()))
    locked = audit.Audit({"sedes": [AWAY]}, transient=True)
    assert not audit.is_worth_another_attempt(away, of("/exports", home))
    assert audit.is_worth_another_attempt(locked, of("/exports", home))
    log(home, ("sedes", "/exports", NOW, 60, ""))
    assert audit.is_worth_another_attempt(away, of("/exports", home))
    assert not audit.is_worth_another_attempt(away, of("/exprots", home))


def test_what_the_home_holds_stands_in_for_the_same_institute_by_any_name(home: Home) -> None:
    log(home, *((table, "/exports", NOW, 60, "") for table in contract_tables()))
    failed = {"sedes": [AWAY]}
    reasons = {"sedes": AWAY.what}
    seen = audit.Audit(dict(failed), same_institute=True)
    assert audit.fall_back(seen, of("/copy of exports", home)) == reasons
    # Of the source by its own name it is believed, also where programacion can't be read.
    assert audit.fall_back(audit.Audit(dict(failed)), of("/exports", home)) == reasons
    with pytest.raises(AforoError, match=r"there is no earlier capture .* holds those of /exports$"):
        audit.fall_back(audit.Audit(dict(failed)), of("/copy of exports", home))


def test_another_institute_is_refused_whole_by_any_name(home: Home) -> None:
    log(home, *((table, "/exports", NOW, 60, "") for table in contract_tables()))
    other = Problem("the source is another institute's", "use another --home")
    found = audit.Audit({"programacion": [other, AWAY], "sedes": [AWAY]}, same_institute=False)
    with pytest.raises(AforoError) as refused:
        audit.fall_back(found, of("/exports", home))
    assert refused.value.problems == [other]
