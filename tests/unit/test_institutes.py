"""A list of institutes: what is wrong in it is said with the institute and the option."""

from pathlib import Path

import pytest

from flows import institutes
from flows.errors import AforoError


def listed(folder: Path, text: str) -> Path:
    """A list with that text."""
    file = folder / "institutes.yml"
    file.write_text(text)
    return file


def test_a_list_gives_each_institute_the_flags_of_its_run(tmp_path: Path) -> None:
    file = listed(
        tmp_path,
        "norte: {source: exports/norte, home: /h/norte, horizon: 1, offline: true}\n"
        "sur: {source: postgresql://u@h/d, home: /h/sur, offline: false}\n",
    )
    norte, sur = institutes.read(file)
    assert norte.flags == ["--source", "exports/norte", "--home", "/h/norte", "--horizon", "1", "--offline"]
    assert (sur.name, sur.flags) == ("sur", ["--source", "postgresql://u@h/d", "--home", "/h/sur"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the list names no institute"),
        ("- norte\n", "the list names no institute"),
        ("norte: [\n", "the list can't be read: "),
        ("norte:\n", "norte has no options"),
        ("norte: {source: a}\n", "norte lacks home"),
        ("norte: {source: a, home: h, sourc: b}\n", "norte: sourc is no option of a list"),
        ("norte: {source: [a, b], home: h}\n", "norte: source has more than one value"),
        ("norte: {source: a, home: h}\nsur: {source: b, home: ./h}\n", "sur and norte have the same home"),
        ("norte: {source: 'postgresql://u:secreto@h/d', home: h}\n", "norte: an address holds a password"),
        (
            "norte: {source: a, home: h, push: 'ducklake:postgresql://u:secreto@h/d'}\n",
            "norte: an address holds a password",
        ),
        ("norte: {source: a, home: h, push: mysql://x}\n", "--push takes the address of a Postgres database"),
    ],
)
def test_a_list_that_is_wrong_is_refused_before_anything_runs(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(AforoError, match=said):
        institutes.read(listed(tmp_path, text))


def test_a_list_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(AforoError, match="the list can't be read: No such file"):
        institutes.read(tmp_path / "none.yml")
