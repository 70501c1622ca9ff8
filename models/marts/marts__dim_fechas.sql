with
periodos as (select * from {{ ref('dim_periodos') }}),

corrida as (select * from {{ ref('corrida') }}),

-- From the first period that is known to the last that is forecast.
tramo as (
    select
        min(p.fecha_inicio) as desde,
        max(coalesce(p.fecha_fin, p.fecha_inicio)) as hasta
    from periodos as p
    inner join corrida as r on p.indice between r.primer_indice and r.indice_corte + r.horizonte
),

dias as (
    select cast(unnest(generate_series(cast(desde as timestamp), cast(hasta as timestamp), interval 1 day)) as date) as fecha
    from tramo
),

fechados as (
    select *
    from periodos
    where fecha_inicio is not null
)

select
    d.fecha,
    case when d.fecha <= coalesce(p.fecha_fin, d.fecha) then p.periodo end as periodo,
    cast(year(d.fecha) as integer) as anio,
    cast(month(d.fecha) as integer) as mes
from dias as d
asof left join fechados as p on d.fecha >= p.fecha_inicio
order by d.fecha
