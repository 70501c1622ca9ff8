-- A group's rate is shrunk towards what most students do, with the weight of five students.
{% set peso_previo = 5 %}
{% set tasa_previa = 0.93 %}

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
    indice_origen,
    h,
    grupo,
    clave,
    (alumnos_1 + {{ peso_previo * tasa_previa }}) / (previos_1 + {{ peso_previo }}) as retencion_1,
    (alumnos_3 + {{ peso_previo * tasa_previa }}) / (previos_3 + {{ peso_previo }}) as retencion_3,
    (alumnos_estacion + {{ peso_previo * tasa_previa }}) / (previos_estacion + {{ peso_previo }}) as retencion_estacion
from ventanas
