"""What a source is, and that its password is kept apart."""

from pathlib import Path

import pytest

from flows.errors import AforoError
from flows.settings import resolve
from flows.source import parse
from flows.steps.preflight import source_problems


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("exports", "folder"),
        ("exports/academico.duckdb", "duckdb"),
        ("academico.DB", "duckdb"),
        ("postgresql://u@h/db", "postgres"),
        ("postgres:///db?host=/run/postgresql", "postgres"),
        ("https://datos.example/entrega", "remote"),
        ("s3://cubo/entrega", "remote"),
    ],
)
def test_kinds(text: str, kind: str) -> None:
    assert parse(text).kind == kind


def test_a_path_is_absolute_and_a_remote_folder_ends_without_a_slash() -> None:
    assert parse("exports").path == Path("exports").resolve()
    assert parse("s3://cubo/entrega/").name == "s3://cubo/entrega"
    assert parse("postgresql://u@h/db").path is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("postgresql://u:se%2Fcreto@h:5432/db", "postgresql://u@h:5432/db"),
        ("postgresql://u@h/db?password=se%2Fcreto&schema=a", "postgresql://u@h/db?schema=a"),
        ("postgresql://:se%2Fcreto@h/db", "postgresql://@h/db"),
    ],
)
def test_a_password_is_only_in_the_environment(text: str, name: str) -> None:
    source = parse(text)
    assert source.environment == {"AFORO_SOURCE": name, "PGPASSWORD": "se/creto"}
    assert "creto" not in f"{source} {source!r} {source.name}"


def test_the_options_of_a_url_stay_as_they_are() -> None:
    url = "postgresql://u@h/db?options=-c%20lock_timeout%3D500&schema=a"
    assert parse(url).name == url
    assert "PGPASSWORD" not in parse(url).environment


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mysql://u@h/db", "a source mysql://… can't be read"),
        ("postgresql://u:secreto@h:port/db", "its port is not a number"),
        ("postgresql://u:secreto/x@h/db", "its port is not a number"),
        ("https://u:secreto@h/x", "would be shown"),
        ("https:///x", "names no host"),
        ("https://h/x?sig=secreto", "may be a key"),
        ("s3://b/x?s3_secret_access_key=secreto", "may be a key"),
        ("~nosuchuser/x", "leads nowhere"),
        ("jdbc:postgresql://u:secreto@h/db", "not a folder, a file or a known address"),
        ("host=h password=secreto", "not a folder, a file or a known address"),
        ("postgresql://u:123/secreto@h/db", "write / as %2F"),
        ("postgresql://u@h/db?sslpassword=secreto", "service file"),
    ],
)
def test_nonsense_is_refused_without_showing_a_password(text: str, said: str) -> None:
    with pytest.raises(AforoError) as refused:
        parse(text)
    assert said in str(refused.value)
    assert "secreto" not in str(refused.value)


def test_a_mapping_folder_without_mappings_is_refused(tmp_path: Path) -> None:
    [problem] = source_problems(resolve(mapping=str(tmp_path)))
    assert "has no <table>.sql in it" in problem.what
    (tmp_path / "cursos.sql").write_text("select 1 as curso_actual")
    assert source_problems(resolve(mapping=str(tmp_path))) == []
    assert resolve(mapping=str(tmp_path)).environment["AFORO_MAPPING"] == str(tmp_path)
