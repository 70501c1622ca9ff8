with
objetivo as (select * from {{ ref('objetivo') }}),

candidatos as (select * from {{ ref('candidatos') }}),

reconciliados as (select * from {{ ref('pronosticos_reconciliados') }}),

base as (select * from {{ ref('pronosticos_base') }}),

origenes as (select * from {{ ref('origenes') }}),

referencia as (select * from {{ ref('pronosticos_referencia') }}),

evaluados as (
    select distinct
        t.indice_origen,
        t.h
    from objetivo as t
    inner join origenes as o on t.indice_origen = o.indice_origen
    where o.es_evaluado
),

reales as (
    select
        t.indice_origen,
        t.h,
        t.sede,
        t.curso_actual,
        t.horario_actual,
        cast(t.alumnos as double) as y
    from objetivo as t
    inner join evaluados as e on t.indice_origen = e.indice_origen and t.h = e.h
    where t.alumnos > 0
),

de_candidatos as (
    select
        indice_origen,
        h,
        unique_id,
        'aforo' as modelo,
        yhat
    from reconciliados
    where nivel_jerarquia = 'celda'

    union all

    select
        indice_origen,
        h,
        unique_id,
        modelo,
        yhat
    from base
    where nivel_jerarquia = 'celda' and modelo not in {{ references() }}

    union all

    -- StatsForecast alone: what its models make of each cell, without the flow and without the learner.
    select
        indice_origen,
        h,
        unique_id,
        'statsforecast' as modelo,
        median(yhat) as yhat
    from base
    where
        nivel_jerarquia = 'celda'
        and modelo not in {{ references() }}
        and not starts_with(modelo, 'flujo')
        and not starts_with(modelo, 'aprendiz')
    group by indice_origen, h, unique_id
),

pronosticos as (
    select
        p.indice_origen,
        p.h,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        p.modelo,
        p.yhat
    from de_candidatos as p
    inner join candidatos as c using (indice_origen, h, unique_id)
    inner join evaluados as e on p.indice_origen = e.indice_origen and p.h = e.h

    union all

    select
        r.indice_origen,
        r.h,
        r.sede,
        r.curso_actual,
        r.horario_actual,
        r.modelo,
        r.yhat
    from referencia as r
    inner join evaluados as e on r.indice_origen = e.indice_origen and r.h = e.h
),

modelos as (
    select distinct modelo from pronosticos
),

reales_por_modelo as (
    select
        r.*,
        m.modelo
    from reales as r
    cross join modelos as m
)

-- Each model is judged over the union of its own cells and the real ones.
select
    indice_origen,
    h,
    modelo,
    sede,
    curso_actual,
    horario_actual,
    {{ cell_id() }} as unique_id,
    p.yhat is not null as es_pronosticada,
    coalesce(p.yhat, 0) as yhat,
    coalesce(r.y, 0) as y
from pronosticos as p
full outer join reales_por_modelo as r using (indice_origen, h, modelo, sede, curso_actual, horario_actual)
