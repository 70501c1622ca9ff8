{{ config(post_hook="{{ create_prob_al_menos() }}") }}

with
distribuciones as (select * from {{ ref('distribuciones') }}),

candidatos as (select * from {{ ref('candidatos') }}),

corrida as (select * from {{ ref('corrida') }})

select
    c.periodo,
    c.h as horizonte,
    c.sede,
    c.curso_actual,
    c.horario_actual,
    d.prob_sin_dictar,
    d.cuantiles
from distribuciones as d
inner join candidatos as c using (indice_origen, h, unique_id)
inner join corrida as r on d.indice_origen = r.indice_corte
order by c.periodo, c.sede, c.curso_actual, c.horario_actual
