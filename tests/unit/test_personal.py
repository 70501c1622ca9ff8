"""What is called like a person's data, and what of DuckDB's words may be repeated."""

import re
from pathlib import Path

import duckdb
import pytest

from flows.dbt import personal
from flows.dbt.wording import HIDDEN, quiet, without_values
from flows.drafting.recognise import contract
from flows.vocabulary import PARTS, SYNONYMS

PERSONAL = """
nombre_completo, Nombre Completo, NOMBRE COMPLETO, nombres, Nombres y Apellidos, NombreYApellido, apellidos,
ApellidoPaterno, APELLIDOPATERNO, apellido materno, primer_nombre, segundoNombre, full_name, FullName,
fullname, first name, LastName, surname, nome_completo, Nome do Aluno, sobrenome, nombre_alumno,
NombreAlumno, nombre_del_estudiante, student_name, alumno, estudiante, Código de Estudiante, codigo_alumno,
id_alumno, ID_ESTUDIANTE, estudiante_id, alumno_id, student_id, codigos_alumnos, mail, e-mail, E_MAIL,
Email, correo, Correo Electrónico, correoelectronico, movil, Móvil, celular, CELULARES, Teléfono,
telefono_casa, TelefonoCelular, telf, phone, mobile_phone, telefone, WhatsApp, dni, DNI, D.N.I., DNIAlumno,
N° Documento, tipo_documento, NumeroDocumento, nro_documento, numdoc, cedula, Cédula, RUT, ruc, CURP, cpf,
passport, pasaporte, docente, Docentes, DNI_DOCENTE, profesor, Profesora, Professor, teacher, Instructor,
numero de telefono, n_celular, numero_alumno, num_docente, codigo_docentes, Profesores, direccion,
Dirección, address, Endereço, domicilio, fecha_nacimiento, FechaNacimiento, FECHANACIMIENTO, fecha de nac.
(nacimiento), birth_date, birthdate, Data de Nascimento, dob, persona, nombre_apoderado, apoderado
"""
ORDINARY = """
nombre, Nombre, name, nombre_curso, Nombre del Curso, nombre_sede, course_name, descripcion, Descripción,
sede, aula, salon, local, codigo, Código de Curso, id, idseccion, nrc, cantidad_alumnos, CantidadAlumnos,
n_alumnos, numero_alumnos, total_estudiantes, minimo_alumnos, students, enrolled, alumnos, Cant.
Matriculados, matriculados, total_docentes, tasa_de_docentes, dia, mes, fecha, fecha_creacion, Fase, modulo,
modalidad, turno, campus, edificio, estado, registro, comentario, completo, Vac. Habilitadas, telar,
correlativo, ruta, rutina, director_de_arte, mailen, contenido, documental
"""


def names(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := " ".join(part.split()))]


@pytest.mark.parametrize("column", names(PERSONAL))
def test_a_column_called_like_a_persons_data(column: str) -> None:
    assert personal.is_personal_name(column)


@pytest.mark.parametrize("column", names(ORDINARY))
def test_an_ordinary_column(column: str) -> None:
    assert not personal.is_personal_name(column)


def test_the_contract_and_its_synonyms_are_ordinary() -> None:
    ours = {column.name for columns in contract().values() for column in columns}
    words = {word for text in [*SYNONYMS.values(), *PARTS.values()] for word in text.split()}
    assert [name for name in sorted(ours | words) if personal.is_personal_name(name)] == []


def test_a_heading_that_is_somebodys_data_is_not_repeated() -> None:
    for value in ("Juan Pérez", "persona@example.org", "DNI 4567", "12.345.678", "PEREZ SOTO, ROSA"):
        assert personal.shown_names([value]) == [f"(a name of {len(value)} characters)"]
    names = ["Cant. Matriculados", "periodo", "nombre", "Año 2024"]
    assert personal.shown_names(names) == names
    # A heading with a number for a name is a row of data.
    assert personal.shown_names(["Zutanita", "8"]) == [
        "(a name of 8 characters)",
        "(a name of 1 characters)",
    ]


CANARY = "Juana Canario"


def said_by_duckdb(query: str) -> str:
    with duckdb.connect() as connection, pytest.raises(duckdb.Error) as caught:
        connection.execute(query).fetchall()
    return str(caught.value)


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (f"select cast('{CANARY}' as int)", "could not be converted to INT32"),
        (f"select cast(x as date) from (select '{CANARY}' as x)", "Conversion Error"),
        (f"select error('{CANARY}')", HIDDEN),
        (f"create table t (a text primary key); insert into t values ('{CANARY}'), ('{CANARY}')", HIDDEN),
        (f"select cast('[{CANARY}' as json)", "Conversion Error"),
        (f"select strptime('{CANARY}', '%d/%m/%Y')", HIDDEN),
        (f'with t as (select 1 as "{CANARY}") select juana from t', "Referenced column"),
    ],
)
def test_an_error_of_duckdb_without_the_value(query: str, kept: str) -> None:
    said = said_by_duckdb(query)
    assert CANARY in said
    assert CANARY not in without_values(said)
    assert kept in without_values(said)


def test_a_row_that_is_no_csv_is_named_by_its_line_and_file(tmp_path: Path) -> None:
    file = tmp_path / "a'b.csv"
    # What the line says is not taken for the file.
    file.write_text(f'a,b\n1,2\n"{CANARY}\n  file = {CANARY}"\n')
    name = str(file).replace("'", "''")
    said = said_by_duckdb(
        f"from read_csv('{name}', header = true, auto_detect = false, columns = {{'a': 'text', 'b': 'text'}})"
    )
    assert CANARY in said
    kept = without_values(said)
    assert CANARY not in kept
    assert re.search(r"CSV Error on Line: \d", kept)
    assert "Expected Number of Columns: 2 Found: 1" in kept
    assert f"file = {file}" in kept


@pytest.mark.parametrize(
    "said",
    [
        'IO Error: Failed to execute query "x": ERROR:  invalid input syntax for integer: "Juana Canario"',
        "IO Error: Failed to fetch: ERROR:  duplicate key\nDETAIL:  Key (nombre)=(Juana Canario) is there.",
        "IO Error: Failed: ERROR:  Juana Canario is not allowed here\nCONTEXT:  PL/pgSQL function f() line 1",
        "Invalid Input Error: Failed: ERROR:  Juana Canario",
    ],
)
def test_an_error_of_a_server_without_the_value(said: str) -> None:
    assert CANARY not in without_values(said)


@pytest.mark.parametrize(
    "said",
    [
        'IO Error: Unable to connect to Postgres at "postgresql://u@h:1/db": connection to server failed',
        'IO Error: Cannot open file "/data/x": Permission denied',
        'Binder Error: Referenced column "Perido" not found in FROM clause!\nCandidate bindings: "Periodo"',
        'IO Error: Could not set lock on file "/x.duckdb": Conflicting lock is held in python (PID 4711)',
        "Out of Memory Error: could not allocate block of size 256.0 KiB (953.6 MiB used)",
        "Invalid Input Error: No magic bytes found at end of file '/x/cursos.parquet'",
        "[aforo] Table cursos: column curso_actual is missing. Add the column.",
        "Nothing of DuckDB",
    ],
)
def test_what_quotes_no_value_is_kept(said: str) -> None:
    assert without_values(said) == said


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (
            "IO Error: Failed: ERROR:  permission denied for table cursos",
            "permission denied",
        ),
        (
            "IO Error: Failed: ERROR:  canceling statement due to lock timeout",
            "lock timeout",
        ),
        ('IO Error: x: FATAL:  database "db" does not exist', 'database "db" does not exist'),
    ],
)
def test_what_a_server_says_of_rights_and_locks_is_kept(said: str, kept: str) -> None:
    assert kept in without_values(said)


def test_an_error_stays_of_its_class() -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.ConversionException) as caught:
        quiet(connection.execute)(f"select cast('{CANARY}' as int)")
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
