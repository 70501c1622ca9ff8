with
origenes as (select * from {{ ref('origenes') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

corrida as (select * from {{ ref('corrida') }})

-- The periods to forecast from each origin, each with the newest of its season that the origin knows.
select
    o.indice_origen,
    o.es_evaluado,
    p.indice,
    p.periodo,
    cast(p.indice - o.indice_origen as integer) as h,
    p.estacion,
    p.estaciones_por_ciclo,
    max(anterior.indice) as indice_misma_estacion
from origenes as o
cross join corrida as r
inner join periodos as p on p.indice between o.indice_origen + 1 and o.indice_origen + o.horizonte
left join periodos as anterior
    on p.estacion = anterior.estacion and anterior.indice between r.primer_indice and o.indice_origen
group by all
