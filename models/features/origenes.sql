with
corrida as (select * from {{ ref('corrida') }}),

periodos as (select * from {{ ref('dim_periodos') }})

-- Every period that a forecast could have been made from: the learner learns from all of them, two and a half cycles or
-- more; the backtest judges the newest ones, today's forecast is made from the last.
select
    p.indice as indice_origen,
    p.periodo as periodo_origen,
    p.indice >= r.indice_corte - {{ of_this_run('origenes_backtest') | int }} as es_evaluado,
    r.horizonte
from periodos as p
inner join corrida as r
    on
        p.indice between r.primer_indice and r.indice_corte
        {% if var('origenes_aprendizaje') | int == 0 %}
        and p.indice >= r.indice_corte - {{ of_this_run('origenes_backtest') | int }}
        {% else %}
        -- Whole cycles: what there is to learn from does not move with each new period, only its end does.
        and p.indice >= p.estaciones_por_ciclo * floor((r.indice_corte - greatest(
            {{ [var('origenes_aprendizaje') | int, of_this_run('origenes_backtest') | int] | max }},
            2 * p.estaciones_por_ciclo
        )) / p.estaciones_por_ciclo)
        {% endif %}
