{% set periodos = 3 %}

with
evaluaciones as (select * from {{ ref('evaluaciones_jerarquia') }}),

pronosticos as (select * from {{ ref('pronosticos') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

corrida as (select * from {{ ref('corrida') }})

select
    d.periodo,
    d.fecha_inicio as fecha,
    e.nivel_jerarquia,
    e.unique_id,
    e.sede,
    e.programa,
    e.tipo_demanda,
    e.y as alumnos,
    round(p.media, 4) as media,
    round(p.q025, 4) as q025,
    round(p.q975, 4) as q975,
    round(case when e.y > p.q975 then e.y - p.q975 else e.y - p.q025 end, 4) as distancia
from evaluaciones as e
inner join pronosticos as p using (indice_origen, h, nivel_jerarquia, unique_id)
inner join periodos as d on e.indice_origen + e.h = d.indice
inner join corrida as r on d.indice > r.indice_corte - {{ periodos }}
where
    e.modelo = 'aforo'
    and e.h = 1
    and e.es_pronosticada
    and (e.y < p.q025 or e.y > p.q975)
order by d.periodo, e.nivel_jerarquia, e.unique_id
