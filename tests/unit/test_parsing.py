"""The project as parsed is found again only where nothing of it has changed; damaged, it is done without."""

import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from flows.dbt import parsing


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project and a cache of its own."""
    root = tmp_path / "project"
    for name in (*parsing.FILES, "models/a.sql", "macros/b.sql", "models/c.yml"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    monkeypatch.setattr(parsing, "PROJECT", root)
    return root


@pytest.mark.parametrize("file", ["models/a.sql", "macros/b.sql", "models/c.yml", "dbt_project.yml"])
def test_another_file_of_the_project_or_another_var_is_another_project(cache: Path, file: str) -> None:
    before = parsing.parsed_file("{}")
    assert parsing.parsed_file("{}") == before
    assert parsing.parsed_file('{"horizonte": 1}') != before
    (cache / file).write_text("changed")
    assert parsing.parsed_file("{}") != before


@pytest.mark.usefixtures("cache")
def test_what_is_damaged_or_not_there_is_parsed_anew() -> None:
    file = parsing.parsed_file("{}")
    assert parsing.load(file) is None
    file.parent.mkdir(parents=True)
    file.write_bytes(b"cut off in the mid")
    assert parsing.load(file) is None


@pytest.mark.usefixtures("cache")
def test_a_cache_of_another_user_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    file = parsing.parsed_file("{}")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"parsed")
    monkeypatch.setattr("dbt.contracts.graph.manifest.Manifest.from_msgpack", lambda *_, **__: Mock())
    monkeypatch.setattr(parsing.os, "utime", refuse)
    assert parsing.load(file) is not None


def test_only_the_newest_few_are_kept_and_an_unwritable_cache_is_done_without(cache: Path) -> None:
    parsed = cache / "partial_parse.msgpack"
    parsed.write_bytes(b"parsed")
    files = [parsing.parsed_file(str(number)) for number in range(parsing.KEPT + 2)]
    for age, file in enumerate(files):
        parsing.save(parsed, file)
        os.utime(file, (age, age))
    parsing.save(parsed, files[-1])
    assert sorted(files[-1].parent.iterdir()) == sorted(files[-parsing.KEPT :])
    parsing.save(parsed, cache / "dbt_project.yml" / "no folder" / "x.msgpack")
    parsing.save(cache / "missing", files[0])
