"""What is called like a person's data, or looks like it: column names, and texts that a message might quote.

Values of the tables are judged in SQL (macros/sources/personal.sql), over all rows.
"""

import re
import unicodedata
from collections.abc import Sequence


def _set_of(words: str) -> set[str]:
    return set(words.split())


# Anywhere in a name, whatever stands beside them: `apellidopaterno`, `CORREOELECTRONICO`.
_STEMS = (
    "apellido|sobrenome|surname|lastname|firstname|fullname|nombrecompleto|nomecompleto|primernombre|segundonombre|"
    "correo|email|telefon|telephone|celular|whatsapp|"
    "pasaporte|passaporte|passport|cedula|documento|nacimiento|nascimento|birth|cumplean|domicilio|endereco"
)
# As a word of its own.
_WORDS = _set_of(
    """
    dni ruc rut rfc curp cpf nif nie cuil cuit dui ssn doc nrodoc numdoc mail mails movil moviles
    mobile phone phones cellphone tel telf telef tlf fono fonos nombres nomes paterno materno
    direccion direcciones address addresses dob fecnac fechanac nasc
    """
)
_STUDENTS = _set_of(
    """
    alumno alumna aluno aluna estudiante estudante student pupil persona pessoa person padre madre
    apoderado tutor cliente customer
    """
)
_STAFF = _set_of("docente profesor profesora professor professora teacher instructor lecturer")
_MANY_STUDENTS = {f"{word}s" for word in _STUDENTS}
_MANY_STAFF = {f"{word}s" for word in _STAFF} | {"profesores", "professores"}
_KEYS = _set_of("id ids codigo codigos cod code dato datos data nombre nome name")
# Before a person these count; `numero` and its like before one person are that person's.
_COUNTS = _set_of(
    "cantidad quantidade cant total promedio media minimo min maximo max count tasa taxa porcentaje"
)
_NUMBERS = _set_of("numero num nro number n")

# What tells a value from a name or a code: an address, a number as long as a document's.
_LIKE_A_VALUE = re.compile(r"@|(?:\d[ .-]?){7}")
_NUMBER = re.compile(r"[-+]?\d[\d.,:/ -]*")
_CALLED = re.compile(
    r"\b(?:dni|rut|ruc|curp|cpf|rfc|nif|nie|c[eé]dula|pasaporte|passport)\b\W*\d", re.IGNORECASE
)


def is_personal_name(column: str) -> bool:
    """Whether a column is called like a person's name, document, address, telephone or birth date.

    In Spanish, Portuguese or English; in any case, with or without accents and separators. `nombre` alone is
    not: it is a course's, or a campus's.
    """
    found = _words(column)
    words, joined = set(found), "".join(found)
    if re.search(_STEMS, joined) or _WORDS & (words | {joined}):
        return True
    if {"nombre", "nome", "name"} & words and {"completo", "full", "first", "last", "middle"} & words:
        return True
    if (_STUDENTS | _STAFF) & words:
        return not _COUNTS & words or bool(_KEYS & words)
    # `alumnos` is how many there are; `docentes` is who they are.
    counted = (_COUNTS | _NUMBERS) & words
    return bool((_MANY_STUDENTS & words and _KEYS & words) or (_MANY_STAFF & words and not counted))


def looks_like_a_value(text: str) -> bool:
    """Whether a text that should be a name is rather somebody's data, as where a heading is missing."""
    return bool(_LIKE_A_VALUE.search(text) or _CALLED.search(text) or _given_names(text))


def shown_names(columns: Sequence[str]) -> list[str]:
    """A table's columns' names as a message may repeat them: none where the heading is a row of data."""
    is_data = any(_NUMBER.fullmatch(column.strip()) for column in columns)
    return [
        f"(a name of {len(column)} characters)" if is_data or looks_like_a_value(column) else column
        for column in columns
    ]


def _given_names(text: str) -> bool:
    words = re.findall(r"[a-z]+", _plain(text))
    return len(words) > 1 and bool(GIVEN_NAMES & set(words))


def _words(name: str) -> list[str]:
    # ApellidoPaterno, DNIAlumno.
    apart = re.sub(r"(?<=[a-záéíóúñãç0-9])(?=[A-ZÁÉÍÓÚÑ])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.findall(r"[a-z]+", _plain(apart))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()


# Given names that most lists of persons in Spanish, Portuguese and English hold, without accents. Those that
# are rather places are left out (Victoria, Rosario, Santiago, Lima).
GIVEN_NAMES = _set_of(
    """
    juan jose luis carlos jorge pedro miguel manuel jesus cesar victor julio oscar ricardo fernando
    eduardo roberto mario antonio alejandro raul francisco javier daniel david marco angel walter
    hugo alberto ruben enrique rafael martin alfredo jaime edgar sergio andres diego christian
    cristian gustavo percy william wilmer guillermo henry richard pablo felipe gabriel ivan arturo
    maria ana rosa carmen luz gloria elena juana julia teresa martha marta patricia silvia claudia
    monica sandra sonia norma nancy elizabeth lucia laura karina karen carolina andrea paola diana
    milagros yolanda isabel susana flor cecilia veronica vanessa gladys irma olga nelly doris
    jessica jenny katherine mariela angela daniela sofia valeria camila fiorella erika liliana
    lourdes joao paulo luiz marcos lucas mateus thiago tiago rodrigo fernanda juliana mariana
    beatriz leticia john james robert michael mary jennifer linda barbara susan margaret sarah
    thomas charles joseph kevin brian steven anthony paul mark george kenneth emily anna emma olivia
    """
)
