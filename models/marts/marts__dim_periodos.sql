with
periodos as (select * from {{ ref('dim_periodos') }}),

secciones as (select * from {{ ref('secciones') }}),

corrida as (select * from {{ ref('corrida') }}),

abiertos as (
    select distinct indice
    from secciones
    where es_provisional
)

select
    p.periodo,
    cast(p.periodo as varchar) as nombre,
    p.indice,
    p.estacion,
    p.estaciones_por_ciclo,
    p.fecha_inicio,
    p.fecha_fin,
    p.fecha_pronostico,
    case
        when a.indice is not null then 'abierto'
        when p.indice between r.primer_indice and r.indice_corte then 'cerrado'
        when p.indice > r.indice_corte and p.indice <= r.indice_corte + r.horizonte then 'pronosticado'
        when p.indice < r.primer_indice then 'anterior'
        else 'futuro'
    end as estado,
    case when p.indice > r.indice_corte and p.indice <= r.indice_corte + r.horizonte then p.indice - r.indice_corte end as horizonte
from periodos as p
cross join corrida as r
left join abiertos as a on p.indice = a.indice
order by p.indice
