with
candidatos as (select * from {{ ref('candidatos') }}),

destinos as (select * from {{ ref('destinos') }}),

corrida as (select * from {{ ref('corrida') }}),

celdas as (select * from {{ ref('celdas') }}),

-- How many periods, and how many of the season's, the origin knows: a rule averages over no more than those.
conocidos as (
    select
        d.indice_origen,
        d.h,
        d.indice_misma_estacion,
        d.estaciones_por_ciclo,
        d.indice_origen - r.primer_indice + 1 as periodos,
        {{ known_seasons('d', 'r') }} as estaciones
    from destinos as d
    cross join corrida as r
),

-- The candidate's own past, up to its origin.
propios as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        sum(p.alumnos) filter (where p.indice > c.indice_origen - 3) as alumnos_3,
        sum(p.alumnos) filter (where p.indice = d.indice_misma_estacion) as alumnos_misma_estacion,
        sum(p.alumnos) filter (where p.indice in {{ last_seasons('d') }}) as alumnos_estaciones
    from candidatos as c
    inner join conocidos as d on c.indice_origen = d.indice_origen and c.h = d.h
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
    coalesce(p.alumnos_3, 0) / least(3, d.periodos) as alumnos_media_3,
    cast(coalesce(p.alumnos_misma_estacion, 0) as integer) as alumnos_misma_estacion,
    coalesce(p.alumnos_estaciones, 0) / d.estaciones as alumnos_media_estaciones
from candidatos as c
inner join conocidos as d on c.indice_origen = d.indice_origen and c.h = d.h
left join propios as p on c.indice_origen = p.indice_origen and c.h = p.h and c.unique_id = p.unique_id
