"""A layer's code does not change without its version (`aforo version`)."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.commands import version as tool

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project's layers, sealed."""
    for name in ("models", "macros", "snapshots", "python_models"):
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
    model.write_text(model.read_text() + "where true\n")

    assert tool.problems(project) == ["the code of features changed: run `make bump LAYER=features`"]

    tool.bump("features", project)
    after = tool.versions(project / "version.yml")
    assert tool.problems(project) == []
    assert {layer for layer in after if after[layer] != before[layer]} == {
        "features",
        "target",
        "predictions",
    }


@pytest.mark.parametrize(
    ("layer", "raised"),
    [
        ("raw", {"raw", "platinum", "features", "target", "predictions"}),
        ("platinum", {"platinum", "features", "target", "predictions"}),
        ("target", {"target", "predictions"}),
        ("predictions", {"predictions"}),
    ],
)
def test_what_is_below_a_layer_gets_a_new_version_with_it(
    layer: str, raised: set[str], project: Path
) -> None:
    before = tool.versions(project / "version.yml")
    tool.bump(layer, project)
    for file in ("version.yml", "dbt_project.yml"):
        after = tool.versions(project / file)
        assert {name for name in after if after[name] != before[name]} == raised


def test_a_comment_asks_for_no_version(project: Path) -> None:
    model = project / "models" / "platinum" / "celdas.sql"
    model.write_text("-- A word on it.\n" + model.read_text().replace("\n", "\n\n"))

    assert tool.problems(project) == []


def test_code_that_no_layer_names_is_refused(project: Path) -> None:
    (project / "macros" / "nueva.sql").write_text("{% macro nueva() %}1{% endmacro %}\n")
    (project / "models" / "platinum" / "sub").mkdir()
    (project / "models" / "platinum" / "sub" / "otra.sql").write_text("select 1\n")

    assert tool.problems(project) == [
        "macros/nueva.sql belongs to no layer: name it in flows/commands/version.py",
        "models/platinum/sub/otra.sql belongs to no layer: name it in flows/commands/version.py",
    ]


def test_versions_of_the_two_files_must_agree(project: Path) -> None:
    version_file = project / "version.yml"
    version_file.write_text(version_file.read_text().replace("target_version: v", "target_version: v9"))

    assert "version.yml and the vars of dbt_project.yml name different versions" in tool.problems(project)


def test_the_command_checks_and_refuses_a_layer_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = CliRunner()
    monkeypatch.setattr(tool, "problems", lambda: ["the code of raw changed: run `make bump LAYER=raw`"])

    checked = runner.invoke(app, ["version", "check"])
    assert (checked.exit_code, checked.output) == (1, "the code of raw changed: run `make bump LAYER=raw`\n")
    refused = runner.invoke(app, ["version", "bump", "marts"])
    assert refused.exit_code == 2
    assert "'marts'" in refused.output
