{% set cortes = {
    'todo': "'todo'",
    'tipo_demanda': 'tipo_demanda',
    'sede': 'sede',
    'programa': 'programa',
    'origen': 'origen',
} %}
{% set cuantiles = {'q025': 0.025, 'q10': 0.1, 'mediana': 0.5, 'q90': 0.9, 'q975': 0.975} %}

with
evaluaciones as (select * from {{ ref('evaluaciones_jerarquia') }}),

pronosticos as (
    select
        *,
        'aforo' as modelo_juzgado
    from {{ ref('pronosticos') }}
),

distribuciones as (
    select
        *,
        'aforo' as modelo_juzgado,
        'celda' as nivel_jerarquia
    from {{ ref('evaluaciones_distribucion') }}
),

origenes as (select * from {{ ref('origenes') }}),

series as (select * from {{ ref('series_jerarquia') }}),

-- How much a series moved from one period to the next, up to each origin: the unit of MASE and RMSSE.
saltos as (
    select
        nivel_jerarquia,
        unique_id,
        indice,
        y - lag(y) over (partition by nivel_jerarquia, unique_id order by indice) as salto
    from series
),

escalas as (
    select
        nivel_jerarquia,
        unique_id,
        indice as indice_origen,
        nullif(avg(abs(salto)) over pasado, 0) as escala_absoluta,
        nullif(avg(salto * salto) over pasado, 0) as escala_cuadratica
    from saltos
    window pasado as (partition by nivel_jerarquia, unique_id order by indice)
),

juzgados as (
    select
        e.*,
        cast(o.periodo_origen as varchar) as origen,
        case when e.nivel_jerarquia = 'celda' and p.punto is not null then round(p.punto) else e.yhat end as pronostico,
        s.escala_absoluta,
        s.escala_cuadratica,
        d.crps,
        d.crps_cinco,
        d.umbrales,
        d.brier,
        d.brier_cinco,
        e.y between p.q10 and p.q90 as dentro_80,
        e.y between p.q025 and p.q975 as dentro_95,
        (
            {% for cuantil, tau in cuantiles.items() -%}
            greatest({{ tau }} * (e.y - p.{{ cuantil }}), ({{ tau }} - 1) * (e.y - p.{{ cuantil }}))
            {{- ' + ' if not loop.last }}
            {% endfor %}
        ) / {{ cuantiles | length }} as perdida_pinball
    from evaluaciones as e
    inner join origenes as o on e.indice_origen = o.indice_origen
    left join escalas as s
        on e.indice_origen = s.indice_origen and e.nivel_jerarquia = s.nivel_jerarquia and e.unique_id = s.unique_id
    left join pronosticos as p
        on
            e.modelo = p.modelo_juzgado
            and e.indice_origen = p.indice_origen
            and e.h = p.h
            and e.nivel_jerarquia = p.nivel_jerarquia
            and e.unique_id = p.unique_id
    left join distribuciones as d
        on
            e.modelo = d.modelo_juzgado
            and e.indice_origen = d.indice_origen
            and e.h = d.h
            and e.nivel_jerarquia = d.nivel_jerarquia
            and e.unique_id = d.unique_id
),

-- A level whose series have no kind, campus or programme has no such cut.
medidas as (
    {% for corte, valor in cortes.items() %}
    select
        nivel_jerarquia,
        '{{ corte }}' as corte,
        {{ valor }} as valor,
        cast(h as integer) as horizonte,
        modelo,
        cast(count(distinct indice_origen) as integer) as origenes,
        cast(count(*) as integer) as n,
        sum(y) as alumnos,
        round(sum(abs(pronostico - y)) / nullif(sum(y), 0), 6) as wape,
        round(sum(pronostico - y) / nullif(sum(y), 0), 6) as sesgo,
        round(sqrt(avg(pow(pronostico - y, 2))), 6) as rmse,
        round(sqrt(avg(pow(pronostico - y, 2) / escala_cuadratica)), 6) as rmsse,
        round(avg(abs(pronostico - y) / escala_absoluta), 6) as mase,
        round(avg(perdida_pinball), 6) as pinball,
        round(avg(cast(dentro_80 as integer)), 6) as cobertura_80,
        round(avg(cast(dentro_95 as integer)), 6) as cobertura_95,
        round(avg(crps), 6) as crps,
        round(avg(crps_cinco), 6) as crps_cinco,
        round(sum(brier) / nullif(sum(umbrales), 0), 6) as brier_umbral,
        round(sum(brier_cinco) / nullif(sum(umbrales), 0), 6) as brier_umbral_cinco
    from juzgados
    where {{ valor }} is not null
    group by nivel_jerarquia, h, modelo, {{ valor }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from medidas
order by nivel_jerarquia, corte, valor, horizonte, modelo
