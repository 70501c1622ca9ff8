with
destinos as (select * from {{ ref('destinos') }}),

celdas as (select * from {{ ref('celdas') }}),

corrida as (select * from {{ ref('corrida') }}),

ultimo_valor as (
    select
        d.indice_origen,
        d.h,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        'naive' as modelo,
        c.alumnos
    from destinos as d
    inner join celdas as c on d.indice_origen = c.indice
),

misma_estacion as (
    select
        d.indice_origen,
        d.h,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        'naive_estacional' as modelo,
        c.alumnos
    from destinos as d
    inner join celdas as c on d.indice_misma_estacion = c.indice
),

-- The mean of the last three periods of the season, or as many as are known.
media_estacional as (
    select
        d.indice_origen,
        d.h,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        'media_estacional' as modelo,
        sum(c.alumnos) / any_value({{ known_seasons('d', 'r') }}) as alumnos
    from destinos as d
    cross join corrida as r
    inner join celdas as c
        on
            c.indice in {{ last_seasons('d') }}
    group by d.indice_origen, d.h, c.sede, c.curso_actual, c.horario_actual
),

-- Before a season was ever seen, whoever goes by it has the last value.
estacion_desconocida as (
    select u.* replace (unnest(['naive_estacional', 'media_estacional']) as modelo)
    from ultimo_valor as u
    inner join destinos as d on u.indice_origen = d.indice_origen and u.h = d.h
    cross join corrida as r
    where d.indice_misma_estacion is null or d.indice_misma_estacion < r.primer_indice
),

reunidos as (
    select * from ultimo_valor
    union all
    select * from estacion_desconocida
    union all
    select * from misma_estacion
    union all
    select * from media_estacional
)

select
    indice_origen,
    h,
    sede,
    curso_actual,
    horario_actual,
    {{ cell_id() }} as unique_id,
    modelo,
    cast(alumnos as double) as yhat
from reunidos
