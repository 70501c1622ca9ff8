"""`aforo reproduce`: a published forecast is made again and compared; nothing in the home changes."""

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import reproduction
from flows.errors import AforoError
from flows.home import lineage, record
from flows.screen.progress import QuietProgress
from flows.settings import Home
from tests.harness import Institute

pytestmark = pytest.mark.slow


@pytest.fixture
def copy(built: Institute, tmp_path: Path) -> Institute:
    """A copy of the institute after its run, whose scratch homes are made in a folder of its own."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return replace(built.copy(tmp_path), environment=built.environment | {"TMPDIR": str(scratch)})


def scratch_homes(institute: Institute) -> list[Path]:
    return list(Path(institute.environment["TMPDIR"]).iterdir())


def files(home: Path) -> dict[Path, tuple[int, int]]:
    """Every file of the home, with its size and when it was last written to."""
    found = {path: path.stat() for path in home.rglob("*") if path.is_file()}
    return {path: (stat.st_size, stat.st_mtime_ns) for path, stat in found.items()}


def last_run(institute: Institute) -> record.Record:
    return record.read_all(Home(institute.home))[0][-1]


def test_what_a_run_stood_on_is_published_with_it(built: Institute) -> None:
    run = last_run(built)
    said = built.published(
        "select run_id, resultado, forma_inicio, iniciada_por, compuerta, periodos, codigo, version_duckdb"
        " from marts.ejecuciones"
    )
    by = ("cuenta", lineage.user())
    assert said == [(run.run_id, "publicada", *by, "pasa", "202507", lineage.code(), duckdb.__version__)]
    inputs = built.published("select tabla, filas, huella from marts.ejecuciones_entradas order by tabla")
    assert inputs == [(found["table"], found["rows"], found["hash"]) for found in run.inputs]
    assert len([huella for _, _, huella in inputs if huella]) == 7
    assert run.periods == [202507]


def test_the_same_data_and_code_make_the_same_forecast(copy: Institute) -> None:
    """Of the kept release, or of the history where it is gone; the home is only read."""
    before = files(copy.home)
    made = copy.aforo("reproduce", "--json")
    assert made.exit_code == 0, made.out + made.err
    assert files(copy.home) == before
    assert scratch_homes(copy) == []
    report = json.loads(made.out)
    assert (report["status"], report["compared_with"]) == ("equal", "release")
    rows = len(copy.forecast())
    assert {mart["rows"] for mart in report["marts"].values()} == {rows}
    assert (report["differences"], report["unknown"]) == ([], [])


def test_what_is_other_than_it_was_is_named(copy: Institute) -> None:
    """A count of the source, a version and a package; and the rows that differ, of the history's forecast."""
    run = last_run(copy)
    packages = lineage.packages() | {"statsforecast": "1.0"}
    lineage.keep_packages(Home(copy.home), packages)
    run.versions["features_version"] = "v0"
    run.package_set = lineage.short_hash(packages)
    run.save()
    (copy.home / "releases" / run.run_id / "manifest.json").unlink()
    with duckdb.connect(str(copy.home / "backup" / "aforo_history.duckdb")) as connection:
        connection.execute(
            "update snapshots.programacion set matriculados = matriculados + 9"
            " where periodo = 202506 and sede = 'NORTE' and estado = 'cerrado'"
        )
    made = copy.aforo("reproduce", run.run_id, "--json")
    assert made.exit_code == 1, made.out + made.err
    report = json.loads(made.out)
    assert (report["status"], report["compared_with"]) == ("different", "history")
    assert [(found["kind"], found["name"]) for found in report["differences"]] == [
        ("input", "programacion"),
        ("version", "features_version"),
        ("package", "statsforecast"),
    ]
    detail = report["marts"]["prediccion_detalle"]
    assert 0 < detail["differing"] <= detail["rows"]
    assert "media" in detail["columns"]
    changes = [abs((row["then"] or 0) - (row["now"] or 0)) for row in report["worst"]]
    assert changes == sorted(changes, reverse=True)
    assert changes[0] > 1


def without_its_forecast(home: Path, run_id: str) -> str:
    (home / "history" / f"{run_id}.parquet").unlink()
    (home / "releases" / run_id / "manifest.json").unlink()
    return f"the forecast of run {run_id} is no longer kept"


def without_its_record(home: Path, run_id: str) -> str:
    (home / "runs" / f"{run_id}.json").write_text("{")
    return f"what run {run_id} was asked is not known"


def without_its_history(home: Path, run_id: str) -> str:  # noqa: ARG001 (as the others)
    (home / "backup" / "aforo_history.duckdb").unlink()
    return "there is no copy of the history"


def with_a_damaged_history(home: Path, run_id: str) -> str:  # noqa: ARG001 (as the others)
    (home / "backup" / "aforo_history.duckdb").write_bytes(b"DUCK" * 9999)
    return "is damaged"


def folded(home: Path, run_id: str) -> str:  # noqa: ARG001 (as the others)
    """As a vacuum leaves it that did not know of the run's forecast."""
    with duckdb.connect(str(home / "backup" / "aforo_history.duckdb")) as connection:
        connection.execute(
            "insert into landing.vaciados select now(), max(capturada_en) + interval 1 day, [], 2, 1, []"
            " from landing.capturas"
        )
    return "`aforo vacuum` has folded the history up to then"


@pytest.mark.parametrize(
    "spoil",
    [without_its_forecast, without_its_record, without_its_history, with_a_damaged_history, folded],
    ids=lambda spoil: spoil.__name__,
)
def test_what_is_missing_is_said(
    spoil: Callable[[Path, str], str], copy: Institute, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", copy.environment["TMPDIR"])
    words = spoil(copy.home, last_run(copy).run_id)
    with pytest.raises(AforoError) as refused:
        reproduction.reproduce(Home(copy.home), None, QuietProgress())
    assert words in str(refused.value)
    assert scratch_homes(copy) == []


def test_ctrl_c_leaves_nothing_behind(copy: Institute) -> None:
    process: Any = copy.start("reproduce")
    line = ""
    while "transform" not in line:
        line = process.stderr.readline()
        assert line, "it ended before it was stopped"
    assert scratch_homes(copy) != []
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert scratch_homes(copy) == []
