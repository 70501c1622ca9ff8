with
expertos as (select * from {{ ref('expertos_superiores') }}),

pesos as (select * from {{ ref('pesos_superiores') }}),

-- From the lowest forecast to the highest: the share of the weight that lies below the middle of each one's own.
ordenados as (
    select
        e.indice_origen,
        e.h,
        e.nivel_jerarquia,
        e.unique_id,
        e.yhat,
        round((sum(p.peso) over hasta_aqui - p.peso / 2) / sum(p.peso) over serie, 9) as lugar
    from expertos as e
    inner join pesos as p using (indice_origen, h, nivel_jerarquia, modelo)
    window
        serie as (partition by e.indice_origen, e.h, e.nivel_jerarquia, e.unique_id),
        hasta_aqui as (
            partition by e.indice_origen, e.h, e.nivel_jerarquia, e.unique_id
            order by e.yhat, e.modelo
            rows unbounded preceding
        )
),

-- The two between which half of the weight is reached; the same one where a forecast has more than half alone.
vecinos as (
    select
        indice_origen,
        h,
        nivel_jerarquia,
        unique_id,
        coalesce(max(lugar) filter (where lugar <= 0.5), min(lugar)) as lugar_abajo,
        coalesce(min(lugar) filter (where lugar >= 0.5), max(lugar)) as lugar_arriba,
        coalesce(max(yhat) filter (where lugar <= 0.5), min(yhat)) as abajo,
        coalesce(min(yhat) filter (where lugar >= 0.5), max(yhat)) as arriba
    from ordenados
    group by indice_origen, h, nivel_jerarquia, unique_id
)

-- The weighted median of the total's and the campuses' forecasts. The levels between have none of their own: there the sums of
-- the cells are better than any model of one series (docs/accuracy.md).
select
    indice_origen,
    h,
    nivel_jerarquia,
    unique_id,
    -- Rounded, as the sums of expertos_superiores.
    round(
        abajo
        + (arriba - abajo) * coalesce((0.5 - lugar_abajo) / nullif(lugar_arriba - lugar_abajo, 0), 0),
        9
    ) as yhat,
    'combinacion' as modelo,
    cast(null as varchar) as razon
from vecinos
