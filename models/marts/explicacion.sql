-- Students who come from the neighbouring slots, of those that feed these: the campus's rate, shrunk towards all campuses'.
{% set peso_previo = 100 %}

with
pronosticos as (
    select * from {{ ref('pronosticos') }}
    where nivel_jerarquia = 'celda'
),

combinados as (
    select * from {{ ref('pronosticos_combinados') }}
    where nivel_jerarquia = 'celda'
),

candidatos as (select * from {{ ref('candidatos') }}),

flujo as (select * from {{ ref('flujo') }}),

rasgos as (select * from {{ ref('rasgos') }}),

objetivo as (select * from {{ ref('objetivo') }}),

corrida as (select * from {{ ref('corrida') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

-- Courses held where nobody of the course before it was, though there was in the slots next to it.
recibidos as (
    select
        r.sede,
        sum(t.alumnos) as alumnos,
        sum(r.flujo_vecinos) as vecinos
    from rasgos as r
    inner join objetivo as t using (indice_origen, h, unique_id)
    where r.h = 1 and r.tipo <> 'inicial' and r.flujo = 0 and r.flujo_vecinos > 0
    group by r.sede
),

derrames as (
    select
        sede,
        (alumnos + {{ peso_previo }} * sum(alumnos) over () / sum(vecinos) over ()) / (vecinos + {{ peso_previo }}) as tasa
    from recibidos
),

partes as (
    select
        c.periodo,
        t.fecha_inicio as fecha,
        c.h as horizonte,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        c.tipo as tipo_demanda,
        case when c.tipo = 'inicial' then 0 else coalesce(f.flujo, 0) end as predecesor,
        case when c.tipo = 'inicial' or f.flujo is null then 0 else f.flujo_retenido - f.flujo end as retencion,
        case
            -- The flow itself has no spill: only the learner sees the slots next to it.
            when k.modelo <> 'aprendiz' or c.tipo = 'inicial' or coalesce(f.flujo, 0) > 0 then 0
            else coalesce(d.tasa * r.flujo_vecinos, 0)
        end as derrame,
        case when c.tipo = 'inicial' or f.flujo is null then coalesce(f.flujo_retenido, 0) else 0 end as ingreso,
        k.yhat as combinado,
        p.media
    from candidatos as c
    inner join corrida as q on c.indice_origen = q.indice_corte
    inner join periodos as t on c.periodo = t.periodo
    inner join flujo as f using (indice_origen, h, unique_id)
    inner join combinados as k using (indice_origen, h, unique_id)
    inner join pronosticos as p using (indice_origen, h, unique_id)
    left join rasgos as r using (indice_origen, h, unique_id)
    left join derrames as d on c.sede = d.sede
),

-- In decimals, so that the parts are what is left over to the last digit; published as doubles, which every tool can add up.
redondeadas as (
    select
        * replace (
            cast(predecesor as decimal(12, 4)) as predecesor,
            cast(retencion as decimal(12, 4)) as retencion,
            cast(derrame as decimal(12, 4)) as derrame,
            cast(ingreso as decimal(12, 4)) as ingreso,
            cast(combinado as decimal(12, 4)) as combinado,
            cast(round(media, 4) as decimal(12, 4)) as media
        )
    from partes
)

select
    periodo,
    fecha,
    horizonte,
    sede,
    curso_actual,
    horario_actual,
    tipo_demanda,
    cast(predecesor as double) as predecesor,
    cast(retencion as double) as retencion,
    cast(derrame as double) as derrame,
    cast(ingreso as double) as ingreso,
    cast(combinado - predecesor - retencion - derrame - ingreso as double) as ajuste,
    cast(media - combinado as double) as reconciliacion,
    cast(media as double) as media
from redondeadas
order by periodo, sede, curso_actual, horario_actual
