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
    # pandas comes with them: a second that a run's start need not wait for.
    from python_models.forecasting import cache
    from python_models.forecasting.learner import has_lightgbm

    contents = {capture.table: capture.fingerprint for capture in warehouse.captures(home)}
    text = json.dumps(
        [contents, variables, parsing.digest(), cache.libraries(), has_lightgbm()], sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()
