{% set cortes = {'todo': "'todo'", 'tipo_demanda': 'tipo_demanda'} %}

with
evaluaciones as (select * from {{ ref('evaluaciones_distribucion') }}),

deciles as (
    select
        *,
        cast(unnest(range(1, 11)) as integer) as decil
    from evaluaciones
),

-- A count has a step of the distribution, not a point: each decile gets the part of the step that lies in it.
partes as (
    select
        *,
        (
            least(greatest(decil / 10 - pit_desde, 0) / greatest(pit_hasta - pit_desde, 0.000000001), 1)
            - least(greatest((decil - 1) / 10 - pit_desde, 0) / greatest(pit_hasta - pit_desde, 0.000000001), 1)
        ) as parte
    from deciles
),

medidas as (
    {% for corte, valor in cortes.items() %}
    select
        cast(h as integer) as horizonte,
        '{{ corte }}' as corte,
        {{ valor }} as valor,
        decil,
        cast(count(*) as integer) as n,
        round(avg(parte), 6) as parte
    from partes
    group by h, {{ valor }}, decil
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from medidas
order by horizonte, corte, valor, decil
