"""The words that institutes use, in Spanish, Portuguese and English (`aforo init-source`).

A heading is cut into words without case, accents and punctuation: 'CantMatriculados', 'CANT_MATRICULADOS' and
'Cant. Matriculados' are the same two.
"""

import re
import unicodedata
from collections.abc import Sequence

# Other words for the contract's columns, as they are written together. Those that say it best stand first.
SYNONYMS = {
    "seccion_id": (
        "idseccion codigoseccion nrc crn sectionid classid classnumber classnbr idturma idgrupo seccion "
        "section turma"
    ),
    "periodo": (
        "ciclo periodoacademico periodolectivo periodoletivo codigoperiodo term termcode strm semestre "
        "semester cuatrimestre trimestre bimestre quadrimestre quarter mes month period academicperiod "
        "cycle anosemestre semana week gestion sesion session anolectivo anoletivo academicyear yearterm"
    ),
    "sede": (
        "local campus campuscode camp sucursal centro branch site plantel recinto polo filial unidade "
        "location ubicacion school escuela"
    ),
    "curso": (
        "codigodecurso codigocurso codcurso idcurso codigoasignatura codasignatura idasignatura "
        "codigomateria codmateria codigodisciplina coddisciplina coursecode courseid crsecode "
        "coursenumber asignatura materia disciplina course codigo componentecurricular crse modulo class "
        "clave"
    ),
    "curso_actual": "codigodecurso codigocurso codcurso curso coursecode course",
    "horario": (
        "timeslot slot schedule franja franjahoraria turnohorario meetingtime meetingpattern horariocurso "
        "hora turno jornada time bloque shift"
    ),
    "modalidad": "modality mode instructionmode deliverymode modalidade metodo",
    "frecuencia": "frequency frequencia",
    "intensidad": "ritmo pace intensity intensidade",
    "nivel": "level grado nivelacademico",
    "estado": "situacion situacao status state classstatus sectionstatus",
    "matriculados": (
        "cantmatriculados cantidadmatriculados totalmatriculados inscritos totalinscritos matricula "
        "matriculas enrolled enrltot enrtot totalenrolled totenrl actualenrollment enrollment enrolment "
        "currentenrollment actual students headcount alumnos estudiantes alunos qtdalunos qtdmatriculados "
        "inscripciones cursando registered ocupados"
    ),
    "vacantes": (
        "vachabilitadas vacanteshabilitadas cupo cupos cupomaximo vagas seats capacity totalcapacity "
        "enrlcap maxenrollment maxenrl cap maxcap capacidad capacidade plazas limite limit tope lotacao"
    ),
    "aforo": "capacidadaula aforoaula roomcapacity roomcap capacidadesala",
    "aula": "salon room classroom sala ambiente facility facilityid espacio",
    "fecha_creacion": "fechacreacion fechadecreacion created createdat creationdate datacriacao",
    "nombre": "descripcion nombrecurso name description title",
    "linea": "line",
    "programa": "program programme",
    "duracion_meses": "duracion duration",
    "curso_siguiente": "siguiente cursosig nextcourse",
    "es_inicial": "inicial entry isentry",
    "es_estacional": "estacional verano seasonal",
    "horario_actual": "horariovigente currentslot",
    "turno": "shift",
    "franja": "frecuenciahorario daygroup",
    "bloques": "blocks",
    "hora_inicio": (
        "horainicio horadeinicio horainicial horaini inicio desde start starttime begin begintime begtime "
        "horaentrada "
        "mtgstart meetingtimestart"
    ),
    "hora_fin": (
        "horafin horadefin horafinal horatermino fin fim hasta ate end endtime horasalida mtgend "
        "meetingtimeend"
    ),
    "hora_apertura": "apertura opens opening",
    "hora_cierre": "cierre closes closing",
    "minimo_alumnos": "minimo puntoequilibrio pe minimum",
    "vacantes_estandar": "estandar standardseats",
    "vacantes_maximas": "maximo maxseats",
    "indice": "orden index",
    "estacion": "posicion season",
    "fecha_inicio": "inicio startdate",
    "fecha_fin": "fin enddate",
    "fecha_pronostico": "pronostico forecastdate",
}
# What a section's row also holds, of which a contract column is made.
PARTS = {
    "hora_inicio": "",
    "hora_fin": "",
    "dias": (
        "dia dias diasemana diadelasemana diasdeclase day days weekday weekdays meetingdays daysofweek "
        "diassemana"
    ),
    "ano": "ano anio year ejercicio gestion academicyear anolectivo",
    "subject": "subj subjcode subjectcode area prefijo departamento depto",
    "number": ("catalog catalognbr catalognumber crsenumb crsenumber coursenumb coursenumber numero nro"),
    "grupo": (
        "seccion section sectionnumber sec grupo group turma comision paralelo nrc crn classnumber "
        "classnbr idseccion sectionid"
    ),
}
# The beginning of a state's word, and the contract's state.
STATES = {
    "cerrad": "cerrado",
    "cancel": "cancelado",
    "abiert": "abierto",
    "cread": "creado",
    "program": "creado",
    "closed": "cerrado",
    "open": "abierto",
    "created": "creado",
    "planned": "creado",
    "encerrad": "cerrado",
    "fechad": "cerrado",
    "aberta": "abierto",
    "active": "cerrado",
    "activ": "cerrado",
}
CONTRACT_STATES = {"cerrado", "cancelado", "abierto", "creado"}

MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "enero ene janeiro january jan",
            "febrero feb fevereiro fev february",
            "marzo mar marco march",
            "abril abr april apr",
            "mayo may maio mai",
            "junio jun junho june",
            "julio jul julho july",
            "agosto ago august aug",
            "septiembre setiembre sep set setembro september sept",
            "octubre oct outubro out october",
            "noviembre nov novembro november",
            "diciembre dic dezembro dez december dec",
        ),
        1,
    )
    for word in words.split()
}
SEASONS = {
    word: season
    for season, words in {
        "summer": "verano verao summer",
        "autumn": "otono outono autumn fall",
        "winter": "invierno inverno winter",
        "spring": "primavera spring",
    }.items()
    for word in words.split()
}
ENGLISH_SEASONS = {"summer", "autumn", "fall", "winter", "spring"}
# Monday first. A single letter is a day only in a column of nothing else.
WEEKDAYS = {
    word: number
    for number, words in enumerate(
        (
            "lunes lun lu segunda seg monday mon mo",
            "martes mar ma terca ter tuesday tue tu",
            "miercoles mie mi quarta qua wednesday wed we",
            "jueves jue ju quinta qui thursday thu th",
            "viernes vie vi sexta sex friday fri fr",
            "sabado sabados sab sa saturday sat",
            "domingo domingos dom do sunday sun su",
        ),
        1,
    )
    for word in words.split()
}
# Monday first: English, Spanish (X or K: miércoles).
_LETTERS = ("mtwrfsu", "lmxjvsd", "lkmjvsd")
ORDINALS = {
    word: number
    for number, words in enumerate(
        (
            "i primer primero primeiro first 1st",
            "ii segundo second 2nd",
            "iii tercer tercero terceiro third",
            "iv cuarto quarto",
        ),
        1,
    )
    for word in words.split()
}


_LINKS = {"de", "da", "do", "del", "la", "el", "los", "das", "dos", "of", "the"}


def plain(text: str) -> str:
    """The text in lower case without accents and signs of ordinals."""
    bare = re.sub("[ºª°]", "", text)
    return unicodedata.normalize("NFKD", bare).encode("ascii", "ignore").decode().lower()


def normalised(name: str) -> str:
    """The name without case, accents and punctuation: 'Cant. Matriculados' is 'cantmatriculados'."""
    return re.sub(r"[^a-z0-9]", "", plain(name))


def in_order(days: Sequence[str]) -> list[str]:
    """Days of the week, Monday first; letters in the order of the language that has all of them."""
    bare = [plain(day).strip(".") for day in days]
    letters = next((week for week in _LETTERS if set(bare) <= set(week)), "")
    places = {day: WEEKDAYS.get(text, 9) for day, text in zip(days, bare, strict=True)}
    places |= {day: letters.index(text) for day, text in zip(days, bare, strict=True) if letters}
    return sorted(days, key=lambda day: (places[day], day))


def words_of(name: str) -> list[str]:
    """The words of a heading: of 'EnrlTot', enrl and tot."""
    apart = re.sub(r"(?<=[a-záéíóúñãç0-9])(?=[A-ZÁÉÍÓÚÑ])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return re.findall(r"[a-z]+|\d+", plain(apart))


def words_for(column: str) -> list[str]:
    """The normalised names by which a column of the contract is recognised, its own first."""
    return [normalised(column), *(SYNONYMS.get(column) or PARTS.get(column, "")).split()]


def likeness(heading: str, column: str) -> float:
    """How much a heading is called like a column, from 0 to 1: by a name of it, by one among other words, or
    by the beginnings of one's words ('cant matric')."""
    words = [word for word in words_of(heading) if word not in _LINKS] or words_of(heading)
    names = words_for(column)
    joined = normalised(heading) if normalised(heading) in names else "".join(words)
    if joined in names:
        return 1.0 if joined == names[0] else 0.95 - 0.1 * names.index(joined) / len(names)
    best = 0.0
    for place, name in enumerate(names):
        rank = 1 - 0.2 * place / len(names)
        if name in words:
            # The first or last word says what it is ('Inscritos totales'); beside more words it says less.
            at_an_end = name in (words[0], words[-1])
            best = max(best, rank * (0.75 if at_an_end else 0.6) - 0.03 * len(words))
        elif len(joined) >= 4 and len(words) > 1 and _abbreviates(words, name):
            best = max(best, 0.65 * rank)
        elif (
            len(words) == 1
            and name.startswith(joined)
            and len(joined) >= 4
            and len(name) <= 2.5 * len(joined)
        ):
            best = max(best, 0.6 * rank)
    return best


def _abbreviates(words: list[str], name: str) -> bool:
    """Whether the words' beginnings make up the name in order: enrl tot, enrolled total."""
    rest = name
    for word in words:
        shared = next((n for n in range(min(len(word), len(rest)), 2, -1) if rest.startswith(word[:n])), 0)
        if not shared:
            return False
        rest = rest[shared:]
        if shared < len(word) and rest:
            return False
    return len(rest) <= 3 or not rest
