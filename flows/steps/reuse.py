"""Whether the tables above raw are what this run would build: then they are stamped anew, not rebuilt."""

import hashlib
import json
from typing import Any

from flows.home import warehouse
from flows.settings import PROJECT, Home
from python_models.forecasting import cache
from python_models.forecasting.learner import has_lightgbm

# What decides what dbt builds, beside the data and the run's own settings.
CODE = ("models", "python_models", "macros", "snapshots", "tests/sql")
SUFFIXES = {".sql", ".py", ".yml"}
PROJECT_FILES = ("dbt_project.yml", "profiles.yml", "requirements.lock")


def key(home: Home, variables: dict[str, Any]) -> str:
    """The key of what a run with these vars of dbt stands on: captured contents, code, libraries and vars.

    A run's id, commit and fallbacks are no part of it: they are only stamped on what it builds.
    """
    contents = {capture.table: capture.fingerprint for capture in warehouse.captures(home)}
    text = json.dumps([contents, variables, _code(), cache.libraries(), has_lightgbm()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _code() -> str:
    digest = hashlib.sha256()
    files = [PROJECT / name for name in PROJECT_FILES]
    for folder in CODE:
        files += sorted(path for path in (PROJECT / folder).rglob("*") if path.suffix in SUFFIXES)
    for file in files:
        digest.update(str(file.relative_to(PROJECT)).encode() + file.read_bytes())
    return digest.hexdigest()
