"""The words that institutes use for the contract's columns and states (`aforo init-source`)."""

import re
import unicodedata

# Other words for the contract's columns, normalised.
SYNONYMS = {
    "seccion_id": "seccion idseccion codigoseccion nrc sectionid section classid",
    "periodo": "ciclo mes codigoperiodo term period cycle",
    "sede": "local campus sucursal centro branch site",
    "curso": "codigodecurso codigocurso codcurso codigo course coursecode",
    "curso_actual": "codigodecurso codigocurso codcurso curso coursecode course",
    "horario": "hora turnohorario slot schedule timeslot time",
    "modalidad": "modality mode",
    "frecuencia": "dias days frequency",
    "intensidad": "ritmo pace intensity",
    "nivel": "level",
    "estado": "situacion status state",
    "matriculados": "cantmatriculados cantidadmatriculados alumnos inscritos enrolled students",
    "vacantes": "vachabilitadas vacanteshabilitadas cupos seats capacity",
    "aforo": "capacidadaula roomcapacity",
    "aula": "salon room classroom",
    "fecha_creacion": "fechacreacion fechadecreacion created createdat creationdate",
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
    "hora_inicio": "inicio start starttime",
    "hora_fin": "fin end endtime",
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
}
CONTRACT_STATES = {"cerrado", "cancelado", "abierto", "creado"}


def normalised(name: str) -> str:
    """The name without case, accents and punctuation: 'Cant. Matriculados' is 'cantmatriculados'."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())


def words_for(column: str) -> list[str]:
    """The normalised names by which a column of the contract is recognised, its own first."""
    return [normalised(column), *SYNONYMS.get(column, "").split()]
