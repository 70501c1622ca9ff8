"""`aforo promote`: an experiment that was run beside the champion serves from the next run on."""

from typing import Annotated, Any

import typer

from flows import experiments, settings
from flows.commands import version
from flows.commands.options import AsJson, Home, echo, explained
from flows.errors import AforoError, Problem
from flows.home import lock, promotions
from flows.language import t
from flows.project import EXPERIMENT_KEY, PREDICTIONS, schema_of, version_variables
from flows.screen import comparison
from flows.steps import champion, reuse


def promote(home: settings.Home, name: str) -> dict[str, Any]:
    """Lets the experiment serve: writes its name into version.yml, and into the home that it was done.

    Returns the note (flows/home/promotions.py). AforoError where it was not run beside what serves, is not
    compared, or is not what was run; the one that served before needs none of it.
    """
    serving = version_variables()[EXPERIMENT_KEY]
    experiments.challenger(name)
    if name != promotions.served_before(home):
        _require_compared(home, name)
    made = promotions.note(home, serving, name, champion.comparison(home, name))
    try:
        version.name_experiment(name)
    except OSError as error:
        promotions.take_back(home, made)
        raise AforoError(
            [
                Problem(
                    t("{file} can't be written: {reason}", file=error.filename, reason=error.strerror),
                    t(
                        "write experiment_name: {name} into version.yml where the project can be written",
                        name=name,
                    ),
                )
            ]
        ) from error
    return made


def _require_compared(home: settings.Home, name: str) -> None:
    stands_on = champion.base(home, schema_of(PREDICTIONS))
    found = champion.base(home, f"{PREDICTIONS}_{name}")
    if found is None:
        what = t("the experiment {name} was never run beside what is published", name=name)
    elif stands_on is None or found[0] != stands_on[0]:
        what = t("the experiment {name} was run beside another forecast than the newest", name=name)
    elif found[1] != reuse.settings_key(experiments.variables(name)):
        what = t("the experiment {name} or the code has changed since it was run", name=name)
    elif not champion.comparison(home, name):
        what = t("there is no comparison of the experiment {name} with what is published", name=name)
    else:
        return
    raise AforoError(
        [Problem(what, t("run `aforo run --experiment {name}` and look at what it says", name=name))]
    )


def as_text(note: dict[str, Any]) -> list[str]:
    """What was done and what comes of it, for a person."""
    rows = note["comparison"]
    return [
        t("{after} serves in place of {before} from the next run on.", after=note["to"], before=note["from"]),
        *comparison.rows_as_text(rows),
        "  "
        + t(
            "The next `aforo run` builds its predictions from the newest data, lets the gate judge them and "
            "publishes them. Until then readers see what they saw."
        ),
        "  "
        + t(
            "version.yml, dbt_project.yml and models/layers.json were changed: commit them. "
            "Back: aforo promote {before}",
            before=note["from"],
        ),
    ]


def command(
    experiment: Annotated[
        str, typer.Argument(help="The experiment that shall serve: a name in experiments/.")
    ],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Let an experiment that was run beside what serves take its place from the next run on."""
    where = settings.resolve_home(home)
    with explained(where), lock.exclusive(where, "aforo promote"):
        note = promote(where, experiment)
    echo(note, as_text(note), as_json)
