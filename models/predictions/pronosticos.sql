-- Errors of its class (kind and size) where there are enough of them, else of its level, else a Poisson's width.
{% set minimo_clase = 30 %}
{% set minimo_nivel = 10 %}
{% set poisson = {'z025': -1.96, 'z10': -1.2816, 'z50': 0, 'z90': 1.2816, 'z975': 1.96} %}

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
            when n.residuos >= {{ minimo_nivel }} then 'residuos_nivel'
            else 'poisson'
        end as metodo_intervalo,
        {% for nombre, normal in poisson.items() %}
        case
            when c.residuos >= {{ minimo_clase }} then c.{{ nombre }}
            when n.residuos >= {{ minimo_nivel }} then n.{{ nombre }}
            else {{ normal }}
        end as {{ nombre }}{{ ',' if not loop.last }}
        {% endfor %}
    from con_clase as p
    left join dispersion as c using (nivel, tipo_demanda, tramo)
    left join dispersion as n on p.nivel = n.nivel and n.tipo_demanda is null
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
