-- The flow's usual share, and what each tenth away from it must save: a share of the students of one origin.
{% set peso_previo = 0.1 %}
{% set costo = 0.002 %}

with
vistas as (
    select * from {{ ref('vistas') }}
    where aprendiz is not null
),

objetivo as (
    select * from {{ ref('objetivo') }}
    where es_candidata
),

pesos_posibles as (
    select unnest(range(0, 9)) / 10 as peso_flujo
),

errores as (
    select
        v.indice_origen,
        v.h,
        v.tipo_demanda,
        p.peso_flujo,
        sum(abs(v.aprendiz + p.peso_flujo * (v.flujo_retenido - v.aprendiz) - t.alumnos)) as error
    from vistas as v
    inner join objetivo as t using (indice_origen, h, unique_id)
    cross join pesos_posibles as p
    group by all
),

alumnos as (
    select
        indice_origen,
        h,
        tipo_demanda,
        sum(aprendiz) as alumnos
    from vistas
    group by all
),

-- What each share would have cost at the earlier origins whose outcome the origin knows.
costos as (
    select
        a.indice_origen,
        a.h,
        a.tipo_demanda,
        p.peso_flujo,
        count(e.error) as origenes,
        coalesce(sum(e.error), 0)
        + {{ costo }} * any_value(a.alumnos) * abs(p.peso_flujo - {{ peso_previo }}) * 10 as costo
    from alumnos as a
    cross join pesos_posibles as p
    left join errores as e
        on
            a.h = e.h
            and a.tipo_demanda = e.tipo_demanda
            and p.peso_flujo = e.peso_flujo
            and a.indice_origen >= e.indice_origen + e.h
    group by a.indice_origen, a.h, a.tipo_demanda, p.peso_flujo
)

select
    indice_origen,
    h,
    tipo_demanda,
    peso_flujo,
    cast(origenes as integer) as origenes
from costos
qualify row_number() over (partition by indice_origen, h, tipo_demanda order by costo, abs(peso_flujo - {{ peso_previo }})) = 1
