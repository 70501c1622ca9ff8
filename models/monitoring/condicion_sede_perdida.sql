{% set recientes = 3 %}

with
aportes as (
    select * from {{ ref('aportes') }}
    where nivel in ('sede', 'programa')
),

periodos as (select * from {{ ref('dim_periodos') }}),

con_pasado as (
    select
        a.*,
        d.periodo,
        min(a.alumnos) over pasado as menos_reciente,
        count(*) over pasado as recientes,
        s.alumnos as de_la_estacion,
        count(*) over (partition by a.nivel, a.indice) as lugares
    from aportes as a
    inner join periodos as d on a.indice = d.indice
    left join aportes as s on a.nivel = s.nivel and a.donde = s.donde and a.indice - d.estaciones_por_ciclo = s.indice
    window pasado as (partition by a.nivel, a.donde order by a.indice rows between {{ recientes }} preceding and 1 preceding)
)

-- Whoever always had students has none, though by chance alone that is next to impossible (a Poisson's e^-mean). What did not run
-- in this season a cycle ago either is no loss.
select
    'sede_perdida' as tipo,
    nivel,
    donde,
    periodo,
    cast(alumnos as double) as valor,
    cast(1 as double) as umbral,
    cast(1 as double) as umbral_inferior,
    alumnos = 0
    and least(menos_reciente, coalesce(de_la_estacion, menos_reciente))
    >= ({{ var('vigilancia_desviaciones') }} ** 2 + 2 * ln(lugares)) / 2 as se_cumple
from con_pasado
where recientes = {{ recientes }}
