"""What is recognised in a source, and the mapping that is drafted from it."""

from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from flows import settings
from flows.cli import app
from flows.commands import init_source
from flows.dbt.extensions import extension_file
from flows.errors import AforoError
from flows.settings import resolve
from tests.drafts import looked_at, rows_of, said_of

EXPORT = """
select * from (values
    ('Ciclo', 'Local', 'Código de Curso', 'Horario', 'Cant. Matriculados', 'Situación'),
    ('202501', 'NORTE', 'A1', '07:00', '12', 'Cur. Cerrado'),
    ('202502', 'NORTE', 'A1', '07:00', '9', 'Cur. Cancelado'),
    ('202502', 'NORTE', 'A2', '07:00', '9', 'En revisión')
) as t (a, b, c, d, e, f)
"""


def write_workbook(file: Path, title: bool) -> None:
    above = "select 'Reporte de programación' as a union all by name" if title else ""
    with duckdb.connect() as connection:
        connection.execute(f"load '{extension_file('excel')}'")
        connection.execute(f"copy ({above} {EXPORT}) to '{file}' (format xlsx, header false)")


@pytest.mark.parametrize("title", [False, True])
def test_a_workbook_of_an_export(tmp_path: Path, title: bool) -> None:
    for month in ("202501", "202502"):
        write_workbook(tmp_path / f"{month}.xlsx", title)
    seen, files = looked_at(tmp_path)
    assert seen.sections
    assert seen.sections.match.found.leads == ("-- files: *.xlsx",)
    assert {ours: value.of for ours, value in seen.sections.values.items()} == {
        "periodo": ("Ciclo",),
        "sede": ("Local",),
        "curso": ("Código de Curso",),
        "horario": ("Horario",),
        "estado": ("Situación",),
        "matriculados": ("Cant. Matriculados",),
    }
    drafted = files["programacion"]
    assert drafted.splitlines()[:2] == [f"-- source: {tmp_path}", "-- files: *.xlsx"]
    assert "when 'Cur. Cerrado' then 'cerrado'\n" in drafted
    assert "when 'En revisión' then 'En revisión'  -- not recognised" in drafted
    assert list(files) == ["programacion"]


# Exports of systems that students are enrolled in: the contract's five columns and what else is of use.
# ruff: noqa: E501 (an export is its lines)
EXPORTS = {
    # PeopleSoft.
    "Term,CourseID,Course,Component,TotalCapacity,EnrlTotal\n2231,1,ABC 1,LEC,40,35\n2238,1,ABC 1,LEC,40,38": (
        "periodo=Term sede= curso=CourseID horario= matriculados=EnrlTotal vacantes=TotalCapacity"
    ),
    "STRM,CAMPUS,SUBJECT,CATALOG_NBR,CLASS_SECTION,CLASS_NBR,ENRL_TOT,ENRL_CAP,FACILITY_ID,MEETING_TIME_START,"
    "MEETING_TIME_END,INSTRUCTOR\n2231,MAIN,MATH,101,001,1201,35,40,R1,09:00,10:30,X\n"
    "2231,MAIN,MATH,102,001,1202,38,40,R1,11:00,12:30,X\n2238,WEST,HIST,101,001,1203,38,40,R1,09:00,10:30,X": (
        "periodo=STRM sede=CAMPUS curso=SUBJECT+CATALOG_NBR horario=MEETING_TIME_START+MEETING_TIME_END "
        "matriculados=ENRL_TOT vacantes=ENRL_CAP aula=FACILITY_ID"
    ),
    # Banner.
    "TERM_CODE,CRN,SUBJ_CODE,CRSE_NUMB,CAMP,MAX_ENRL,ACTUAL_ENRL,DAYS,BEGIN_TIME,END_TIME\n"
    "202310,11,MATH,101,M,30,28,MWF,0900,0950\n202320,12,MATH,101,M,30,22,TR,0900,1015": (
        "periodo=TERM_CODE curso=SUBJ_CODE+CRSE_NUMB matriculados=ACTUAL_ENRL vacantes=MAX_ENRL seccion_id=CRN "
        "horario=DAYS+BEGIN_TIME+END_TIME"
    ),
    "Período Letivo,Unidade,Código da Disciplina,Disciplina,Turma,Horário,Vagas,Matriculados,Professor\n"
    "2023.1,Centro,MAT01,Cálculo,A,08:00-10:00,40,35,X\n2023.2,Centro,MAT01,Cálculo,B,08:00-10:00,40,31,X": (
        "periodo=Período Letivo sede=Unidade curso=Código da Disciplina horario=Horário matriculados=Matriculados "
        "vacantes=Vagas"
    ),
    "CICLO LECTIVO,PLANTEL,CLAVE MATERIA,GRUPO,TURNO,CAPACIDAD,ALUMNOS INSCRITOS\n"
    "2022-2023,SUR,M01,1,MATUTINO,40,35\n2023-2024,SUR,M01,1,VESPERTINO,40,31": (
        "periodo=CICLO LECTIVO sede=PLANTEL curso=CLAVE MATERIA horario=TURNO matriculados=ALUMNOS INSCRITOS "
        "vacantes=CAPACIDAD"
    ),
    "anio,semestre,sede,cod_asignatura,paralelo,cupo,total_inscritos\n2022,1,Quito,A1,1,30,28\n"
    "2022,2,Quito,A1,1,30,25\n2023,1,Quito,A1,1,30,22": (
        "periodo=anio+semestre sede=sede curso=cod_asignatura horario= matriculados=total_inscritos vacantes=cupo"
    ),
    "Semester,Branch,Course Code,Time Slot,Students,Max Students\nFall 2022,North,ENG1,Mon 9:00,12,20\n"
    "Spring 2023,North,ENG1,Mon 9:00,11,20": (
        "periodo=Semester sede=Branch curso=Course Code horario=Time Slot matriculados=Students"
    ),
    "AcademicPeriod,CampusCode,CourseCode,TimeSlot,CurrentEnrollment,SeatCapacity\n2023-1,N,A1,7-9,10,20\n"
    "2023-2,N,A1,7-9,12,20": (
        "periodo=AcademicPeriod sede=CampusCode curso=CourseCode horario=TimeSlot matriculados=CurrentEnrollment "
        "vacantes=SeatCapacity"
    ),
    "TERM,SUBJ,CRSE,SEC,CAMP,MTG DAYS,BEG TIME,END TIME,ENRL,CAP\n"
    "Fall 2022,MATH,1301,M1,MAIN,MW,08:00,09:15,22,30\nSpring 2023,MATH,1301,M1,WEST,TR,08:00,09:15,20,30": (
        "periodo=TERM sede=CAMP curso=SUBJ+CRSE horario=MTG DAYS+BEG TIME+END TIME matriculados=ENRL vacantes=CAP"
    ),
    # Levels are the courses, and hours are no slot without the days.
    "Nivel,Local,Frecuencia,Franja,Nº Inscritos,Mes\nA1,Sur,Lun-Mié-Vie,7:00 a 9:00,12,ENE-2023\n"
    "A2,Sur,Sábados,7:00 a 9:00,11,ENE-2023\nA1,Sur,Mar-Jue,9:00 a 11:00,10,JUL-2023": (
        "periodo=Mes sede=Local curso=Nivel horario=Frecuencia+Franja matriculados=Nº Inscritos"
    ),
    # Headings that say nothing: what is in them does.
    "A,B,C,Inscr.\n2023-1,MAT 101,LUN-MIE,30\n2023-2,MAT 102,MAR-JUE,25": (
        "periodo=A curso=B horario=C matriculados=Inscr."
    ),
}


@pytest.mark.parametrize("export", EXPORTS)
def test_exports_of_other_systems(tmp_path: Path, export: str) -> None:
    (tmp_path / "export.csv").write_text(export)
    seen, files = looked_at(tmp_path)
    assert seen.sections
    found = {ours: "+".join(value.of) for ours, value in seen.sections.values.items()}
    expected = {part.partition("=")[0]: part.partition("=")[2] for part in _parts(EXPORTS[export])}
    assert {ours: found.get(ours) for ours in expected} == expected
    assert seen.sections.missing == []
    rows = rows_of(files["programacion"], export)
    assert len(rows) == len(export.splitlines()) - 1
    assert all(row[name] for row in rows for name in ("periodo", "sede", "curso", "horario", "matriculados"))
    if "calendario" in files:
        with duckdb.connect() as connection:
            periods = {row[0] for row in connection.execute(files["calendario"]).fetchall()}
        assert {int(str(row["periodo"])) for row in rows} <= periods
    else:
        assert seen.sections.periods
        assert seen.sections.periods.is_months


def _parts(text: str) -> list[str]:
    # A heading may hold a space: 'curso=Course Code'.
    parts: list[str] = []
    for word in text.split(" "):
        if "=" in word:
            parts.append(word)
        else:
            parts[-1] += f" {word}"
    return parts


PLAN = """Periodo,Sede,Id Asignatura,Sección,Cupo,Inscritos,Día,Hora Inicio,Hora Fin
202310,NORTE,INF101,1,40,35,MIERCOLES,07:00,09:00
202310,NORTE,INF101,1,40,35,LUNES,07:00,09:00
202310,NORTE,INF101,2,40,20,LUNES,07:00,09:00
202330,NORTE,INF101,1,40,31,LUNES,07:00,09:00
"""


def test_a_section_with_a_row_for_each_day_is_one(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text(PLAN)
    assert "a section has a row for each weekday" in said_of(tmp_path)
    rows = rows_of(looked_at(tmp_path)[1]["programacion"], PLAN)
    assert sorted((row["periodo"], row["horario"], row["matriculados"]) for row in rows) == [
        ("202310", "LUNES 07:00-09:00", "20"),
        ("202310", "LUNES-MIERCOLES 07:00-09:00", "35"),
        ("202330", "LUNES 07:00-09:00", "31"),
    ]
    # Other hours on another day: each day says its own.
    other = PLAN.replace("MIERCOLES,07:00,09:00", "MIERCOLES,10:00,11:00")
    (tmp_path / "plan.csv").write_text(other)
    slots = {row["horario"] for row in rows_of(looked_at(tmp_path)[1]["programacion"], other)}
    assert "LUNES 07:00-09:00, MIERCOLES 10:00-11:00" in slots


def test_a_required_column_that_is_not_there_is_left_to_fill_in(tmp_path: Path) -> None:
    (tmp_path / "programacion.csv").write_text("periodo;curso\n202501;A1\n202502;A1\n")
    seen, files = looked_at(tmp_path)
    assert seen.sections
    assert seen.sections.missing == ["matriculados"]
    assert "-- Required and not recognised" in files["programacion"]
    assert "null as matriculados" in files["programacion"]
    assert "'MAIN' as sede" in files["programacion"]
    assert "'UNICO' as horario" in files["programacion"]
    assert "To fill in: matriculados in programacion.sql" in said_of(tmp_path)


def test_tables_as_the_contract_has_them_need_no_mapping(tmp_path: Path) -> None:
    (tmp_path / "cursos.csv").write_text("curso_actual,nombre,color\nA1,Uno,rojo\n")
    (tmp_path / "programacion.csv").write_text(
        "Periodo,sede,curso,horario,matriculados\n" + "".join(f"2023{m:02},N,A,H,9\n" for m in range(1, 13))
    )
    assert looked_at(tmp_path)[1] == {}
    assert "No mapping is needed" in said_of(tmp_path)


def test_semesters_written_as_months_need_a_calendar_alone(tmp_path: Path) -> None:
    (tmp_path / "programacion.csv").write_text(
        "periodo,sede,curso,horario,matriculados\n"
        + "".join(f"{year}{term:02},N,A,H,9\n" for year in (2022, 2023) for term in (1, 2))
    )
    assert list(looked_at(tmp_path)[1]) == ["calendario"]
    assert "4 periods, 202201 to 202302, 2 a year" in said_of(tmp_path)


def test_a_database_and_a_draft_that_is_there_already(tmp_path: Path) -> None:
    file = tmp_path / "academico.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema acad")
        connection.execute(
            "create table acad.secciones as "
            "select 202501 as ciclo, 'N' as local, 'A' as curso, 'H' as horario, 3 as alumnos"
        )
    asked, folder = resolve(str(file)), tmp_path / "mapping"
    files = looked_at(file)[1]
    [(path, new)] = init_source.write(files, folder, asked)
    assert new
    assert path.read_text().splitlines()[1:3] == ["-- table: acad.secciones", "select"]
    path.write_text("mine")
    assert init_source.write(files, folder, asked) == [(path, False)]
    assert path.read_text() == "mine"


STRANGE = 'a\'; drop table x; -- "b", [c] *'


def test_names_with_quotes_and_patterns_are_names(tmp_path: Path) -> None:
    heading = 'Ciclo,Local,"Código ""de"" Curso",curso,Horario,alumnos,Situación'
    row = '202501,N,A1,A1,07:00,3,"cerrado o\'clock"'
    folder = tmp_path / STRANGE
    folder.mkdir()
    (folder / f"{STRANGE}.csv").write_text(f"{heading}\n{row}\n")
    (folder / "a'; drop table x; -- c.csv").write_text("other\n1\n")
    seen, files = looked_at(folder)
    assert seen.sections
    assert seen.sections.values["curso"].of == ("curso",)
    # The comma that separates patterns is one sign, any; the rest is as it is called.
    assert seen.sections.match.found.leads == ('-- files: a\'; drop table x; -- "b"? [[]c] [*].csv',)
    assert "when 'cerrado o''clock' then 'cerrado'" in files["programacion"]

    file = tmp_path / f"academico {STRANGE}.duckdb"
    with duckdb.connect(str(file)) as connection:
        quoted = '"' + STRANGE.replace('"', '""') + '"'
        connection.execute(f"create schema {quoted}")
        connection.execute(f"create table {quoted}.{quoted} as select 1 as {quoted}, 2 as periodo")
    assert looked_at(file)[0].tables[0].columns == (STRANGE, "periodo")


def test_a_view_of_a_file_reads_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "academico.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create view cursos as select content as estado from read_text('/etc/hostname')")
    with pytest.raises(AforoError, match="can't be read: Permission Error"):
        looked_at(file)


def test_what_may_be_a_persons_is_neither_said_nor_drafted(tmp_path: Path) -> None:
    (tmp_path / "programacion.csv").write_text(
        "periodo,sede,curso,horario,alumnos,estado\n1,N,A,H,1,Juan Soto\n1,N,A,H,1,Cerrado\n"
    )
    assert "Juan" not in looked_at(tmp_path)[1]["programacion"]
    (tmp_path / "programacion.csv").write_text("202501,Juan Soto,12345678\n202502,Rosa Soto,12345679\n")
    said = said_of(tmp_path)
    assert "Juan" not in said
    assert "12345678" not in said


def test_a_source_without_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AforoError, match="has no table"):
        looked_at(tmp_path)
    with pytest.raises(AforoError, match="can't be read"):
        looked_at(tmp_path / "none.duckdb")


def test_one_file_that_cannot_be_read_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "roto.xlsx").write_bytes(b"PK no workbook")
    # A typographic quote of windows-1252.
    (tmp_path / "programacion.csv").write_bytes(
        "periodo;sede;curso;horario;matriculados;taller\n202301;N;A;H;9;Writer\u2019s\n".encode("cp1252")
    )
    seen, files = looked_at(tmp_path)
    assert seen.sections
    assert files == {}
    assert len(seen.unread) == 1
    assert str(tmp_path / "roto.xlsx") in seen.unread[0]


def run(*arguments: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(app, ["init-source", *arguments])
    said = str(outcome.exception) if isinstance(outcome.exception, AforoError) else outcome.output
    return outcome.exit_code, said


def test_drafts_are_where_a_run_looks_and_the_next_command_works_when_pasted(tmp_path: Path) -> None:
    source, home = tmp_path / "it's mine", tmp_path / "home"
    source.mkdir()
    (source / "plan.csv").write_text(PLAN)
    code, said = run("--source", str(source), "--home", str(home))
    assert code == 0, said
    # As a POSIX shell wants it.
    assert f"aforo check-source --source '{tmp_path}/it'\"'\"'s mine' --home {home}" in said
    assert resolve(str(source), str(home)).mapping == home / "mapping"
    assert settings.drafted_for(home / "mapping" / "calendario.sql") == str(source)


def test_a_draft_of_another_source_is_never_taken(tmp_path: Path) -> None:
    one, other, home = tmp_path / "one", tmp_path / "other", tmp_path / "home"
    for source in (one, other):
        source.mkdir()
        (source / "plan.csv").write_text(PLAN)
    run("--source", str(one), "--home", str(home))
    assert resolve(str(other), str(home)).mapping is None
    code, said = run("--source", str(other), "--home", str(home))
    assert code == 1
    assert f"is the mapping of another source, {one}" in said
    assert settings.drafted_for(home / "mapping" / "programacion.sql") == str(one)


def test_nothing_that_can_be_drafted_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "notas.csv").write_text("color,peso\nrojo,1.5\n")
    code, said = run("--source", str(tmp_path), "--home", str(tmp_path / "home"))
    assert code == 1
    assert "nothing was drafted" in said
    assert not (tmp_path / "home").exists()
