with
aportes as (
    select * from {{ ref('aportes') }}
    where nivel in ('total', 'sede', 'programa')
),

periodos as (select * from {{ ref('dim_periodos') }}),

errores as (select * from {{ ref('errores_vigilados') }}),

corrida as (select * from {{ ref('corrida') }}),

cantidades as (
    select
        nivel,
        donde,
        indice,
        'llegaron' as de,
        cast(alumnos as double) as alumnos,
        es_provisional
    from aportes

    union all

    -- What the forecast of a period said, one period before it.
    select
        e.nivel,
        e.donde,
        e.indice,
        'se_pronosticaron' as de,
        e.pronosticados as alumnos,
        false as es_provisional
    from errores as e
    where e.horizonte = 1 and e.nivel in ('total', 'sede', 'programa')
),

crecimientos as (
    select
        c.nivel,
        c.donde,
        c.indice,
        c.de,
        c.es_provisional,
        d.estaciones_por_ciclo,
        case when c.alumnos > 0 and a.alumnos > 0 then ln(c.alumnos / a.alumnos) end as crecimiento,
        case when c.alumnos > 0 and a.alumnos > 0 then 1 / c.alumnos + 1 / a.alumnos end as ruido
    from cantidades as c
    inner join aportes as a on c.nivel = a.nivel and c.donde = a.donde and c.indice - 1 = a.indice
    inner join periodos as d on c.indice = d.indice
),

-- What came at the same step of a season before, and in the cycle before this step.
pasados as (
    select
        c.nivel,
        c.donde,
        c.indice,
        c.de,
        any_value(p.crecimiento) filter (where p.indice = c.indice - c.estaciones_por_ciclo) as de_la_estacion,
        median(p.crecimiento) as de_la_tendencia
    from crecimientos as c
    inner join crecimientos as p
        on
            c.nivel = p.nivel
            and c.donde = p.donde
            and p.de = 'llegaron'
            and p.indice between c.indice - c.estaciones_por_ciclo and c.indice - 1
    group by c.nivel, c.donde, c.indice, c.de
)

-- How far the growth is from both: what one of them explains is no surprise.
select
    c.de,
    c.nivel,
    c.donde,
    c.indice,
    c.es_provisional,
    round(
        case
            when sign(c.crecimiento - p.de_la_estacion) <> sign(c.crecimiento - p.de_la_tendencia) then 0
            when abs(c.crecimiento - p.de_la_estacion) < abs(c.crecimiento - p.de_la_tendencia) then c.crecimiento - p.de_la_estacion
            else c.crecimiento - p.de_la_tendencia
        end, 9
    ) as valor,
    round(c.ruido, 9) as ruido
from crecimientos as c
inner join pasados as p using (nivel, donde, indice, de)
inner join corrida as r on c.indice > r.primer_indice + c.estaciones_por_ciclo
where c.crecimiento is not null and p.de_la_estacion is not null
