with
intervalos as (select * from {{ ref('intervalos') }}),

calibracion as (select * from {{ ref('calibracion') }}),

reconciliados as (select * from {{ ref('pronosticos_reconciliados') }}),

combinados as (select * from {{ ref('pronosticos_combinados') }}),

puntos as (
    select
        *,
        'celda' as nivel_jerarquia
    from {{ ref('puntos') }}
),

calibrados as (
    select
        i.*,
        coalesce(t.factor_80, n.factor_80, 1) as factor_80,
        coalesce(t.factor_95, n.factor_95, 1) as factor_95
    from intervalos as i
    left join calibracion as t using (indice_origen, h, nivel_jerarquia, tipo_demanda)
    left join calibracion as n
        on
            i.indice_origen = n.indice_origen
            and i.h = n.h
            and i.nivel_jerarquia = n.nivel_jerarquia
            and n.tipo_demanda is null
),

-- Students are counted: where all residuals were next to nothing, half a student to either side is still the same number.
cuantiles as (
    select
        *,
        greatest(media + z50 * unidad, 0) as mediana,
        greatest(media + (z50 + factor_80 * (z10 - z50)) * unidad - case when z90 - z10 < 0.01 then 0.5 else 0 end, 0) as q10,
        greatest(media + (z50 + factor_80 * (z90 - z50)) * unidad, 0) + case when z90 - z10 < 0.01 then 0.5 else 0 end as q90,
        greatest(media + (z50 + factor_95 * (z025 - z50)) * unidad, 0) as q025,
        greatest(media + (z50 + factor_95 * (z975 - z50)) * unidad, 0) as q975
    from calibrados
)

select
    c.indice_origen,
    c.h,
    c.nivel_jerarquia,
    c.unique_id,
    c.tipo_demanda,
    coalesce(p.punto, c.media) as punto,
    c.media,
    least(c.q025, c.q10) as q025,
    c.q10,
    c.mediana,
    c.q90,
    greatest(c.q90, c.q975) as q975,
    coalesce(b.modelo, 'suma_de_celdas') as modelo,
    nullif(
        concat_ws('; ', b.razon, r.razon, case when p.es_regla then 'publicado: la regla simple' end), ''
    ) as razon_modelo,
    c.metodo_intervalo
from cuantiles as c
inner join reconciliados as r using (indice_origen, h, nivel_jerarquia, unique_id)
left join combinados as b using (indice_origen, h, nivel_jerarquia, unique_id)
left join puntos as p using (indice_origen, h, nivel_jerarquia, unique_id)
