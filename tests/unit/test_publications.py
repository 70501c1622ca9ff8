"""The history of publications is read as far as it can be read, and the rest is named."""

from pathlib import Path

import duckdb
import pytest

from flows.dbt import publications
from flows.quoting import pattern

REQUIRED = {"periodo": "integer", "media": "double"}
OPTIONAL = {"q10": "double", "as_of": "timestamp"}
SOUND = """select 202506 as periodo, range / 7 as media, 1.5 as q10, null::timestamp as as_of, 1 as otra
from range(5000)"""


def write(folder: Path, number: int, query: str = SOUND) -> Path:
    """The history file of a run, with what the query gives."""
    folder.mkdir(exist_ok=True)
    file = folder / f"2025060{number}T000000Z-aaaaaa.parquet"
    duckdb.sql(f"copy ({query}) to '{file}' (format parquet, compression zstd)")
    return file


def look(folder: Path) -> tuple[list[tuple[str, list[str]]], dict[str, str]]:
    """The files that can be read, with their columns, and why the others can't."""
    found = publications.look(folder, REQUIRED, OPTIONAL)
    return (
        [(each["file"], each["columns"]) for each in found["files"]],
        {Path(each["file"]).name: each["reason"] for each in found["refused"]},
    )


def test_a_home_that_has_published_nothing_has_no_files(tmp_path: Path) -> None:
    assert look(tmp_path / "absent") == ([], {})


def test_older_files_have_fewer_columns(tmp_path: Path) -> None:
    # A path with signs: what reads it must not take them for a pattern.
    folder = tmp_path / "home [1]*"
    newer, older = write(folder, 1), write(folder, 2, "select 202506 as periodo, 2 as media")
    files, refused = look(folder)
    assert files == [
        (pattern(newer), ["periodo", "media", "q10", "as_of"]),
        (pattern(older), ["periodo", "media"]),
    ]
    assert refused == {}
    assert len(duckdb.sql(f"from read_parquet('{files[1][0]}')").fetchall()) == 1


def damaged_inside(file: Path) -> None:
    """The head of its first page is gone; its end, which says what it holds, is whole."""
    content = bytearray(file.read_bytes())
    content[4:60] = b"\xff" * 56
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("query", "spoil", "reason"),
    [
        (SOUND, lambda file: file.write_bytes(file.read_bytes()[:1000]), "it is damaged"),
        (SOUND, lambda file: file.write_bytes(b""), "it is damaged"),
        (SOUND, damaged_inside, "it is damaged"),
        ("select 202506 as periodo", lambda _: None, "it has no column media"),
        ("select 'x' as periodo, 2 as media", lambda _: None, "a column of it is of another type"),
    ],
    ids=["cut off", "empty", "damaged inside", "no forecast", "another type"],
)
def test_a_file_that_cannot_be_read_is_named_and_the_others_are_read(
    tmp_path: Path, query: str, spoil: object, reason: str
) -> None:
    sound, file = write(tmp_path, 1), write(tmp_path, 2, query)
    assert callable(spoil)
    spoil(file)
    files, refused = look(tmp_path)
    assert [name for name, _ in files] == [pattern(sound)]
    assert refused == {file.name: reason}


def test_what_no_run_wrote_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "notes.parquet").write_text("mine")
    (tmp_path / "20250601T000000Z-aaaaaa.parquet.pending").write_text("not yet")
    assert look(tmp_path) == ([], {})
