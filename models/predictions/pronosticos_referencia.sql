with
origenes as (select * from {{ ref('origenes') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

celdas as (select * from {{ ref('celdas') }}),

destinos as (
    select
        o.indice_origen,
        p.indice - o.indice_origen as h,
        max(anterior.indice) as indice_misma_estacion
    from origenes as o
    inner join periodos as p on p.indice between o.indice_origen + 1 and o.indice_origen + o.horizonte
    left join periodos as anterior on p.estacion = anterior.estacion and o.indice_origen >= anterior.indice
    group by all
),

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
    sede || '/' || curso_actual || '/' || horario_actual as unique_id,
    modelo,
    cast(alumnos as double) as yhat
from reunidos
