-- Errors of its class (kind and size) where there are enough of them, else of its level, else a Poisson's width.
{% set minimo_clase = 30 %}
{% set minimo_nivel = 10 %}

with
reconciliados as (select * from {{ ref('pronosticos_reconciliados') }}),

combinados as (select * from {{ ref('pronosticos_combinados') }}),

dispersion as (select * from {{ ref('dispersion') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

jerarquia as (select * from {{ ref('jerarquia') }}),

tipos as (
    select distinct
        'celda' as nivel,
        j.unique_id,
        k.tipo_demanda
    from jerarquia as j
    inner join cursos as k on j.curso_actual = k.curso_actual

    union all

    select distinct
        'sede_curso' as nivel,
        j.sede_curso as unique_id,
        k.tipo_demanda
    from jerarquia as j
    inner join cursos as k on j.curso_actual = k.curso_actual
),

con_clase as (
    select
        r.indice_origen,
        r.h,
        r.nivel,
        r.unique_id,
        coalesce(t.tipo_demanda, 'todas') as tipo_demanda,
        {{ tramo('r.yhat') }} as tramo,
        r.yhat as media,
        sqrt(greatest(r.yhat, 1)) as unidad,
        b.modelo,
        concat_ws('; ', b.razon, r.razon) as razon_modelo
    from reconciliados as r
    left join combinados as b using (indice_origen, h, nivel, unique_id)
    left join tipos as t using (nivel, unique_id)
),

con_dispersion as (
    select
        p.*,
        case
            when c.residuos >= {{ minimo_clase }} then 'residuos_clase'
            when n.residuos is not null then 'residuos_nivel'
            else 'poisson'
        end as metodo_intervalo,
        coalesce(case when c.residuos >= {{ minimo_clase }} then c.z025 end, n.z025, -1.96) as z025,
        coalesce(case when c.residuos >= {{ minimo_clase }} then c.z10 end, n.z10, -1.2816) as z10,
        coalesce(case when c.residuos >= {{ minimo_clase }} then c.z50 end, n.z50, 0) as z50,
        coalesce(case when c.residuos >= {{ minimo_clase }} then c.z90 end, n.z90, 1.2816) as z90,
        coalesce(case when c.residuos >= {{ minimo_clase }} then c.z975 end, n.z975, 1.96) as z975
    from con_clase as p
    left join dispersion as c using (nivel, tipo_demanda, tramo)
    left join dispersion as n
        on p.nivel = n.nivel and n.tipo_demanda is null and n.residuos >= {{ minimo_nivel }}
),

final as (
    select
        indice_origen,
        h,
        nivel,
        unique_id,
        tipo_demanda,
        media,
        greatest(media + z025 * unidad, 0) as q025,
        greatest(media + z10 * unidad, 0) as q10,
        greatest(media + z50 * unidad, 0) as mediana,
        greatest(media + z90 * unidad, 0) as q90,
        greatest(media + z975 * unidad, 0) as q975,
        coalesce(modelo, 'suma_de_celdas') as modelo,
        nullif(razon_modelo, '') as razon_modelo,
        metodo_intervalo
    from con_dispersion
)

select * from final
