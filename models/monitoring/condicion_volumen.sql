with
ritmos as (
    select * from {{ ref('ritmos') }}
    where de = 'llegaron'
),

periodos as (select * from {{ ref('dim_periodos') }}),

juzgados as (
    select * from {{ against_its_past('ritmos', var('vigilancia_desviaciones'), centre=0) }}
)

select
    'volumen' as tipo,
    j.nivel,
    j.donde,
    d.periodo,
    round(exp(j.valor), 4) as valor,
    round(exp(j.limite), 4) as umbral,
    round(exp(-j.limite), 4) as umbral_inferior,
    -- Of a period that still enrols, more than can be is known already, fewer not yet.
    j.valor > j.limite or (j.valor < -j.limite and not j.es_provisional) as se_cumple
from juzgados as j
inner join periodos as d on j.indice = d.indice
