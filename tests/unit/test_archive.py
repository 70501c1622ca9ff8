"""A backup holds all that can't be made again, and a home is made from it whole or not at all."""

import contextlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.commands import backup as backing_up
from flows.errors import AforoError
from flows.home import archive, backup, lock, marker, record, releases
from flows.settings import Home
from flows.steps import publish
from tests.harness import small_disk
from tests.unit.test_home import FIRST, SECOND, capture, history, spoil
from tests.unit.test_publish import new_record, write_marts

SECTIONS = 40_000
ALERTS = '{"campus|sede|NORTE|202506": "sent"}'


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with a published release, a history of the source, a mapping and alerts: not to be changed."""
    home = Home(tmp_path_factory.mktemp("template") / "home")
    marker.enter(home)
    write_marts(home, 12)
    capture(home, FIRST, SECTIONS)
    publish.publish(home, new_record(home), {})
    for path, text in {
        "mapping/cursos.sql": "select 1",
        "alerts/sent.json": ALERTS,
        "cache/x": "remade",
        "prefect/prefect.db": "of this machine",
        "runs/half.json.tmp": "{",
    }.items():
        (home.root / path).parent.mkdir(exist_ok=True)
        (home.root / path).write_text(text)
    return home


@pytest.fixture
def home(template: Home, tmp_path: Path) -> Home:
    """A copy of it."""
    return Home(shutil.copytree(template.root, tmp_path / "home", symlinks=True))


@pytest.fixture(scope="module")
def made(template: Home, tmp_path_factory: pytest.TempPathFactory) -> archive.Backup:
    """A backup of it."""
    return archive.write(template, tmp_path_factory.mktemp("backups"))


def restore(home: Home, made: archive.Backup) -> None:
    """As the command does."""
    with lock.exclusive(home, "aforo restore"):
        archive.finish(home)
        archive.require_place(home)
        archive.restore(home, made)


def held(home: Home) -> dict[str, bytes]:
    """Every file of the home but the warehouse, and what is in it."""
    files = [path for path in home.root.rglob("*") if path.is_file() and path != home.warehouse]
    return {str(path.relative_to(home.root)): path.read_bytes() for path in files}


def test_a_home_is_made_elsewhere_from_a_backup(template: Home, made: archive.Backup, tmp_path: Path) -> None:
    new = Home(tmp_path / "machine" / "home")
    restore(new, archive.read(made.path))
    assert history(new) == history(template)
    assert releases.published_run(new) == releases.published_run(template)
    assert releases.damage(new.root / "published") == []
    assert not os.access(new.published_file, os.W_OK) or os.geteuid() == 0
    assert new.published_file.stat().st_mode & 0o222 == 0
    assert len(record.read_all(new)[0]) == 1
    left = set(held(template).keys() - held(new).keys())
    assert left == {"cache/x", "prefect/prefect.db", "runs/half.json.tmp"}
    assert held(new).keys() <= held(template).keys()
    assert {name for name in held(new) if held(new)[name] != held(template)[name]} == set()
    backup.require_history(new)
    assert made.path.stat().st_mode & 0o077 == 0


def test_a_backup_is_made_while_a_run_works_and_others_read(home: Home, tmp_path: Path) -> None:
    # Captured and not yet copied: who holds the home copies it.
    with (
        duckdb.connect(str(home.published_file), read_only=True),
        duckdb.connect(str(home.warehouse)),
        lock.exclusive(home, "aforo run"),
    ):
        made, notes = backing_up.run(home, tmp_path / "backups")
    assert any("is in use by" in note for note in notes)
    assert archive.read(made.path).files == made.files
    capture(home, SECOND, SECTIONS + 1)
    later, notes = backing_up.run(home, tmp_path / "later")
    assert not any("copied last" in note for note in notes)
    new = Home(tmp_path / "new")
    restore(new, later)
    assert history(new) == history(home)
    assert json.loads(home.last_backup.read_text())["path"] == str(later.path)


@pytest.mark.parametrize("after", ["damage", "_Summed"])
def test_a_release_that_is_replaced_while_it_is_copied(
    after: str, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = releases.published_run(home)
    real = getattr(archive, after)

    def publish_meanwhile(argument: Any) -> Any:
        monkeypatch.setattr(archive, after, real)
        found = real(argument)
        write_marts(home, 15)
        publish.publish(home, new_record(home), {})
        assert first
        releases.delete(home.releases / first, first)
        return found

    monkeypatch.setattr(archive, after, publish_meanwhile)
    made = archive.write(home, tmp_path / "backups")
    assert made.listing["published"] == releases.published_run(home) != first
    assert f"releases/{made.listing['published']}/manifest.json" in made.files


def cut(path: Path) -> str:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return "it is cut, damaged or something else"


def a_bit_of_it_changed(path: Path) -> str:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return "can't be restored from"


def another_file(path: Path) -> str:
    path.write_text("mine")
    return "it is cut, damaged or something else"


def none(path: Path) -> str:
    path.unlink()
    return "No such file"


def a_folder(path: Path) -> str:
    path.unlink()
    path.mkdir()
    return "it is a folder, not a file in it"


def rewritten(path: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """The same backup with other files in it."""
    with tarfile.open(path) as archived:
        files = {member.name: archived.extractfile(member).read() for member in archived}  # type: ignore[union-attr]
    change(files)
    with tarfile.open(path, "w:gz") as archived:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archived.addfile(member, io.BytesIO(content))


def without_its_end(path: Path) -> str:
    rewritten(path, lambda files: files.__delitem__(archive.LISTING))
    return "it has no end: it was cut"


def of_a_newer_release(path: Path) -> str:
    def change(files: dict[str, bytes]) -> None:
        listing = json.loads(files[archive.LISTING]) | {"home_format": marker.FORMAT + 1}
        files[archive.LISTING] = json.dumps(listing).encode()

    rewritten(path, change)
    return "was made by a newer Aforo"


def with_another_mapping(path: Path) -> str:
    rewritten(path, lambda files: files.update({"mapping/cursos.sql": b"select 2"}))
    return "mapping/cursos.sql is not what was backed up"


def with_a_file_outside(path: Path) -> str:
    rewritten(path, lambda files: files.update({"../outside": b"mine"}))
    return "it holds ../outside, which no backup does"


BAD = [
    cut,
    a_bit_of_it_changed,
    another_file,
    none,
    a_folder,
    without_its_end,
    of_a_newer_release,
    with_another_mapping,
    with_a_file_outside,
]


@pytest.mark.parametrize("spoiled", BAD, ids=lambda how: how.__name__)
def test_a_bad_backup_is_refused_and_leaves_nothing(
    spoiled: Callable[[Path], str], made: archive.Backup, tmp_path: Path
) -> None:
    path = Path(shutil.copy(made.path, tmp_path / "backup.tar.gz"))
    words = spoiled(path)
    with pytest.raises(AforoError) as refused:
        archive.read(path, tmp_path / "unpacked" if spoiled is with_a_file_outside else None)
    [problem] = refused.value.problems
    assert words in problem.what
    assert str(path) in problem.what
    assert not (tmp_path / "outside").exists()


def test_a_home_that_is_sound_is_not_overwritten(home: Home, made: archive.Backup) -> None:
    before = held(home)
    with pytest.raises(AforoError, match="is sound: what is in it would be put aside"):
        restore(home, made)
    spoil(home, "cut")
    with pytest.raises(AforoError, match="has a copy of its history, which may know more"):
        restore(home, made)
    assert held(home) == before


def test_what_was_damaged_is_kept_beside_what_is_restored(home: Home, made: archive.Backup) -> None:
    expected = history(home)
    spoil(home, "text")
    home.history_copy.write_bytes(b"text")
    restore(home, made)
    assert history(home) == expected
    [aside] = (home.root / "damaged").iterdir()
    assert (aside / home.warehouse.name).read_bytes() == b"text" * 99
    assert (aside / "backup" / home.history_copy.name).read_bytes() == b"text"
    assert (home.root / "prefect" / "prefect.db").read_text() == "of this machine"


def test_a_restore_that_is_killed_is_finished_or_never_was(
    home: Home, made: archive.Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = history(home)
    spoil(home, "text")
    home.history_copy.unlink()
    damaged = shutil.copytree(home.root, home.root.parent / "damaged", symlinks=True)
    real, asked = Path.rename, 0
    for fails_at in range(1, 99):
        shutil.rmtree(home.root)
        shutil.copytree(damaged, home.root, symlinks=True)
        asked = 0

        def rename(path: Path, target: Path, at: int = fails_at) -> Path:
            nonlocal asked
            asked += 1
            if asked == at:
                raise KeyboardInterrupt
            return real(path, target)

        monkeypatch.setattr(Path, "rename", rename)
        with contextlib.suppress(KeyboardInterrupt):
            restore(home, made)
        monkeypatch.setattr(Path, "rename", real)
        if asked < fails_at:
            break
        if (home.root / backup.RESTORING).exists():
            with pytest.raises(AforoError, match="was cut off"):
                backup.require_history(home)
            assert archive.finish(home)
        else:
            assert home.warehouse.read_bytes() == b"text" * 99
            restore(home, made)
        assert history(home) == expected
        assert releases.damage(home.root / "published") == []
        backup.require_history(home)
    assert fails_at > 10


def test_a_disk_without_room(home: Home, made: archive.Backup, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "100k") as disk:
        with pytest.raises(AforoError, match="has no room"):
            archive.write(home, disk)
        with pytest.raises(AforoError, match="has no room"):
            restore(Home(disk / "home"), made)
        assert [path.name for path in disk.rglob("*") if path.is_file()] == [marker.MARKER]


def test_a_disk_that_fills_up_while_a_backup_is_written(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "_require_room", lambda *_: None)
    with small_disk(tmp_path / "disk", "100k") as disk:
        with pytest.raises(AforoError, match="has no room"):
            archive.write(home, disk)
        assert list(disk.iterdir()) == []


def test_a_backup_in_the_home_and_one_of_nothing_are_refused(home: Home, tmp_path: Path) -> None:
    with pytest.raises(AforoError, match="it would be lost with it"):
        backing_up.run(home, home.root / "backups")
    empty = Home(tmp_path / "empty")
    with pytest.raises(AforoError, match="nothing was captured yet"):
        backing_up.run(empty, tmp_path / "backups")
    assert not empty.root.exists()
