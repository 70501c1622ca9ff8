"""Whether the tables above raw are what this run would build: then they are stamped anew, not rebuilt."""

import hashlib
import json
from typing import Any

from flows.dbt import parsing
from flows.home import warehouse
from flows.settings import Home


def key(home: Home, variables: dict[str, Any]) -> str:
    """The key of what a run with these vars of dbt stands on: captured contents, code, libraries and vars.

    A run's id, commit and fallbacks are not part of it: they are only stamped on what it builds.
    """
    contents = {capture.table: capture.fingerprint for capture in warehouse.captures(home)}
    return _digest([contents, *_made_with(variables)])


def settings_key(variables: dict[str, Any]) -> str:
    """The same without the contents: what an experiment is made with, whatever it stands on."""
    return _digest(_made_with(variables))


def _made_with(variables: dict[str, Any]) -> list[Any]:
    # pandas comes with them: a second that a run's start need not wait for.
    from python_models.forecasting import cache
    from python_models.forecasting.learner import has_lightgbm

    return [variables, parsing.digest(), cache.libraries(), has_lightgbm()]


def _digest(found: list[Any]) -> str:
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
