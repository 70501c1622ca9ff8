"""The flow of a challenger: an experiment on the data of what is published, beside it, and compared with it.

It captures nothing and publishes nothing. Of the warehouse it writes its own schemas (predictions_<name>, and
layers of which it has another version) and marts.comparacion_experimentos: the champion's tables, the key of
what they stand on and the release that readers see stay as they are, also where it is killed.
"""

from dataclasses import replace
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from flows import experiments, pipeline, settings
from flows.dbt.runner import COMPARISON, Dbt, Variables, challenger_of
from flows.errors import AforoError
from flows.home import upgrade
from flows.pipeline import Run
from flows.prefect import flow_runs, limits
from flows.project import version_variables
from flows.screen import comparison
from flows.screen.summary import markdown_table
from flows.steps import champion as champions
from flows.steps import preflight as checks
from flows.steps import reuse


@flow(name="aforo-experiment", flow_run_name=flow_runs.name_of_job, timeout_seconds=limits.RUN_SECONDS)
def experiment(experiment: str, home: str | None = None, source: str | None = None) -> list[dict[str, Any]]:
    """`aforo run --experiment`: returns the rows of marts.comparacion_experimentos that are of it.

    source: that of what is published, for the record alone. AforoError where it can't be run or fails.
    """
    asked = settings.resolve(source, home, experiment=experiment)
    beside = experiments.challenger(experiment)
    with pipeline.session(asked, f"aforo run --experiment {experiment}") as run:
        champion = preflight(run, beside)
        with run.dbt:
            build(run, beside)
        run.record.comparison = compare(run, champion)
        run.record.end("compared")
        _show(run.record.comparison)
    return run.record.comparison


@task(name="preflight", cache_policy=NO_CACHE)
def preflight(run: Run, beside: experiments.Challenger) -> champions.Champion:
    """Room on the disk, and the champion's tables; the run is asked what the champion's was."""
    with run.step("preflight"):
        problems = checks.disk_problems(run.settings)
        if problems:
            raise AforoError(problems)
        upgraded = upgrade.upgrade(run.settings.home)
        if upgraded:
            run.record.hints.append(upgraded.hint)
        champion = champions.require(run.settings.home, beside)
        run.settings = replace(
            run.settings, period=champion.period, horizon=champion.horizon, as_of=champion.as_of
        )
        run.record.period, run.record.horizon = champion.period, champion.horizon
        run.record.as_of = champion.as_of
        run.variables = pipeline.run_variables(run.settings, run.record)
        run.variables.of_run["base_campeon"] = champion.base
        run.variables.of_run["ajustes"] = reuse.settings_key(run.variables.lasting)
    return champion


@task(name="transform", cache_policy=NO_CACHE)
def build(run: Run, beside: experiments.Challenger) -> None:
    """The challenger's layers, with their tests."""
    with run.step("transform"):
        pipeline.require_engine()
        pipeline.invoke(run, challenger_of(beside.layers))


@task(name="compare", cache_policy=NO_CACHE)
def compare(run: Run, champion: champions.Champion) -> list[dict[str, Any]]:
    """The comparison, a mart of the champion's: its rows of this challenger."""
    with run.step("compare"), Dbt() as run.dbt:
        # The marts are the champion's, whoever asks for them.
        of_run = run.variables.of_run | {"ajustes": None, "base_campeon": champion.base}
        run.variables = Variables(version_variables(), of_run)
        pipeline.invoke(run, COMPARISON)
    return champions.comparison(run.settings.home, str(run.settings.experiment))


def _show(rows: list[dict[str, Any]]) -> None:
    """The comparison as an artifact of Prefect's."""
    names = comparison.header()
    shown = [dict(zip(names, comparison.shown(row), strict=True)) for row in rows]
    create_markdown_artifact(
        "\n".join(markdown_table(names, shown)),
        key="aforo-comparison",
        description="The experiment beside what is published",
    )
