{% set cortes = {'todo': "'todo'", 'sede': 'sede', 'horario': 'horario_actual', 'programa': 'programa'} %}

with
plan as (select * from {{ ref('plan_apertura') }}),

-- Rooms are taken where a campus holds most sections at once.
por_horario as (
    select
        *,
        sum(secciones) over (partition by periodo, sede, horario_actual) as simultaneas
    from plan
)

{% for corte, valor in cortes.items() %}
select
    periodo,
    horizonte,
    '{{ corte }}' as corte,
    {{ valor }} as valor,
    cast(count(*) as integer) as celdas,
    cast(count(secciones) as integer) as celdas_con_plan,
    round(sum(alumnos_esperados), 4) as alumnos_esperados,
    cast(sum(secciones) as integer) as secciones,
    cast(sum(vacantes) as integer) as vacantes,
    round(sum(secciones * horas_por_dia), 4) as horas_docentes_por_dia,
    cast({{ "max(simultaneas)" if corte == 'sede' else "null" }} as integer) as aulas_a_la_vez,
    round(sum(cancelaciones_esperadas), 4) as cancelaciones_esperadas,
    round(sum(rechazados_esperados), 4) as rechazados_esperados,
    round(sum(costo_esperado), 4) as costo_esperado,
    cast(sum(secciones_programadas) as integer) as secciones_programadas,
    cast(sum(faltante) as integer) as faltante,
    cast(sum(sobrante) as integer) as sobrante,
    cast(count(*) filter (where accion = 'abrir') as integer) as por_abrir,
    cast(count(*) filter (where accion = 'abrir_menos') as integer) as por_abrir_menos,
    cast(count(*) filter (where accion = 'vigilar') as integer) as por_vigilar,
    cast(count(*) filter (where accion = 'unir') as integer) as por_unir
from por_horario
group by periodo, horizonte, {{ valor }}
{{ 'union all' if not loop.last else 'order by periodo, corte, valor' }}
{% endfor %}
