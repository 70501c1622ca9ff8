with
destinos as (select * from {{ ref('destinos') }}),

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
    coalesce(sum(g.alumnos) filter (where g.indice = d.indice_misma_estacion - d.h), 0) as ingresos_antes_de_estacion
from destinos as d
inner join por_grupo as g
    on
        g.indice between d.indice_origen - 2 and d.indice_origen
        or g.indice in (d.indice_misma_estacion, d.indice_misma_estacion - d.h)
group by all
