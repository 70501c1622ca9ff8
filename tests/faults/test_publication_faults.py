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

pytestmark = pytest.mark.slow

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


def check(fault: Fault, earlier: Home) -> bool:
    """What holds after any fault, and once the next run starts; whether the new release is published."""
    before = {path.name for path in earlier.history.iterdir()}
    old, run = releases.published_run(earlier), releases.published_run(fault.home)
    folder = releases.published_folder(fault.home)
    assert folder is not None, fault
    assert releases.damage(folder) == [], fault
    if fault.ended in ("published", "failed"):
        assert (run != old) == (fault.ended == "published"), fault

    releases.recover(fault.home)

    assert releases.published_folder(fault.home) == folder, fault
    assert releases.damage(folder) == [], fault
    expected = before if run == old else {*before, f"{run}.parquet"}
    assert {path.name for path in fault.home.history.iterdir()} == expected, fault
    left = {path.name for path in fault.home.releases.iterdir()}
    assert left <= {name.removesuffix(".parquet") for name in expected}, fault
    assert list(fault.home.root.glob("published.*")) == [], fault
    return run != old


def test_a_fault_at_each_step_of_the_publication(faults: list[Fault], earlier: Home) -> None:
    """Readers have the old release or the new one, whole; then exactly the published runs have a history."""
    switched: dict[str, list[bool]] = {}
    for fault in faults:
        switched.setdefault(fault.mode, []).append(check(fault, earlier))
    assert set(switched) == {"fails", "late", "broken", "killed", "stopped"}
    # Each kind of fault was seen on both sides of the switch.
    for mode, found in switched.items():
        assert (len(found) > 10, set(found)) == (True, {True, False}), mode


PUBLISH_ONCE = """
import sys
from pathlib import Path
from flows.home import record
from flows.settings import Home, Settings
from flows.source import parse
from flows.steps import publish
home = Home(Path(sys.argv[1]))
publish.publish(home, record.start(Settings(source=parse("/source"), home=home)), {})
print("published")
"""


@pytest.mark.parametrize("what", ["error=EIO", "signal=SIGKILL"])
def test_a_fault_at_each_rename_that_the_system_is_asked_for(
    what: str, earlier: Home, tmp_path: Path
) -> None:
    """The same, with the fault in the system itself, DuckDB's own renames included."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    switched: list[bool] = []
    for number in range(1, 20):
        home = Home(shutil.copytree(earlier.root, tmp_path / f"{number}", symlinks=True))
        tracing = ["strace", "-f", "-qqq", "-o", str(tmp_path / "calls"), "-e", "trace=/^rename"]
        injecting = ["-e", f"inject=/^rename:{what}:when={number}"]
        command = [*tracing, *injecting, sys.executable, "-B", "-c", PUBLISH_ONCE, str(home.root)]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if "ptrace" in said.stderr and not switched:
            pytest.skip(f"strace may not trace here: {said.stderr.strip()}")
        ended = "published" if "published" in said.stdout else "killed" if "SIG" in what else "failed"
        switched.append(check(Fault(what, number, "rename", ended, home), earlier))
        if (
            "INJECTED" not in (tmp_path / "calls").read_text()
            and "SIGKILL" not in (tmp_path / "calls").read_text()
        ):
            break
    assert set(switched) == {True, False}
    assert len(switched) > 4
