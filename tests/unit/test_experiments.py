"""What an experiment may change, and what must be so before it is let serve."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows import experiments, project
from flows.commands import promote, version
from flows.errors import AforoError
from flows.home import promotions
from flows.settings import Home
from flows.steps import champion

ROOT = Path(__file__).parents[2]
SERVING = project.read_versions(ROOT / "version.yml")["experiment_name"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of experiments in place of the project's, with the one that serves."""
    monkeypatch.setattr(project, "PROJECT", tmp_path)
    monkeypatch.setattr(project, "EXPERIMENTS", tmp_path / "experiments")
    folder = tmp_path / "experiments"
    folder.mkdir()
    (folder / f"{SERVING}.yml").write_text("# nothing\n")
    project.version_variables.cache_clear()
    yield folder
    project.version_variables.cache_clear()


def refusal(name: str) -> list[str]:
    with pytest.raises(AforoError) as refused:
        experiments.challenger(name)
    return [problem.what for problem in refused.value.problems]


def test_an_experiment_of_predictions_alone_builds_only_them(folder: Path) -> None:
    (folder / "sin_aprendiz.yml").write_text("learner: none\n")
    found = experiments.challenger("sin_aprendiz")
    assert found.layers == ("predictions",)
    serving = project.version_variables()
    assert found.variables == serving | {"experiment_name": "sin_aprendiz", "learner": "none"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("learnr: none", "experiments/x.yml: nothing is called learnr"),
        ("experiment_name: y", "experiments/x.yml: nothing is called experiment_name"),
        ("[1]", "experiments/x.yml: nothing is called -"),
        ("a: [", "experiments/x.yml is no YAML"),
        ("features_version: V 2", "experiments/x.yml: features_version is 'V 2'"),
        ("horizonte: 2", "horizonte is asked of each run: no experiment changes it"),
        ("origenes_backtest: 2", "origenes_backtest is asked of each run"),
        ("equidad_maxima: 2", "equidad_maxima is read by marts, monitoring, which all experiments share"),
        ("costo_hora: 2", "costo_hora is read by plan, which all experiments share"),
        ("sin_codigo_maximo: 1", "sin_codigo_maximo is read by tests alone"),
        ("origenes_aprendizaje: 36", "origenes_aprendizaje is read by the layer features"),
        ("features_version: v2", "the layer target reads from features, of which the experiment has another"),
    ],
)
def test_what_would_change_the_champions_tables_or_nothing_is_refused(
    text: str, said: str, folder: Path
) -> None:
    (folder / "x.yml").write_text(f"{text}\n")
    [what] = refusal("x")
    assert what.startswith(said)


def test_another_version_of_what_it_changes_and_of_what_is_below_is_its_own(folder: Path) -> None:
    (folder / "x.yml").write_text("origenes_aprendizaje: 36\nfeatures_version: x\ntarget_version: x\n")
    assert experiments.challenger("x").layers == ("features", "target", "predictions")


def test_a_champion_that_changes_a_layer_leaves_the_others_theirs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What differs from the champion counts, not what the file says."""
    (folder / "x.yml").write_text("origenes_aprendizaje: 36\nfeatures_version: x\ntarget_version: x\n")
    file = tmp_path / "version.yml"
    file.write_text(
        (ROOT / "version.yml").read_text().replace(f"experiment_name: {SERVING}", "experiment_name: x")
    )
    for module in (project, experiments):
        monkeypatch.setattr(module, "VERSION_FILE", file)
    project.version_variables.cache_clear()
    assert project.schema_of("features") == "features_x"
    assert experiments.challenger(SERVING).layers == ("features", "target", "predictions")


@pytest.mark.usefixtures("folder")
def test_one_that_has_no_file_or_serves_is_no_challenger() -> None:
    [what] = refusal("none")
    assert what == "there is no experiment none: it has no file experiments/none.yml"
    [what] = refusal(SERVING)
    assert what == f"the experiment {SERVING} is the one that serves: it is no challenger"


@pytest.fixture
def home(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home, and a copy of the files that a promotion writes."""
    (folder / "otro.yml").write_text("learner: none\n")
    for name in (*version.FILES, "models/layers.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for module in (project, experiments):
        monkeypatch.setattr(module, "VERSION_FILE", tmp_path / "version.yml")
    monkeypatch.setattr(version, "PROJECT", tmp_path)
    monkeypatch.setattr(version.name_experiment, "__defaults__", (tmp_path,))
    return Home(tmp_path / "home")


def stands_on(monkeypatch: pytest.MonkeyPatch, otro: tuple[str, str | None] | None = None) -> None:
    """The predictions of what serves stand on "key", those of the other on this, and are made with that."""
    bases = {f"predictions_{SERVING}": ("key", None), "predictions_otro": otro}
    monkeypatch.setattr(champion, "base", lambda _, schema: bases[schema])


def compared(monkeypatch: pytest.MonkeyPatch, *rows: dict[str, Any]) -> None:
    monkeypatch.setattr(champion, "comparison", lambda *_: list(rows))


def test_it_is_promoted_in_the_files_with_its_numbers_and_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_with = promote.reuse.settings_key(experiments.variables("otro"))
    stands_on(monkeypatch, otro=("key", made_with))
    row = {"retador": "otro", "wape_retador": 0.1}
    compared(monkeypatch, row)
    before = {name: (home.root.parent / name).read_text() for name in version.FILES}

    note = promote.promote(home, "otro")
    assert (note["from"], note["to"], note["comparison"]) == (SERVING, "otro", [row])
    assert note["by"]
    for name in version.FILES:
        after = (home.root.parent / name).read_text()
        # Comments and all else stay.
        assert after == before[name].replace(f"experiment_name: {SERVING}", "experiment_name: otro")
    recorded = json.loads((home.root.parent / "models" / "layers.json").read_text())
    assert recorded["predictions"]["version"] == "otro"
    project.version_variables.cache_clear()
    assert project.version_variables()["learner"] == "none"

    # The one that served before needs no comparison: it is the way back.
    stands_on(monkeypatch)
    compared(monkeypatch)
    assert promote.promote(home, SERVING)["to"] == SERVING
    assert [each["to"] for each in promotions.all_of(home)] == ["otro", SERVING]


@pytest.mark.parametrize(
    ("base", "made_with", "said"),
    [
        (None, None, "was never run beside what is published"),
        ("older", "now", "was run beside another forecast than the newest"),
        ("key", "before", "or the code has changed since it was run"),
        ("key", "now", "there is no comparison of the experiment otro"),
    ],
)
def test_one_that_was_not_run_beside_it_or_is_another_since_is_refused(
    base: str | None, made_with: str | None, said: str, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(promote.reuse, "settings_key", lambda _: "now")
    stands_on(monkeypatch, otro=(base, made_with) if base else None)
    compared(monkeypatch)
    before = (home.root.parent / "version.yml").read_text()
    with pytest.raises(AforoError, match=said):
        promote.promote(home, "otro")
    assert (home.root.parent / "version.yml").read_text() == before
    assert promotions.all_of(home) == []


def test_where_the_files_cannot_be_written_nothing_is_promoted(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(30, "Read-only file system", "version.yml")

    stands_on(monkeypatch, otro=("key", "now"))
    monkeypatch.setattr(promote.reuse, "settings_key", lambda _: "now")
    compared(monkeypatch, {})
    monkeypatch.setattr(version, "_write", full)
    with pytest.raises(AforoError, match=r"version.yml can't be written: Read-only file system"):
        promote.promote(home, "otro")
    assert promotions.all_of(home) == []
