"""A home at a path full of signs, whose warehouse is damaged: the history is not lost with it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import sources
from tests.harness import Institute

pytestmark = pytest.mark.slow

SIGNS = "weird [home] #1 100% «ñ» it's *"
OF_THE_RUN = "run_id, datos_al, git_commit, estado_fuente, tablas_respaldo, as_of"


@pytest.fixture(scope="module")
def restored(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run, a damage, a refused run, a restore, a run without the source: what each said and published."""
    folder = tmp_path_factory.mktemp("damaged")
    source = sources.write(sources.institute(), folder / "source")
    # No server is named: Prefect's own is in the home, as it is for a user.
    institute = Institute(source, folder / SIGNS, {}, ("--horizon", "1"))
    story: dict[str, Any] = {"institute": institute, "folder": folder, "first": institute.aforo("run")}
    story["forecast"] = forecast(institute)
    story["path"] = institute.aforo("path", "--parquet").out.strip()
    story["sound"] = institute.aforo("status")
    warehouse = institute.home / "aforo_warehouse.duckdb"
    content = warehouse.read_bytes()
    warehouse.write_bytes(content[: len(content) // 2])
    story["cut"] = warehouse.read_bytes()
    story["published"] = institute.fingerprint()
    story["refused"] = institute.aforo("run")
    story["still published"] = institute.fingerprint()
    story["restore"] = institute.aforo("restore")
    lost = institute.home / "history" / "20250601T000000Z-aaaaaa.parquet"
    lost.write_bytes(b"PAR1 and then nothing")
    story["lost"] = lost
    offline = replace(institute, flags=("--horizon", "1", "--offline"))
    story["again"] = offline.aforo("run")
    return story


def forecast(institute: Institute) -> list[Any]:
    """The published forecast and its detail, but for the run's stamps."""
    detail = institute.published(
        f"select * exclude ({OF_THE_RUN}) from marts.prediccion_detalle order by all"
    )
    return [*institute.forecast(), *detail]


def test_a_home_whose_path_is_full_of_signs(restored: dict[str, Any]) -> None:
    """It works, and nothing is written beside it."""
    institute = restored["institute"]
    assert restored["first"].exit_code == 0, restored["first"].err
    assert {path.name for path in restored["folder"].iterdir()} == {"source", SIGNS}
    assert (institute.home / "prefect" / "prefect.db").is_file()
    assert Path(restored["path"]).parent.parent == institute.home / "releases"
    assert restored["sound"].exit_code == 0, restored["sound"].out


def test_a_warehouse_that_is_cut_off(restored: dict[str, Any]) -> None:
    """The run is refused and names `aforo restore`, which brings the history and the forecast back."""
    institute = restored["institute"]
    assert restored["refused"].exit_code == 1
    assert "is damaged" in restored["refused"].err
    assert "aforo restore" in restored["refused"].err
    assert "Traceback" not in restored["refused"].err
    assert restored["still published"] == restored["published"]
    assert restored["restore"].exit_code == 0, restored["restore"].err
    [aside] = institute.home.joinpath("damaged").rglob("aforo_warehouse.duckdb")
    assert aside.read_bytes() == restored["cut"]
    assert restored["again"].exit_code == 0, restored["again"].err
    assert forecast(institute) == restored["forecast"]
    assert institute.leftovers() == []


def test_a_published_forecast_that_is_damaged(restored: dict[str, Any]) -> None:
    """The past forecasts are judged without it, and the run's notes name it; it is left where it is."""
    lost = restored["lost"]
    assert restored["again"].exit_code == 0, restored["again"].err
    assert f"Note: pronostico_y_real, {lost}" in restored["again"].out
    assert "left out: it is damaged" in restored["again"].out
    assert lost.is_file()
    # Nothing that was published has come true: the mart is there, without a row.
    assert restored["institute"].published("select count(*) from marts.pronostico_y_real") == [(0,)]
