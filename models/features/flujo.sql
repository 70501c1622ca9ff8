{% set horizonte = of_this_run('horizonte') | int %}

with
origenes as (select * from {{ ref('origenes') }}),

celdas as (select * from {{ ref('celdas') }}),

candidatos as (select * from {{ ref('candidatos') }}),

rezagos as (select * from {{ ref('rezagos') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

retencion_esperada as (select * from {{ ref('retencion_esperada') }}),

ingresos_esperados as (select * from {{ ref('ingresos_esperados') }}),

reglas_de_ingreso as (select * from {{ ref('reglas_de_ingreso') }}),

-- What is known at the origin: h = 0 is its own period.
alumnos_0 as (
    select
        o.indice_origen,
        c.indice - o.indice_origen as h,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        cast(c.alumnos as double) as alumnos,
        cast(c.alumnos as double) as retenidos
    from origenes as o
    inner join celdas as c on o.indice_origen >= c.indice
    inner join cursos as k on c.curso_actual = k.curso_actual and c.indice > o.indice_origen - k.duracion_periodos
),
{% for paso in range(1, horizonte + 1) %}
-- The students of the courses before it, in the same campus and slot, one course length ago.
flujo_{{ paso }} as (
    select
        a.indice_origen,
        a.sede,
        k.curso_siguiente as curso_actual,
        a.horario_actual,
        sum(a.alumnos) as flujo,
        sum(a.retenidos) as flujo_retenidos
    from alumnos_{{ paso - 1 }} as a
    inner join cursos as k on a.curso_actual = k.curso_actual and a.h = {{ paso }} - k.duracion_periodos
    where k.curso_siguiente is not null
    group by all
),

regla_{{ paso }} as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        f.flujo,
        case
            when c.tipo = 'inicial' then {{ entry_rule('e.regla', 'r') }}
            when c.tipo = 'estacional' then coalesce(f.flujo, r.alumnos_misma_estacion)
            else coalesce(f.flujo, 0)
        end as alumnos,
        case
            when c.tipo = 'inicial' then coalesce(i.esperados, {{ entry_rule('e.regla', 'r') }})
            when c.tipo = 'estacional' and f.flujo is null then coalesce(i.esperados, r.alumnos_misma_estacion)
            else round(coalesce(f.flujo_retenidos, 0) * coalesce(t.tasa, 1), 9)
        end as retenidos,
        case
            when c.tipo = 'inicial' then e.regla
            when f.flujo is not null then 'predecesor'
            when c.tipo = 'estacional' then 'misma_estacion'
            else 'sin_predecesor_en_el_horario'
        end as razon
    from candidatos as c
    inner join rezagos as r using (indice_origen, h, unique_id)
    inner join reglas_de_ingreso as e using (indice_origen, h)
    left join ingresos_esperados as i using (indice_origen, h, unique_id)
    left join flujo_{{ paso }} as f using (indice_origen, sede, curso_actual, horario_actual)
    left join retencion_esperada as t using (indice_origen, h, unique_id)
    where c.h = {{ paso }}
),

alumnos_{{ paso }} as (
    select * from alumnos_{{ paso - 1 }}
    union all
    select
        indice_origen,
        h,
        sede,
        curso_actual,
        horario_actual,
        alumnos,
        retenidos
    from regla_{{ paso }}
),
{% endfor %}
final as (
    {% for paso in range(1, horizonte + 1) %}
    select * from regla_{{ paso }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    indice_origen,
    h,
    unique_id,
    sede,
    curso_actual,
    horario_actual,
    flujo,
    alumnos as regla,
    retenidos as flujo_retenido,
    razon
from final
