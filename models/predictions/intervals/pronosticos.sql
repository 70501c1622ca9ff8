with
intervalos as (select * from {{ ref('intervalos') }}),

calibracion as (select * from {{ ref('calibracion') }}),

reconciliados as (select * from {{ ref('pronosticos_reconciliados') }}),

combinados as (select * from {{ ref('pronosticos_combinados') }}),

candidatos as (select * from {{ ref('candidatos') }}),

parametros as (select * from {{ ref('dim_parametros') }}),

minimos as (
    select
        c.indice_origen,
        c.h,
        'celda' as nivel_jerarquia,
        c.unique_id,
        p.minimo_alumnos
    from candidatos as c
    inner join parametros as p on c.indice = p.indice and c.curso_actual = p.curso_actual
),

calibrados as (
    select
        i.*,
        coalesce(t.factor_80, n.factor_80, 1) as factor_80,
        coalesce(t.factor_95, n.factor_95, 1) as factor_95,
        -- In whole students, the median has to miss clearly fewer of them in the backtest, and not for the price of a bias.
        i.nivel_jerarquia = 'celda'
        and t.error_mediana < 0.995 * t.error_media
        and abs(t.sesgo_mediana) <= 0.005 as es_mejor_mediana
    from intervalos as i
    left join calibracion as t using (indice_origen, h, nivel_jerarquia, tipo_demanda)
    left join calibracion as n
        on
            i.indice_origen = n.indice_origen
            and i.h = n.h
            and i.nivel_jerarquia = n.nivel_jerarquia
            and n.tipo_demanda is null
),

cuantiles as (
    select
        *,
        greatest(media + z50 * unidad, 0) as mediana,
        greatest(media + (z50 + factor_80 * (z10 - z50)) * unidad, 0) as q10,
        greatest(media + (z50 + factor_80 * (z90 - z50)) * unidad, 0) as q90,
        greatest(media + (z50 + factor_95 * (z025 - z50)) * unidad, 0) as q025,
        greatest(media + (z50 + factor_95 * (z975 - z50)) * unidad, 0) as q975
    from calibrados
),

puntos as (
    select
        *,
        case when coalesce(es_mejor_mediana, false) then mediana else media end as esperado
    from cuantiles
)

select
    c.indice_origen,
    c.h,
    c.nivel_jerarquia,
    c.unique_id,
    c.tipo_demanda,
    {{ si_se_dicta('c.esperado', 'm.minimo_alumnos') }} as punto,
    c.media,
    least(c.q025, c.q10) as q025,
    c.q10,
    c.mediana,
    c.q90,
    greatest(c.q90, c.q975) as q975,
    coalesce(b.modelo, 'suma_de_celdas') as modelo,
    nullif(concat_ws('; ', b.razon, r.razon), '') as razon_modelo,
    c.metodo_intervalo
from puntos as c
inner join reconciliados as r using (indice_origen, h, nivel_jerarquia, unique_id)
left join combinados as b using (indice_origen, h, nivel_jerarquia, unique_id)
left join minimos as m using (indice_origen, h, nivel_jerarquia, unique_id)
