with
candidatos as (select * from {{ ref('candidatos') }}),

destinos as (select * from {{ ref('destinos') }}),

corrida as (select * from {{ ref('corrida') }}),

celdas as (select * from {{ ref('celdas') }}),

-- The candidate's own past, up to its origin.
propios as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        sum(p.alumnos) filter (where p.indice > c.indice_origen - 3)
        / least(3, c.indice_origen - any_value(r.primer_indice) + 1) as alumnos_media_3,
        sum(p.alumnos) filter (where p.indice = d.indice_misma_estacion) as alumnos_misma_estacion
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
)

select
    c.indice_origen,
    c.h,
    c.unique_id,
    coalesce(p.alumnos_media_3, 0) as alumnos_media_3,
    cast(coalesce(p.alumnos_misma_estacion, 0) as integer) as alumnos_misma_estacion
from candidatos as c
left join propios as p using (indice_origen, h, unique_id)
