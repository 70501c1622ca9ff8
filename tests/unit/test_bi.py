"""The dashboard's files name what the marts have; what a push can't write is not in a mart."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dashboards.superset import start
from flows import lake, push, push_target
from flows.dbt import extensions
from flows.errors import AforoError
from flows.settings import PROJECT, Home

ASSETS = PROJECT / "dashboards" / "superset" / "assets"


def marts() -> dict[str, dict[str, str]]:
    """mart -> column -> type, of the contracts."""
    found = {}
    for file in sorted((PROJECT / "models" / "marts").glob("[!_]*.yml")):
        for model in yaml.safe_load(file.read_text())["models"]:
            name = model.get("config", {}).get("alias", model["name"]).removeprefix("marts__")
            found[name] = {column["name"]: column["data_type"].upper() for column in model["columns"]}
    return found


def documents(folder: str) -> list[dict[str, Any]]:
    return [yaml.safe_load(file.read_text()) for file in sorted((ASSETS / folder).rglob("*.yaml"))]


@pytest.mark.parametrize("dataset", documents("datasets"), ids=lambda dataset: dataset["table_name"])
def test_a_dataset_has_columns_that_its_mart_has(dataset: dict[str, Any]) -> None:
    columns = {column["column_name"]: column["type"] for column in dataset["columns"]}
    assert columns.items() <= marts()[dataset["table_name"]].items()
    dated = {column["column_name"] for column in dataset["columns"] if column.get("is_dttm")}
    assert dated == {name for name, type_ in columns.items() if type_ in ("DATE", "TIMESTAMP")}


@pytest.mark.parametrize("chart", documents("charts"), ids=lambda chart: chart["slice_name"])
def test_a_chart_names_columns_and_metrics_of_its_dataset(chart: dict[str, Any]) -> None:
    [dataset] = [one for one in documents("datasets") if one["uuid"] == chart["dataset_uuid"]]
    columns = {column["column_name"] for column in dataset["columns"]}
    metrics = {metric["metric_name"] for metric in dataset["metrics"]}
    params = chart["params"]
    used = [*params.get("all_columns", []), *_listed(params.get("groupby")), *_listed(params.get("x_axis"))]
    used += [adhoc["subject"] for adhoc in params["adhoc_filters"]]
    used += [yaml.safe_load(order)[0] for order in params.get("order_by_cols", [])]
    assert set(used) <= columns
    assert {*_listed(params.get("metric")), *params.get("metrics", [])} <= metrics


def test_the_dashboard_shows_every_chart_and_filters_on_columns_that_are_there() -> None:
    [dashboard] = documents("dashboards")
    places = [place for place in dashboard["position"].values() if isinstance(place, dict)]
    shown = {place["meta"]["uuid"]: place["meta"]["chartId"] for place in places if place["type"] == "CHART"}
    assert set(shown) == {chart["uuid"] for chart in documents("charts")}
    datasets = {one["uuid"]: one for one in documents("datasets")}
    for native in dashboard["metadata"]["native_filter_configuration"]:
        [target] = native["targets"]
        columns = {column["column_name"] for column in datasets[target["datasetUuid"]]["columns"]}
        assert target["column"]["name"] in columns
        assert set(native["scope"]["excluded"]) <= set(shown.values())


def test_every_type_of_a_mart_has_one_in_postgres() -> None:
    for mart, columns in marts().items():
        for column, type_ in columns.items():
            assert push.postgres_type(mart, column, type_.replace(", ", ","))
    assert push.postgres_type("a", "q", "DOUBLE[]") == "double precision[]"
    with pytest.raises(AforoError, match=r"Postgres has no type for STRUCT"):
        push.postgres_type("a", "q", "STRUCT(a INTEGER)")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mysql://u:secreto@h/d", "--push takes the address of a Postgres database, or"),
        ("postgresql://u:se/cre@to@h/d", "write / as %2F"),
        ("ducklake:folder?password=secreto", "--push takes the address of a Postgres database, or"),
        ("ducklake:postgresql://u:secreto@h:puerto/d?data=/d", "its port is not a number"),
        ("ducklake:postgresql://u:secreto@h/d?institute=Lima", "'Lima' can't be the name of an institute"),
        ("ducklake:postgresql://u:secreto@h/d?institute=main", "'main' can't be the name of an institute"),
        ("postgresql://u:secreto@h:puerto/d", "its port is not a number"),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(address: str, said: str) -> None:
    with pytest.raises(AforoError) as refused:
        push_target.target(address)
    [problem] = refused.value.problems
    assert said in problem.what
    assert not any(secret in str(problem) for secret in ("secreto", "cre@to", "puerto"))


def test_a_lakes_address_names_its_database_its_data_and_the_institute() -> None:
    there = "postgresql://u:secreto@h:5432/d?sslmode=require"
    found = push_target.target(f"ducklake:{there}&data=s3://b/lago&institute=norte")
    assert found.name == "ducklake:postgresql://u@h:5432/d?sslmode=require&data=s3://b/lago&institute=norte"
    assert found.database == "postgresql://u@h:5432/d?sslmode=require"
    assert (found.data, found.schema, found.password) == ("s3://b/lago", "norte", "secreto")
    # What the process that pushes is told, the password aside.
    again = push_target.target(found.name)
    assert (again.name, again.database, again.data, again.schema) == (
        found.name,
        found.database,
        found.data,
        found.schema,
    )
    assert push_target.target("ducklake:postgresql://u@h/d").schema == "marts"


def test_a_lake_says_which_package_it_lacks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    to = push_target.target("ducklake:postgresql://u@127.0.0.1:1/d?data=/nowhere")
    monkeypatch.setitem(lake.PACKAGES, "ducklake", "duckdb_extension_of_none")
    monkeypatch.setattr(lake, "extension_file", extensions.extension_file.__wrapped__)
    with pytest.raises(AforoError, match="the package duckdb-extension-of-none is not installed") as refused:
        lake.write(tmp_path / "marts.duckdb", "run", to)
    assert f"pip install duckdb-extension-of-none=={duckdb.__version__}" in refused.value.problems[0].remedy


def test_nothing_published_is_no_dashboard_and_no_push(tmp_path: Path) -> None:
    with pytest.raises(AforoError, match="nothing is published"), start.serving(Home(tmp_path), 1):
        pass
    with pytest.raises(AforoError, match="nothing is published"):
        push.push(Home(tmp_path), push_target.target("postgresql://u@h/d"))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])
