with
corrida as (select * from {{ ref('corrida') }}),

periodos as (select * from {{ ref('dim_periodos') }})

-- Today's origin and those of the backtest, each with a period of history at least.
select
    p.indice as indice_origen,
    p.periodo as periodo_origen,
    p.indice = r.indice_corte as es_actual,
    r.horizonte
from periodos as p
inner join corrida as r
    on
        p.indice between greatest(r.indice_corte - {{ var('origenes_backtest') | int }}, r.primer_indice) and r.indice_corte
