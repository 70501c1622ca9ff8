with
candidatos as (select * from {{ ref('candidatos') }}),

destinos as (select * from {{ ref('destinos') }}),

corrida as (select * from {{ ref('corrida') }}),

celdas as (select * from {{ ref('celdas') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

-- The candidate's own past, up to its origin.
propios as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        sum(p.alumnos) filter (where c.indice_origen = p.indice) as alumnos_ultimo,
        sum(p.alumnos) filter (where p.indice > c.indice_origen - 3)
        / least(3, c.indice_origen - any_value(r.primer_indice) + 1) as alumnos_media_3,
        sum(p.alumnos) filter (where p.indice = d.indice_misma_estacion) as alumnos_misma_estacion,
        count(p.indice) as periodos_activos,
        c.indice_origen - min(p.indice) + 1 as periodos_desde_primera
    from candidatos as c
    inner join destinos as d on c.indice_origen = d.indice_origen and c.h = d.h
    cross join corrida as r
    inner join celdas as p
        on
            c.sede = p.sede
            and c.curso_actual = p.curso_actual
            and c.horario_actual = p.horario_actual
            and c.indice_origen >= p.indice
    group by c.indice_origen, c.h, c.unique_id
),

-- The students of the courses that this one continues, in the same slot, where they are known already.
predecesores as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        sum(p.alumnos) as alumnos_predecesor
    from candidatos as c
    inner join cursos as k on c.curso_actual = k.curso_siguiente
    inner join celdas as p
        on
            c.sede = p.sede
            and k.curso_actual = p.curso_actual
            and c.horario_actual = p.horario_actual
            and c.indice - k.duracion_periodos = p.indice
            and c.indice_origen >= p.indice
    group by all
)

select
    c.indice_origen,
    c.h,
    c.unique_id,
    cast(coalesce(p.alumnos_ultimo, 0) as integer) as alumnos_ultimo,
    coalesce(p.alumnos_media_3, 0) as alumnos_media_3,
    cast(coalesce(p.alumnos_misma_estacion, 0) as integer) as alumnos_misma_estacion,
    cast(d.alumnos_predecesor as integer) as alumnos_predecesor,
    cast(coalesce(p.periodos_activos, 0) as integer) as periodos_activos,
    cast(coalesce(p.periodos_desde_primera, 0) as integer) as periodos_desde_primera
from candidatos as c
left join propios as p using (indice_origen, h, unique_id)
left join predecesores as d using (indice_origen, h, unique_id)
