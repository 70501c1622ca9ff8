with
-- The forecast of a period against the past of what came: how much a period may surprise.
ritmos as (select * from {{ ref('ritmos') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

llegaron as (
    select * from ritmos
    where de = 'llegaron'
),

limites as (
    select * from {{ against_its_past('llegaron', var('vigilancia_desviaciones'), centre=0) }}
),

ultimo_limite as (
    select
        p.nivel,
        p.donde,
        p.indice,
        p.valor,
        arg_max(l.limite, l.indice) as limite
    from ritmos as p
    inner join limites as l on p.nivel = l.nivel and p.donde = l.donde and p.indice >= l.indice
    where p.de = 'se_pronosticaron'
    group by p.nivel, p.donde, p.indice, p.valor
)

select
    'pronostico' as tipo,
    u.nivel,
    u.donde,
    d.periodo,
    round(exp(u.valor), 4) as valor,
    round(exp(u.limite), 4) as umbral,
    round(exp(-u.limite), 4) as umbral_inferior,
    abs(u.valor) > u.limite as se_cumple
from ultimo_limite as u
inner join periodos as d on u.indice = d.indice
