"""Every text that a person reads has its Spanish, and no English is said where Spanish is asked for."""

import ast
import functools
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import language
from flows.errors import Problem, as_text
from flows.language import t
from flows.screen import summary

ROOT = Path(__file__).parents[2]
FLOWS = sorted((ROOT / "flows").rglob("*.py"))
# Who else says a text that is shown: the audit's SQL, what goes without a table, the states of a run.
OTHERS = [
    *(ROOT / "macros").rglob("*.sql"),
    *(ROOT / "tests" / "sql").rglob("*.sql"),
    ROOT / "models" / "landing" / "_sources.yml",
    ROOT / "flows" / "home" / "record.py",
    ROOT / "flows" / "pipeline.py",
    ROOT / "flows" / "dbt" / "publications.py",
    ROOT / "python_models" / "forecasting" / "engine.py",
]


@functools.cache
def trees() -> list[tuple[Path, ast.Module]]:
    """The code of flows, parsed."""
    return [(file, ast.parse(file.read_text())) for file in FLOWS]


def calls(name: str) -> Iterator[tuple[Path, ast.Call]]:
    """Every call of that name in flows."""
    for file, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield file, node


@functools.cache
def said() -> set[str]:
    """Every text that flows says in the reader's language."""
    return {
        str(call.args[0].value)
        for name in ("t", "marked")
        for _, call in calls(name)
        if isinstance(call.args[0], ast.Constant)
    }


def placeholders(text: str) -> set[str]:
    """The names of a text's placeholders."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.fixture
def spanish(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Spanish is asked for; its catalogue."""
    monkeypatch.setenv("AFORO_LANG", "es")
    return language._catalogue("es") | {m.id: m.string for m in language._messages("es")}


def test_no_text_is_without_its_spanish(spanish: dict[str, str]) -> None:
    assert said()
    assert sorted(said() - set(spanish)) == []


def test_the_catalogue_has_no_text_that_nobody_says(spanish: dict[str, str]) -> None:
    elsewhere = "\n".join(file.read_text() for file in OTHERS).replace("\\'", "'")
    unsaid = [
        text
        for text in spanish
        if text not in said()
        # SQL puts texts together: their words are there, with values between.
        and not all(word in elsewhere for word in re.sub(r"\{\w+\}", " ", text).split())
    ]
    assert unsaid == []


def test_a_translation_has_the_placeholders_of_its_text(spanish: dict[str, str]) -> None:
    assert [text for text, said in spanish.items() if placeholders(text) != placeholders(said)] == []


def test_every_value_of_a_text_is_given() -> None:
    wrong = [
        f"{file.name}:{call.lineno}"
        for file, call in calls("t")
        if isinstance(call.args[0], ast.Constant)
        and placeholders(str(call.args[0].value)) != {keyword.arg for keyword in call.keywords}
    ]
    assert wrong == []


def words_of_its_own(text: ast.expr) -> bool:
    """Whether an expression is a literal with words, not what somebody else said."""
    return isinstance(text, ast.Constant) or (
        isinstance(text, ast.JoinedStr) and any(isinstance(p, ast.Constant) for p in text.values)
    )


def test_no_problem_is_said_in_english_alone() -> None:
    """A literal in a Problem goes by `t`; what dbt or DuckDB says is handed on as it is."""
    wrong = [
        f"{file.name}:{call.lineno}"
        for file, call in calls("Problem")
        for argument in call.args[:2]
        if words_of_its_own(argument)
    ]
    assert wrong == []


def test_no_problem_is_handed_english_by_a_name() -> None:
    """As above, where the text has a name first: `what = f"…"`, then `Problem(what, …)`."""
    wrong = []
    for file, tree in trees():
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            within = list(ast.walk(function))
            problems = (
                node for node in within if isinstance(node, ast.Call) and ast.unparse(node.func) == "Problem"
            )
            handed = {
                argument.id
                for call in problems
                for argument in call.args[:2]
                if isinstance(argument, ast.Name)
            }
            wrong += [
                f"{file.name}:{node.lineno}"
                for node in within
                if isinstance(node, ast.Assign) and words_of_its_own(node.value)
                for name in node.targets
                if isinstance(name, ast.Name) and name.id in handed
            ]
    assert wrong == []


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "es_PE.UTF-8"}, "es"),
        ({"LANG": "es"}, "es"),
        ({"LANG": "est"}, "en"),
        ({"LANG": "es_PE.UTF-8", "AFORO_LANG": "en"}, "en"),
        ({"LANG": "C.UTF-8", "AFORO_LANG": "es"}, "es"),
        ({"LANG": "es_PE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"AFORO_LANG": "", "LANG": "es_ES"}, "es"),
        ({"AFORO_LANG": "fr"}, "en"),
    ],
)
def test_the_language_is_the_one_asked_for_else_the_locales(
    environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in language._VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language.language() == expected


@pytest.mark.usefixtures("spanish")
def test_a_text_without_spanish_is_said_in_english() -> None:
    assert t("{n} unheard of", n=3) == "3 unheard of"


@pytest.mark.usefixtures("spanish")
def test_a_value_is_never_taken_for_a_placeholder() -> None:
    assert t("{name} is empty", name="{x}") == "{x} está vacío"


@pytest.mark.usefixtures("spanish")
@pytest.mark.parametrize(
    ("english", "expected"),
    [
        ("is empty", "está vacío"),
        ("is not a date and time", "no es una fecha y hora"),
        ("is below 0", "es menor que 0"),
        ("the key is there 2 times", "la clave está 2 veces"),
        (
            "there are 70 rows where the last good capture has 144: more than 10 % are gone",
            "hay 70 filas donde la última captura buena tiene 144: falta más del 10 %",
        ),
        (
            "this published forecast is left out: it is damaged",
            "este pronóstico publicado se deja fuera: está dañado",
        ),
        ("something new is below", "something new is below"),
    ],
)
def test_what_the_audit_puts_together_in_spanish(english: str, expected: str) -> None:
    assert language.of_sql(english) == expected


@pytest.mark.usefixtures("spanish")
def test_a_problem_in_spanish() -> None:
    problem = Problem(
        t("the source folder {path} is empty", path="/x"),
        t("export it again"),
        "cursos",
        "nivel",
        rows=(3, 7),
    )
    assert as_text(problem) == [
        "cursos, columna nivel, filas 3, 7",
        "  la carpeta de la fuente /x está vacía",
        "  -> expórtela otra vez",
    ]


@pytest.mark.usefixtures("spanish")
def test_a_summary_in_spanish() -> None:
    source = {
        "tabla": "calendario",
        "estado": "ausente",
        "motivo_estado": "not delivered: periods are taken as months YYYYMM",
        "filas": 0,
        "capturada_en": "2025-06-05 10:00",
        "edad_dias": 0.0,
        "en_cuarentena": 0,
    }
    found = {
        "run_id": "r1",
        "published_at": "2025-06-05",
        "periods": [202507, 202508],
        "period": 202507,
        "cells": 1200,
        "students": 34500,
        "backtest": {"aforo": {"wape": 0.2, "origins": 12}, "naive": {"wape": 0.5, "origins": 12}},
        "largest": [{"sede": "CENTRO", "curso_actual": "A", "horario_actual": "H", "alumnos": 78}],
        "alerts": ["CENTRO: más del doble de alumnos"],
        "sources": [source, source | {"tabla": "sedes", "estado": "respaldo", "edad_dias": 3.0}],
        "file": "/x/aforo_marts.duckdb",
    }
    lines = summary.as_text(found)
    assert lines[:3] == [
        "Pronóstico de 202507, 202508, publicado 2025-06-05 (corrida r1).",
        "  202507: se esperan 34,500 alumnos; 1,200 celdas (sede x curso x horario) probablemente se dictan.",
        "  Error en periodos pasados (WAPE de una celda, 12 periodos): 0.200; la mejor regla simple, "
        "el último periodo, 0.500.",
    ]
    assert "  calendario no entregada: los periodos se toman como meses AAAAMM." in lines
    assert "  RESPALDO sedes: capturada 2025-06-05 10:00 UTC, hace 3 días, porque" in lines
    assert "  1 alertas abiertas; la más grave: CENTRO: más del doble de alumnos" in lines
    assert "  Archivo: /x/aforo_marts.duckdb" in lines
    assert "Forecast" not in summary.as_markdown(found)
