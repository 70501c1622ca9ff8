"""Readers can be pointed at an earlier release, if it is whole."""

from pathlib import Path

import pytest

from flows.errors import AforoError
from flows.home import releases, rollback
from flows.settings import Home

FIRST, SECOND, THIRD = (f"2025010{day}T000000Z-aaaaaa" for day in (1, 2, 3))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with three releases, the third published."""
    home = Home(tmp_path)
    for run in (FIRST, SECOND, THIRD):
        (home.releases / run).mkdir(parents=True)
        (home.releases / run / releases.MANIFEST).write_text('{"sha256": {}}')
    releases.switch(home, THIRD)
    return home


def refusal(home: Home, run: str | None) -> str:
    with pytest.raises(AforoError) as refused:
        rollback.roll_back(home, run)
    assert releases.published_run(home) == THIRD
    return refused.value.problems[0].what


def test_the_release_before_is_published_again_until_the_next_publication(home: Home) -> None:
    assert rollback.in_force(home) is None
    rollback.roll_back(home, None)
    assert releases.published_run(home) == SECOND
    note = rollback.in_force(home)
    assert note is not None
    assert (note["from"], note["to"]) == (THIRD, SECOND)
    # And further back.
    rollback.roll_back(home, None)
    assert releases.published_run(home) == FIRST
    releases.switch(home, THIRD)
    assert rollback.in_force(home) is None


def test_a_release_can_be_named_also_a_later_one(home: Home) -> None:
    rollback.roll_back(home, FIRST)
    rollback.roll_back(home, SECOND)
    assert releases.published_run(home) == SECOND


def test_what_is_not_there_or_not_whole_is_refused(home: Home) -> None:
    assert refusal(home, "20200101T000000Z-ffffff").startswith("no release of the run")
    assert refusal(home, THIRD) == f"{THIRD} is published now"
    (home.releases / SECOND / releases.MANIFEST).write_text('{"sha256": {"gone": "0"}}')
    assert "is damaged" in refusal(home, None)


def test_the_first_release_has_none_before_it(home: Home) -> None:
    releases.switch(home, FIRST)
    with pytest.raises(AforoError, match="no earlier release"):
        rollback.roll_back(home, None)


def test_a_note_that_is_nonsense_is_none(home: Home) -> None:
    (home.root / "rollback.json").write_text("[1]")
    assert rollback.in_force(home) is None
