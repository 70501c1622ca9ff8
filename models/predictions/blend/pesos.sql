-- The flow's usual share: little where the learner starts from it anyway, half of entry cells, whose expected intake is
-- a view of its own. And what each tenth away from it must save: a share of the students of one origin.
{% set peso_previo = "case when tipo_demanda = 'inicial' then 0.5 else 0.1 end" %}
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

parametros as (select * from {{ ref('dim_parametros') }}),

pesos_posibles as (
    select unnest(range(0, 9)) / 10 as peso_flujo
),

mezclas as (
    select
        v.indice_origen,
        v.h,
        v.tipo_demanda,
        p.peso_flujo,
        v.aprendiz + p.peso_flujo * (v.flujo_retenido - v.aprendiz) as esperado,
        m.minimo_alumnos,
        t.alumnos
    from vistas as v
    inner join objetivo as t using (indice_origen, h, unique_id)
    left join parametros as m on t.indice = m.indice and t.curso_actual = m.curso_actual
    cross join pesos_posibles as p
),

-- Judged as it is published: nobody in a cell that is more likely not held.
errores as (
    select
        indice_origen,
        h,
        tipo_demanda,
        peso_flujo,
        sum(abs({{ si_se_dicta('esperado', 'minimo_alumnos') }} - alumnos)) as error
    from mezclas
    group by indice_origen, h, tipo_demanda, peso_flujo
),

alumnos as (
    select
        indice_origen,
        h,
        tipo_demanda,
        sum(aprendiz) as alumnos,
        {{ peso_previo }} as peso_previo
    from vistas
    group by all
),

-- What each share would have cost at the earlier origins whose outcome the origin knows.
costos as (
    select
        a.indice_origen,
        a.h,
        a.tipo_demanda,
        a.peso_previo,
        p.peso_flujo,
        count(e.error) as origenes,
        coalesce(sum(e.error), 0)
        + {{ costo }} * any_value(a.alumnos) * abs(p.peso_flujo - a.peso_previo) * 10 as costo
    from alumnos as a
    cross join pesos_posibles as p
    left join errores as e
        on
            a.h = e.h
            and a.tipo_demanda = e.tipo_demanda
            and p.peso_flujo = e.peso_flujo
            and a.indice_origen >= e.indice_origen + e.h
    group by a.indice_origen, a.h, a.tipo_demanda, a.peso_previo, p.peso_flujo
)

select
    indice_origen,
    h,
    tipo_demanda,
    peso_flujo,
    cast(origenes as integer) as origenes
from costos
qualify row_number() over (partition by indice_origen, h, tipo_demanda order by costo, abs(peso_flujo - peso_previo)) = 1
