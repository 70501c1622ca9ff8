with
candidatos as (select * from {{ ref('candidatos') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

celdas as (
    select
        c.*,
        k.programa
    from candidatos as c
    inner join cursos as k on c.curso_actual = k.curso_actual
    where c.es_evaluado
)

select distinct
    {%- for level in hierarchy_levels().split() if level != 'celda' %}
    {{ group_name(level) }} as {{ level }},
    {%- endfor %}
    unique_id
from celdas
