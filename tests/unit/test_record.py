"""The record of a run, the lock on its home, and its settings."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.commands import status
from flows.errors import AforoError, Problem
from flows.home import lock, record
from flows.settings import DEFAULT_HOME, DEFAULT_SOURCE, Home, Settings, resolve, utc_text
from flows.source import parse

HOLD = """
import sys, time
from pathlib import Path
from flows.home import lock
from flows.settings import Home
with lock.exclusive(Home(Path(sys.argv[1])), "aforo run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(source=parse("/source"), home=Home(tmp_path), period=202506)


def last(home: Home) -> record.Record | None:
    """The record of the run that started last."""
    records, others = record.read_all(home)
    assert others == []
    return records[-1] if records else None


def test_a_record_says_what_was_asked_and_how_it_went(settings: Settings) -> None:
    run = record.start(settings)
    assert datetime.strptime(run.run_id[:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) <= datetime.now(UTC)
    with run.step("capture"):
        found = last(settings.home)
        assert found is not None
        assert (found.status, found.steps[0].state) == ("running", "running")
    run.end("published")
    found = last(settings.home)
    assert found is not None
    assert (found.status, found.period, found.steps[0].state) == ("published", 202506, "done")
    assert found.ended_at is not None


def test_a_step_that_fails_is_kept_and_a_second_attempt_replaces_it(settings: Settings) -> None:
    run = record.start(settings)
    with pytest.raises(ValueError, match="no"), run.step("capture"):
        raise ValueError("no")
    assert run.failed_step == "capture"
    with run.step("capture"):
        pass
    assert [(step.name, step.state) for step in run.steps] == [("capture", "done")]


def test_problems_come_back_as_they_were(settings: Settings) -> None:
    problem = Problem("is below 0", "correct it", table="programacion", rows=(3,), values=("-1",), count=2)
    record.start(settings).end("failed", [problem])
    found = last(settings.home)
    assert found is not None
    assert found.problems == [
        {
            "what": "is below 0",
            "remedy": "correct it",
            "table": "programacion",
            "rows": [3],
            "values": ["-1"],
            "count": 2,
        }
    ]


def test_a_run_whose_process_is_gone_was_interrupted(settings: Settings) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    run = record.start(settings)
    run.pid = gone.pid
    run.save()
    found = last(settings.home)
    assert found is not None
    assert found.status == "interrupted"


def test_a_killed_run_whose_process_id_is_in_use_again_is_closed(settings: Settings) -> None:
    record.start(settings)  # By this very process, as in a container.
    record.close_interrupted(settings.home, None)
    found = last(settings.home)
    assert found is not None
    assert found.status == "interrupted"


@pytest.mark.parametrize(("switched", "status"), [(True, "published"), (False, "interrupted")])
def test_the_next_run_closes_the_record_of_a_killed_one(
    settings: Settings, switched: bool, status: str
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    run = record.start(settings)
    run.pid = gone.pid
    run.save()
    record.close_interrupted(settings.home, run.run_id if switched else None)
    found = last(settings.home)
    assert found is not None
    assert found.status == status
    assert found.ended_at is not None


def test_a_home_has_one_holder_who_is_named_and_whose_death_frees_it(tmp_path: Path) -> None:
    home = Home(tmp_path)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        with (
            pytest.raises(AforoError, match=rf"in use by process {holder.pid} \(aforo run, since "),
            lock.exclusive(home, "aforo docs"),
        ):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    with lock.exclusive(home, "aforo docs"):
        pass


def test_a_lock_whose_files_are_deleted_still_holds(tmp_path: Path) -> None:
    home = Home(tmp_path)
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        for file in tmp_path.iterdir():
            file.unlink()
        with (
            pytest.raises(AforoError, match="in use by another process"),
            lock.exclusive(home, "aforo run"),
        ):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"run_id": 3}',
        '{"run_id": "20250601T000000Z-aaaaaa", "steps": [3]}',
        b"\xff\xfe",
        "a folder",
        "a record of another run",
    ],
)
def test_what_is_no_record_blocks_nothing_and_stays(settings: Settings, content: str | bytes) -> None:
    run = record.start(settings)
    path = settings.home.runs / "20250601T000000Z-aaaaaa.json"
    if content == "a folder":
        path.mkdir()
    elif content == "a record of another run":
        path.write_bytes(run.path.read_bytes())
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    record.close_interrupted(settings.home, None)
    found = status.read(settings.home)
    assert found["last_run"]["run_id"] == run.run_id
    assert found["no_records"] == [str(path)]
    assert f"{path} is no record of a run" in "\n".join(status.as_text(found))
    assert path.exists()


def test_a_published_run_is_recorded_as_published_whatever_comes_after(settings: Settings) -> None:
    run = record.start(settings)
    (settings.home.releases / run.run_id).mkdir(parents=True)
    settings.home.published.symlink_to(f"releases/{run.run_id}")
    run.end("failed", [Problem("the run was stopped before its end", "start it again when it suits")])
    assert run.status == "published"


def test_flags_go_before_the_environment_and_that_before_the_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AFORO_SOURCE", "AFORO_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert (resolve().source.path, resolve().home.root) == (DEFAULT_SOURCE, DEFAULT_HOME)
    monkeypatch.setenv("AFORO_SOURCE", str(tmp_path / "a"))
    monkeypatch.setenv("AFORO_HOME", str(tmp_path / "b"))
    assert (resolve().source.path, resolve().home.root) == (tmp_path / "a", tmp_path / "b")
    assert resolve(source=str(tmp_path / "c")).source.path == tmp_path / "c"


@pytest.mark.parametrize(
    ("flags", "understood"),
    [
        ({"horizon": 0}, "between 1 and 12"),
        ({"horizon": 13}, "between 1 and 12"),
        ({"period": -1}, "must be positive, not -1"),
        ({"as_of": "yesterday"}, "is not a moment in time"),
        ({"as_of": "2999-01-01"}, "is in the future"),
    ],
)
def test_flags_that_make_no_sense_are_refused(flags: dict[str, object], understood: str) -> None:
    with pytest.raises(AforoError, match=understood):
        resolve(**flags)  # type: ignore[arg-type]


def test_moments_are_utc() -> None:
    assert utc_text("2025-06-05") == "2025-06-05 00:00:00.000000"
    assert utc_text("2025-06-05T10:15:00-05:00") == "2025-06-05 15:15:00.000000"
