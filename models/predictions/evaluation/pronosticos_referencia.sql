with
destinos as (select * from {{ ref('destinos') }}),

celdas as (select * from {{ ref('celdas') }}),

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

reunidos as (
    select * from ultimo_valor
    union all
    select * from misma_estacion
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
