"""A check: one thing that is looked at, what was found, and the command that mends it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import duckdb

from flows.errors import AforoError, Problem
from flows.language import marked, t
from flows.settings import Settings

State = Literal["ok", "warning", "wrong", "not looked at"]
# Translated where they are shown.
STATES = (marked("ok"), marked("warning"), marked("wrong"), marked("not looked at"))


@dataclass(frozen=True)
class Check:
    """What a check found. `remedy`: the command to run, or what to do; empty where nothing is to be done."""

    name: str
    state: State
    what: str
    remedy: str = ""


# What a check finds: a text where all is well, and the problems.
Finding = tuple[State, Problem | str]
Looked = Callable[[Settings], Finding]


def fine(what: str) -> Finding:
    """All is well, or there is nothing there that could be wrong."""
    return "ok", what


def wrong(problem: Problem) -> Finding:
    """Something is to be mended."""
    return "wrong", problem


def warning(what: str, remedy: str) -> Finding:
    """Something works, and should not be left as it is."""
    return "warning", Problem(what, remedy)


def busy(name: str) -> Check:
    """That a check has to wait: who reads the warehouse keeps a run from it, and the other way round."""
    return Check(name, "not looked at", t("a run has the warehouse: ask again when it has ended"))


def look(name: str, looked: Looked, settings: Settings) -> Check:
    """Runs a check; one that can't be made, as while a run has the warehouse open, says so."""
    try:
        state, found = looked(settings)
    except AforoError as error:
        state, found = "wrong", error.problems[0]
    except duckdb.Error as error:
        if "Could not set lock" in str(error):
            return busy(name)
        # What is wrong with it, its own check says.
        return Check(name, "not looked at", t("the warehouse can't be read"))
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        state, found = "wrong", Problem(t("it can't be looked at: {reason}", reason=reason), t("report it"))
    if isinstance(found, str):
        return Check(name, state, found)
    return Check(name, state, found.what, found.remedy)
