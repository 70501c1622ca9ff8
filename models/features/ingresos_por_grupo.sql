with
destinos as (select * from {{ ref('destinos') }}),

corrida as (select * from {{ ref('corrida') }}),

transiciones as (
    select * from {{ ref('transiciones') }}
    where tipo_demanda = 'inicial' and alumnos > 0
),

por_grupo as (
    {% for grupo in intake_groups().split() %}
    select
        '{{ grupo }}' as grupo,
        {{ group_name(grupo) }} as clave,
        indice,
        sum(alumnos) as alumnos
    from transiciones
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    d.indice_origen,
    d.h,
    g.grupo,
    g.clave,
    coalesce(sum(g.alumnos) filter (where g.indice = d.indice_origen), 0) as ingresos_1,
    coalesce(sum(g.alumnos) filter (where g.indice > d.indice_origen - 3), 0) / 3 as ingresos_3,
    coalesce(sum(g.alumnos) filter (where g.indice = d.indice_misma_estacion), 0) as ingresos_estacion,
    coalesce(sum(g.alumnos) filter (where g.indice = d.indice_misma_estacion - d.estaciones_por_ciclo), 0)
        as ingresos_estacion_2,
    coalesce(sum(g.alumnos) filter (where g.indice = d.indice_misma_estacion - d.h), 0) as ingresos_antes_de_estacion,
    coalesce(sum(g.alumnos) filter (where g.indice > d.indice_origen - d.estaciones_por_ciclo), 0) as ingresos_ciclo,
    -- Of the last cycle and the one before, where both are known.
    sum(g.alumnos) filter (where g.indice > d.indice_origen - d.estaciones_por_ciclo)
    / nullif(
        sum(g.alumnos) filter (
            where
            g.indice > d.indice_origen - 2 * d.estaciones_por_ciclo
            and g.indice <= d.indice_origen - d.estaciones_por_ciclo
            and d.indice_origen - 2 * d.estaciones_por_ciclo + 1 >= r.primer_indice
        ), 0
    ) as crecimiento
from destinos as d
cross join corrida as r
inner join por_grupo as g
    on
        d.indice_origen >= g.indice
        and (
            g.indice > d.indice_origen - greatest(2 * d.estaciones_por_ciclo, 3)
            or g.indice in (
                d.indice_misma_estacion, d.indice_misma_estacion - d.estaciones_por_ciclo, d.indice_misma_estacion - d.h
            )
        )
group by d.indice_origen, d.h, g.grupo, g.clave
