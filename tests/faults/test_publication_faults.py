"""One fault at each step of a publication: readers have a whole release, nothing published is taken back."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.home import releases
from flows.settings import Home
from flows.steps import publish
from tests.unit.test_publish import new_record, write_marts

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Fault:
    """What was done to a publication, and the home that it left."""

    mode: str
    number: int
    at: str
    ended: str
    home: Home

    def __str__(self) -> str:
        return f"{self.mode} {self.number} ({self.at}), {self.ended}"


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with as many releases as are kept, so that the next publication deletes one."""
    home = Home(tmp_path_factory.mktemp("earlier"))
    for students in range(releases.KEPT_RELEASES):
        write_marts(home, students, rows=10)
        run = new_record(home)
        run.run_id = f"2025060{students + 1}T000000Z-aaaaaa"
        publish.publish(home, run, {})
    return home


@pytest.fixture(scope="module")
def faults(earlier: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Fault]]:
    folder = tmp_path_factory.mktemp("faults") / "homes"
    program = [sys.executable, "-m", "tests.faulty_publications", str(earlier.root), str(folder)]
    said = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    found = [json.loads(line) for line in said.stdout.splitlines()]
    yield [Fault(**fault, home=Home(folder / f"{fault['mode']}-{fault['number']}")) for fault in found]
    shutil.rmtree(folder)


def test_a_fault_at_each_step_of_the_publication(faults: list[Fault], earlier: Home) -> None:
    """Readers have the old release or the new one, whole; the next run leaves a history of exactly the published
    runs, and nothing that was published is gone."""
    before = {path.name for path in earlier.history.iterdir()}
    old = releases.published_run(earlier)
    modes = {fault.mode: [other for other in faults if other.mode == fault.mode] for fault in faults}
    assert {mode: len(found) > 10 for mode, found in modes.items()} == dict.fromkeys(
        ("fails", "late", "broken", "killed", "stopped"), True
    )
    for fault in faults:
        home = fault.home
        run = releases.published_run(home)
        folder = releases.published_folder(home)
        assert folder is not None, fault
        assert releases.damage(folder) == [], fault
        assert run != old if fault.ended == "published" else True, fault
        assert run == old if fault.ended == "failed" else True, fault

        releases.recover(home)

        assert releases.published_folder(home) == folder, fault
        assert releases.damage(folder) == [], fault
        expected = before if run == old else {*before, f"{run}.parquet"}
        assert {path.name for path in home.history.iterdir()} == expected, fault
        left = {path.name for path in home.releases.iterdir()}
        assert left <= {name.removesuffix(".parquet") for name in expected}, fault
        assert list(home.root.glob("published.*")) == [], fault
    # Each kind of fault was seen on both sides of the switch.
    for mode, found in modes.items():
        assert {releases.published_run(fault.home) == old for fault in found} == {True, False}, mode
