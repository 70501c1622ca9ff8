with
calendario as (select * from {{ ref('raw__calendario') }}),

programacion as (select * from {{ ref('raw__programacion') }}),

meses as (
    select
        unnest(
            generate_series(
                min(make_date(periodo // 100, periodo % 100, 1)),
                max(make_date(periodo // 100, periodo % 100, 1)) + interval 36 month,
                interval 1 month
            )
        ) as fecha_inicio
    from programacion
    where not exists (select 1 from calendario)
),

-- Without a calendar, periods are months.
periodos_de_meses as (
    select
        year(fecha_inicio) * 100 + month(fecha_inicio) as periodo,
        row_number() over (order by fecha_inicio) as indice,
        month(fecha_inicio) as estacion,
        fecha_inicio,
        last_day(fecha_inicio) as fecha_fin,
        fecha_inicio - interval 1 month + interval 4 day as fecha_pronostico
    from meses
),

reunidos as (
    select
        periodo,
        indice,
        estacion,
        fecha_inicio,
        fecha_fin,
        fecha_pronostico
    from calendario

    union all

    select
        periodo,
        indice,
        estacion,
        fecha_inicio,
        fecha_fin,
        fecha_pronostico
    from periodos_de_meses
),

con_secciones as (
    select
        r.*,
        r.periodo in (select p.periodo from programacion as p) as hay_secciones
    from reunidos as r
),

cerradas as (
    {{ closed_seasons('con_secciones') }}
),

marcados as (
    select
        c.*,
        z.estacion is not null as es_cerrado
    from con_secciones as c
    left join cerradas as z on c.estacion = z.estacion
),

-- The institute is closed then: its periods follow each other without them.
abiertos as (
    select
        * replace (
            indice - count(*) filter (where es_cerrado) over (order by indice) as indice,
            estacion - count(distinct estacion) filter (where es_cerrado) over (order by estacion) as estacion
        )
    from marcados
)

select
    cast(periodo as integer) as periodo,
    cast(indice as integer) as indice,
    cast(estacion as integer) as estacion,
    cast(fecha_inicio as date) as fecha_inicio,
    cast(fecha_fin as date) as fecha_fin,
    cast(fecha_pronostico as date) as fecha_pronostico,
    cast(max(estacion) over () as integer) as estaciones_por_ciclo
from abiertos
where not es_cerrado
