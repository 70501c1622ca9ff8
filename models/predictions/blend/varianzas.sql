-- What a level's own forecast errs beside the sum of its cells: seen at earlier origins, before which it counts as a quarter, and as an origin whose
-- sum is 4 % off. The sum is one of the forecasts that the level's own is combined of: what speaks for either has been counted there, so that
-- the better one is trusted the more (docs/experiments.md).
{% set potencia = 3 %}
{% set razon_previa = 0.25 %}
{% set origenes_previos = 1 %}
{% set error_previo = 0.04 %}

with
superiores as (select * from {{ ref('pronosticos_superiores') }}),

expertos as (select * from {{ ref('expertos_superiores') }}),

series as (select * from {{ ref('series_jerarquia') }}),

sumas as (
    select
        indice_origen,
        h,
        nivel_jerarquia,
        unique_id,
        yhat as suma
    from expertos
    where modelo = 'suma_de_celdas'
),

-- Squared errors in units of the size: of the level's own model, and of the sum of its cells.
errores as (
    select
        n.indice_origen,
        n.h,
        n.nivel_jerarquia,
        sum((n.yhat - s.y) ** 2 / greatest(u.suma, 1)) as del_modelo,
        sum((u.suma - s.y) ** 2 / greatest(u.suma, 1)) as de_la_suma
    from superiores as n
    inner join sumas as u using (indice_origen, h, nivel_jerarquia, unique_id)
    inner join series as s
        on n.nivel_jerarquia = s.nivel_jerarquia and n.unique_id = s.unique_id and n.indice_origen + n.h = s.indice
    group by n.indice_origen, n.h, n.nivel_jerarquia
),

previos as (
    select
        indice_origen,
        h,
        nivel_jerarquia,
        sum(suma) * {{ error_previo }} ** 2 * {{ origenes_previos }} as de_la_suma
    from sumas
    group by indice_origen, h, nivel_jerarquia
)

-- Rounded: powers differ in the last bit from one machine to the next. None is free of error.
select
    p.indice_origen,
    p.h,
    p.nivel_jerarquia,
    greatest(
        round(
            (
                ({{ razon_previa }} * p.de_la_suma + coalesce(sum(e.del_modelo), 0))
                / (p.de_la_suma + coalesce(sum(e.de_la_suma), 0))
            ) ** {{ potencia }},
            9
        ),
        0.0001
    ) as factor,
    cast(count(e.indice_origen) as integer) as origenes
from previos as p
left join errores as e
    on p.nivel_jerarquia = e.nivel_jerarquia and {{ knows_outcome('p', 'e') }}
group by p.indice_origen, p.h, p.nivel_jerarquia, p.de_la_suma
