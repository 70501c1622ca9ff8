with
pronosticos as (select * from {{ ref('pronosticos') }}),

nodos as (
    select * from {{ ref('nodos_jerarquia') }}
    where nivel_jerarquia <> 'celda'
),

periodos as (select * from {{ ref('dim_periodos') }}),

corrida as (select * from {{ ref('corrida') }})

select
    d.periodo,
    d.fecha_inicio as fecha,
    p.h as horizonte,
    p.nivel_jerarquia,
    p.unique_id,
    n.sede,
    n.programa,
    n.curso_actual,
    n.horario_actual,
    {{ published_quantiles('p') }},
    p.modelo,
    p.razon_modelo,
    p.metodo_intervalo,
    r.periodo_corte as periodo_origen,
    r.estado_fuente,
    r.tablas_respaldo,
    r.datos_al,
    r.run_id
from pronosticos as p
inner join corrida as r on p.indice_origen = r.indice_corte
inner join periodos as d on p.indice_origen + p.h = d.indice
inner join nodos as n on p.nivel_jerarquia = n.nivel_jerarquia and p.unique_id = n.unique_id
order by d.periodo, p.nivel_jerarquia, p.unique_id
