with
celdas as (select * from {{ ref('celdas') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

corrida as (select * from {{ ref('corrida') }}),

-- What the courses before it had in the same campus and slot, a course length earlier.
alimentadas as (
    select
        c.indice + k.duracion_periodos as indice,
        c.sede,
        k.curso_siguiente as curso_actual,
        c.horario_actual,
        sum(c.alumnos) as alumnos_previos,
        sum(c.secciones) as secciones_previas,
        sum(c.secciones_llenas) as llenas_previas,
        sum(c.vacantes) as vacantes_previas,
        sum(c.alumnos) filter (where k.tipo_demanda = 'estacional') as previos_estacionales,
        sum(c.alumnos) filter (where k.tipo_demanda = 'inicial') as previos_iniciales,
        min(k.duracion_periodos) as duracion_previa
    from celdas as c
    inner join cursos as k on c.curso_actual = k.curso_actual
    where k.curso_siguiente is not null
    group by all
),

-- Held, or fed, or both: what became of the students of the course before.
reunidas as (
    select
        coalesce(a.indice, c.indice) as indice,
        coalesce(a.sede, c.sede) as sede,
        coalesce(a.curso_actual, c.curso_actual) as curso_actual,
        coalesce(a.horario_actual, c.horario_actual) as horario_actual,
        coalesce(c.alumnos, 0) as alumnos,
        coalesce(c.secciones, 0) as secciones,
        coalesce(a.alumnos_previos, 0) as alumnos_previos,
        a.secciones_previas,
        a.llenas_previas,
        a.vacantes_previas,
        a.previos_estacionales,
        a.previos_iniciales,
        a.duracion_previa
    from alimentadas as a
    full outer join celdas as c
        on
            a.indice = c.indice
            and a.sede = c.sede
            and a.curso_actual = c.curso_actual
            and a.horario_actual = c.horario_actual
)

select
    cast(r.indice as integer) as indice,
    p.estacion,
    r.sede,
    r.curso_actual,
    r.horario_actual,
    k.programa,
    k.linea,
    k.nivel,
    k.frecuencia,
    k.tipo_demanda,
    r.indice > q.indice_corte as es_futura,
    cast(r.alumnos as integer) as alumnos,
    cast(r.secciones as integer) as secciones,
    cast(r.alumnos_previos as integer) as alumnos_previos,
    cast(r.secciones_previas as integer) as secciones_previas,
    cast(r.llenas_previas as integer) as llenas_previas,
    cast(r.vacantes_previas as integer) as vacantes_previas,
    cast(r.previos_estacionales as integer) as previos_estacionales,
    cast(r.previos_iniciales as integer) as previos_iniciales,
    cast(r.duracion_previa as integer) as duracion_previa
from reunidas as r
inner join periodos as p on r.indice = p.indice
inner join cursos as k on r.curso_actual = k.curso_actual
cross join corrida as q
