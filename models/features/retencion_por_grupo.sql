-- A group's rate is shrunk towards what most students did in the last cycle, with the weight of five students.
{% set peso_previo = 5 %}

with
destinos as (select * from {{ ref('destinos') }}),

transiciones as (
    select * from {{ ref('transiciones') }}
    where not es_futura and tipo_demanda <> 'inicial'
),

por_grupo as (
    {% for grupo in retention_groups().split() %}
    select
        '{{ grupo }}' as grupo,
        {{ group_name(grupo) }} as clave,
        indice,
        sum(alumnos) as alumnos,
        sum(alumnos_previos) as previos
    from transiciones
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

usuales as (
    select
        d.indice_origen,
        d.h,
        {{ peso_previo }} * sum(t.alumnos) / sum(t.alumnos_previos) as alumnos,
        {{ peso_previo }} as previos
    from destinos as d
    inner join transiciones as t
        on t.indice between d.indice_origen - d.estaciones_por_ciclo + 1 and d.indice_origen and t.alumnos_previos > 0
    group by d.indice_origen, d.h
),

ventanas as (
    select
        d.indice_origen,
        d.h,
        g.grupo,
        g.clave,
        sum(g.alumnos) filter (where g.indice = d.indice_origen) as alumnos_1,
        sum(g.previos) filter (where g.indice = d.indice_origen) as previos_1,
        sum(g.alumnos) filter (where g.indice > d.indice_origen - 3) as alumnos_3,
        sum(g.previos) filter (where g.indice > d.indice_origen - 3) as previos_3,
        sum(g.alumnos) filter (where g.indice = d.indice_misma_estacion) as alumnos_estacion,
        sum(g.previos) filter (where g.indice = d.indice_misma_estacion) as previos_estacion
    from destinos as d
    inner join por_grupo as g
        on
            g.indice between d.indice_origen - 2 and d.indice_origen
            or d.indice_misma_estacion = g.indice
    group by all
)

select
    v.indice_origen,
    v.h,
    v.grupo,
    v.clave,
    (v.alumnos_1 + u.alumnos) / (v.previos_1 + u.previos) as retencion_1,
    (v.alumnos_3 + u.alumnos) / (v.previos_3 + u.previos) as retencion_3,
    (v.alumnos_estacion + u.alumnos) / (v.previos_estacion + u.previos) as retencion_estacion
from ventanas as v
inner join usuales as u on v.indice_origen = u.indice_origen and v.h = u.h
