with
expertos as (select * from {{ ref('expertos_superiores') }}),

pesos as (select * from {{ ref('pesos_superiores') }})

-- The total and the campuses. The levels between have no forecast of their own: there the sums of the cells are better than
-- any model of one series (docs/accuracy.md).
select
    e.indice_origen,
    e.h,
    e.nivel_jerarquia,
    e.unique_id,
    -- Rounded, as the sums of expertos_superiores.
    round(sum(p.peso * e.yhat) / sum(p.peso), 9) as yhat,
    'combinacion' as modelo,
    cast(null as varchar) as razon
from expertos as e
inner join pesos as p using (indice_origen, h, nivel_jerarquia, modelo)
group by e.indice_origen, e.h, e.nivel_jerarquia, e.unique_id
