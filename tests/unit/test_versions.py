"""A layer's code does not change without its version (.ci/versions.py)."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


def load_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("versions", ROOT / ".ci" / "versions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tool = load_tool()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project's layers, sealed."""
    for name in ("models", "macros", "snapshots", "python_models", ".ci"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("version.yml", "dbt_project.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    tool.bump("raw", tmp_path)
    return tmp_path


def test_every_layer_has_the_version_of_its_code() -> None:
    assert tool.problems() == []


def test_changed_code_is_refused_until_the_version_is_raised(project: Path) -> None:
    before = tool.versions(project / "version.yml")
    model = project / "models" / "features" / "origenes.sql"
    model.write_text(model.read_text().replace("es_evaluado", "es_el_evaluado"))

    assert tool.problems(project) == ["the code of features changed: run `make bump LAYER=features`"]

    tool.bump("features", project)
    after = tool.versions(project / "version.yml")
    assert tool.problems(project) == []
    assert {layer for layer in after if after[layer] != before[layer]} == {
        "features",
        "target",
        "predictions",
    }


def test_a_comment_asks_for_no_version(project: Path) -> None:
    model = project / "models" / "platinum" / "celdas.sql"
    model.write_text("-- A word on it.\n" + model.read_text().replace("\n", "\n\n"))

    assert tool.problems(project) == []


def test_versions_of_the_two_files_must_agree(project: Path) -> None:
    version_file = project / "version.yml"
    version_file.write_text(version_file.read_text().replace("version_target: v", "version_target: v9"))

    assert "version.yml and the vars of dbt_project.yml name different versions" in tool.problems(project)
