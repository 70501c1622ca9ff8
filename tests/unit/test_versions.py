"""A layer's code does not change without its version (`aforo version`)."""

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows import layers, project
from flows.cli import app
from flows.commands import version as tool
from flows.errors import AforoError

ROOT = Path(__file__).parents[2]
MODEL = "model.aforo.celdas"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The project, compiled."""
    return layers.compiled(ROOT)


def test_every_layer_has_the_version_of_its_code(manifest: dict[str, Any]) -> None:
    assert tool.problems(layers.of_manifest(manifest)) == []


def test_the_layers_are_the_ones_that_the_user_named(manifest: dict[str, Any]) -> None:
    found = {name: set(layer.below) for name, layer in layers.of_manifest(manifest).items()}
    assert found == {
        "raw": {"platinum", "features", "target", "predictions"},
        "platinum": {"features", "target", "predictions"},
        # The target is that of the candidates, which are a feature.
        "features": {"target", "predictions"},
        "target": {"predictions"},
        "predictions": set(),
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the files that name versions."""
    for name in (*tool.FILES, "models/layers.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def with_code(manifest: dict[str, Any], *changes: tuple[str, str]) -> dict[str, layers.Layer]:
    """The layers, with `changes` made in the compiled code of a model of platinum."""
    changed = copy.deepcopy(manifest["nodes"][MODEL])
    for before, after in changes:
        assert before in changed["compiled_code"]
        changed["compiled_code"] = changed["compiled_code"].replace(before, after)
    return layers.of_manifest({"nodes": manifest["nodes"] | {MODEL: changed}})


@pytest.mark.parametrize(
    ("layer", "raised"),
    [
        ("raw", {"raw", "platinum", "features", "target", "predictions"}),
        ("target", {"target", "predictions"}),
        ("predictions", {"predictions"}),
    ],
)
def test_what_is_below_a_layer_gets_a_new_version_with_it(
    layer: str, raised: set[str], root: Path, manifest: dict[str, Any]
) -> None:
    before = tool.versions(root / "version.yml")
    tool.bump(layer, layers.of_manifest(manifest), root)
    for file in tool.FILES:
        after = tool.versions(root / file)
        assert {name for name in after if after[name] != before[name]} == raised
    project.read_versions(root / "version.yml")


def test_changed_code_is_refused_until_the_version_is_raised(root: Path, manifest: dict[str, Any]) -> None:
    changed = with_code(manifest, ("sum(", "max("))
    assert tool.problems(changed, root) == ["the code of platinum changed: run `aforo version bump platinum`"]
    tool.bump("platinum", changed, root)
    assert tool.problems(changed, root) == []


@pytest.mark.parametrize(
    "changes",
    [
        [("select\n", "SELECT   ")],
        [("with\n", "-- A word on it.\nwith\n")],
        [("secciones as (", "sections as ("), ("from secciones\n", "from sections\n")],
    ],
    ids=["a format", "a comment", "the name of a CTE"],
)
def test_what_changes_no_result_asks_for_no_version(
    changes: list[tuple[str, str]], root: Path, manifest: dict[str, Any]
) -> None:
    assert tool.problems(with_code(manifest, *changes), root) == []


def test_a_comment_or_a_docstring_changes_no_python() -> None:
    assert layers.of_python('def f():\n    """One."""\n    return 1  # one\n') == layers.of_python(
        'def f():\n    """Two."""\n    return 1\n'
    )


@pytest.mark.parametrize(
    ("code", "other"),
    [
        (
            "with a as (select 1), b as (select 2) select * from a",
            "with a as (select 1), b as (select 2) select * from b",
        ),
        ("with a as (select 1 as x) select x from s.a", "with b as (select 1 as x) select x from s.cte_0"),
        ("with a as (select 1 as a) select a from a", "with b as (select 1 as cte_0) select cte_0 from b"),
    ],
    ids=["another CTE", "a table of the name of a CTE", "a column of the name of a CTE"],
)  # fmt: skip
def test_a_name_that_means_another_thing_is_a_change(code: str, other: str) -> None:
    assert layers.of_sql(code) != layers.of_sql(other)


def test_versions_of_the_two_files_must_agree(root: Path, manifest: dict[str, Any]) -> None:
    file = root / "version.yml"
    file.write_text(file.read_text().replace("target_version: v", "target_version: v9"))
    found = tool.problems(layers.of_manifest(manifest), root)
    assert "version.yml and the vars of dbt_project.yml name different versions" in found
    assert "target has another version than its code was recorded with: run `aforo version seal`" in found


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("experiment_name: test", "experiment_name: Otro X", "version.yml: experiment_name is 'Otro X'"),
        ("raw_version: v1", "raw_version: 2", "version.yml: raw_version is 2"),
        ("raw_version: v1", "", "version.yml: raw_version is None"),
        ("raw_version: v1", "raw_version: v1\nother: v1", "version.yml: nothing is called other"),
    ],
)  # fmt: skip
def test_a_version_that_is_no_name_is_refused(before: str, after: str, said: str, root: Path) -> None:
    file = root / "version.yml"
    stated = dict.fromkeys(map(project.version_key, project.VERSIONED), "v1") | {"experiment_name": "test"}
    file.write_text("".join(f"{key}: {value}\n" for key, value in stated.items()).replace(before, after))
    with pytest.raises(AforoError) as refused:
        project.read_versions(file)
    assert [problem.what for problem in refused.value.problems] == [said]


def test_the_command_checks_and_refuses_a_layer_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    runner = CliRunner()
    said = "the code of raw changed: run `aforo version bump raw`"
    monkeypatch.setattr(tool, "read", dict)
    monkeypatch.setattr(tool, "problems", lambda _: [said])

    checked = runner.invoke(app, ["version", "check"])
    assert (checked.exit_code, checked.output) == (1, f"{said}\n")
    refused = runner.invoke(app, ["version", "bump", "marts"])
    assert refused.exit_code == 2
    assert "'marts'" in refused.output


def test_no_file_names_a_version_of_a_layer() -> None:
    """Else a new version would have to be written in many places."""
    names = [f"{layer}_{version}" for layer, version in tool.versions(ROOT / "version.yml").items()]
    searched = [
        file
        for folder in (
            "models",
            "macros",
            "snapshots",
            "flows",
            "python_models",
            "tests",
            "benchmarks",
            "docs",
        )
        for file in (ROOT / folder).rglob("*")
        if file.suffix in (".sql", ".yml", ".py", ".md", ".json")
    ]
    found = {
        f"{file.relative_to(ROOT)}: {name}" for file in searched for name in names if name in file.read_text()
    }
    assert found == set()
