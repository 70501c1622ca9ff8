"""Readers are pointed at an earlier release again, at once; the next publication replaces it.

What was published stays in the history: it was said, and is judged.
"""

import json
from typing import Any

from flows.errors import AforoError, Problem
from flows.home import releases, state
from flows.home.record import utc_now
from flows.language import t
from flows.settings import Home

_NOTE = "rollback.json"


def roll_back(home: Home, run_id: str | None) -> dict[str, Any]:
    """Points readers at the release of a run, else at the newest before theirs; returns the note of it.

    The note: `from`, `to`, `at`. AforoError where that release is not there or not whole. Who calls it holds
    the home.
    """
    current = releases.require_published(home).name
    there = sorted(path.name for path in home.releases.iterdir() if releases.is_run_id(path.name))
    earlier = [each for each in there if each < current]
    target = run_id or (earlier[-1] if earlier else None)
    others = [each for each in there if each != current]
    if target not in others:
        raise AforoError(
            [
                Problem(
                    _why_not(target, current),
                    t("the releases are: {runs}", runs=", ".join(others) or "-"),
                )
            ]
        )
    assert target is not None
    damage = releases.damage(home.releases / target)
    if damage:
        raise AforoError(
            [
                Problem(
                    t("the release {run_id} is damaged: {what}", run_id=target, what=damage[0]),
                    t(
                        "name another one: {runs}",
                        runs=", ".join(each for each in others if each != target) or "-",
                    ),
                )
            ]
        )
    note = {"from": current, "to": target, "at": utc_now()}
    state.save(home.root / _NOTE, note)
    releases.switch(home, target)
    return note


def _why_not(target: str | None, current: str) -> str:
    if target is None:
        return t("there is no earlier release to go back to")
    if target == current:
        return t("{run_id} is published now", run_id=target)
    return t("no release of the run {run_id} is kept", run_id=target)


def in_force(home: Home) -> dict[str, Any] | None:
    """The note of the rollback that readers are under; None where they see what was published last."""
    try:
        note: dict[str, Any] = json.loads((home.root / _NOTE).read_text(encoding="utf-8"))
        return note if note["to"] == releases.published_run(home) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def as_text(note: dict[str, Any]) -> str:
    """The note for a person."""
    return t(
        "Readers were pointed back from {before} to {after} at {moment}; the next publication replaces it.",
        before=note["from"],
        after=note["to"],
        moment=note["at"],
    )
