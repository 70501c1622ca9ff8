-- Origins share what their period brings (a holiday, a campaign): the residuals of the others are less than they
-- seem, and intervals made of them too narrow. So the backtest says by which factor they are to be widened.
{% set minimo_tipo = 150 %}
{% set minimo_nivel = 5 %}

with
origenes as (select * from {{ ref('origenes') }}),

residuos as (select * from {{ ref('residuos') }}),

intervalos as (select * from {{ ref('intervalos') }}),

-- How far the truth was from the median, in half widths of its interval: above 1 it was outside.
distancias as (
    select
        r.indice_origen,
        r.h,
        r.nivel_jerarquia,
        i.tipo_demanda,
        greatest(
            (r.z - i.z50) / greatest(i.z90 - i.z50, 0.001), (i.z50 - r.z) / greatest(i.z50 - i.z10, 0.001)
        ) as distancia_80,
        greatest(
            (r.z - i.z50) / greatest(i.z975 - i.z50, 0.001), (i.z50 - r.z) / greatest(i.z50 - i.z025, 0.001)
        ) as distancia_95
    from residuos as r
    inner join intervalos as i using (indice_origen, h, nivel_jerarquia, unique_id)
),

-- A level or kind with few residuals has no factor of its own.
ordenadas as (
    select
        o.indice_origen,
        d.h,
        d.nivel_jerarquia,
        d.tipo_demanda,
        count(*) as residuos,
        list_sort(list(d.distancia_80)) as distancias_80,
        list_sort(list(d.distancia_95)) as distancias_95
    from origenes as o
    inner join distancias as d on o.indice_origen <> d.indice_origen
    where o.es_evaluado
    group by o.indice_origen, d.h, d.nivel_jerarquia, rollup(d.tipo_demanda)
    having count(*) >= case when grouping(d.tipo_demanda) = 1 then {{ minimo_nivel }} else {{ minimo_tipo }} end
)

select
    indice_origen,
    h,
    nivel_jerarquia,
    tipo_demanda,
    residuos,
    round({{ quantile_of_the_next('distancias_80', '0.81') }}, 9) as factor_80,
    round({{ quantile_of_the_next('distancias_95', '0.955') }}, 9) as factor_95
from ordenadas
