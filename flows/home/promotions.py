"""Which experiment was let serve, by whom, when, and on what numbers: promotions.json, the newest last."""

import json
from typing import Any

from flows.home import lineage, releases, state
from flows.home.record import utc_now
from flows.language import t
from flows.project import EXPERIMENT_KEY, version_variables
from flows.settings import Home

_FILE = "promotions.json"


def all_of(home: Home) -> list[dict[str, Any]]:
    """The notes of all promotions: at, by, from, to, comparison. None where the file can't be read."""
    try:
        notes = json.loads((home.root / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    keys = {"at", "by", "from", "to", "comparison"}
    return (
        [note for note in notes if isinstance(note, dict) and keys <= note.keys()]
        if isinstance(notes, list)
        else []
    )


def note(home: Home, before: str, after: str, comparison: list[dict[str, Any]]) -> dict[str, Any]:
    """Writes down that an experiment serves in place of another, with the rows of their comparison."""
    made = {"at": utc_now(), "by": lineage.user(), "from": before, "to": after, "comparison": comparison}
    state.save(home.root / _FILE, [*all_of(home), made])
    return made


def take_back(home: Home, made: dict[str, Any]) -> None:
    """Takes a note out again: what it says was not done."""
    state.save(home.root / _FILE, [each for each in all_of(home) if each != made])


def served_before(home: Home) -> str | None:
    """The experiment that the one which serves took the place of; None where it was not promoted here."""
    notes = all_of(home)
    is_last = notes and notes[-1]["to"] == version_variables()[EXPERIMENT_KEY]
    return str(notes[-1]["from"]) if is_last else None


def hint(home: Home) -> str | None:
    """That a run is the first of another experiment than the published one's; None where it is not."""
    manifest = releases.published_manifest(home) or {}
    now, before = version_variables()[EXPERIMENT_KEY], (manifest.get("versions") or {}).get(EXPERIMENT_KEY)
    if before in (None, now):
        return None
    notes = all_of(home)
    if notes and notes[-1]["to"] == now:
        return t(
            "the experiment {now} serves from this run on, before it was {before}: "
            "{who} promoted it at {moment}",
            now=now,
            before=before,
            who=notes[-1]["by"],
            moment=notes[-1]["at"],
        )
    return t("the experiment {now} serves from this run on, before it was {before}", now=now, before=before)
