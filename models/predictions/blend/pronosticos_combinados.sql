with
celdas as (select * from {{ ref('pronosticos_celda') }}),

superiores as (select * from {{ ref('pronosticos_superiores') }}),

varianzas as (select * from {{ ref('varianzas') }}),

reunidos as (
    select
        indice_origen,
        h,
        'celda' as nivel_jerarquia,
        unique_id,
        yhat,
        modelo,
        razon
    from celdas

    union all

    select
        indice_origen,
        h,
        nivel_jerarquia,
        unique_id,
        yhat,
        modelo,
        razon
    from superiores
)

-- Counts vary as their size; a level's model by as much more or less as the backtest has seen.
select
    r.*,
    greatest(r.yhat, 0.5) * coalesce(v.factor, 1) as varianza
from reunidos as r
left join varianzas as v using (indice_origen, h, nivel_jerarquia)
