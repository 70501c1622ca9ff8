{# What cells are grouped by: the columns whose values, joined by '/', name a group. #}
{% macro columns_of(group) -%}
    {{- {
        'total': '',
        'sede': 'sede',
        'sede_programa': 'sede programa',
        'sede_curso': 'sede curso_actual',
        'sede_horario': 'sede horario_actual',
        'celda': 'sede curso_actual horario_actual',
        'nivel': 'nivel',
        'programa_frecuencia': 'programa frecuencia',
        'curso': 'curso_actual',
        'linea': 'linea',
    }[group] -}}
{%- endmacro %}

{# The levels of the forecasts' hierarchy, from the top down. Crossed, not nested: a cell's course and its slot each have a
   parent of their own. As words of a text: a macro of sqlfluff's templater gives no list. #}
{% macro hierarchy_levels() -%}total sede sede_programa sede_curso sede_horario celda{%- endmacro %}

{# The groups whose retention, and whose intake, is a feature of a cell. #}
{% macro retention_groups() -%}sede sede_horario nivel programa_frecuencia curso sede_curso linea{%- endmacro %}

{% macro intake_groups() -%}sede sede_programa sede_curso sede_horario curso{%- endmacro %}

{# The name of a row's group: campus/course for sede_curso. #}
{% macro group_name(group, alias=none) -%}
    {%- for column in columns_of(group).split() -%}
        {{ alias ~ '.' if alias }}{{ column }}{{ " || '/' || " if not loop.last }}
    {%- else -%}
        '{{ group }}'
    {%- endfor -%}
{%- endmacro %}

{# The name of a cell, its unique_id: SEDE/CURSO/HORARIO. #}
{% macro cell_id(alias=none) -%}
    {{ group_name('celda', alias) }}
{%- endmacro %}

{# A row of `relation` once for each level of the hierarchy, as nivel_jerarquia and unique_id; the columns kept beside them. #}
{% macro by_level(relation, kept, without='') -%}
{%- set levels = hierarchy_levels().split() | reject('equalto', without) | list -%}
unpivot (
        select
            {%- for column in kept %}
            {{ column }},
            {%- endfor %}
            {%- for level in levels %}
            {{ group_name(level) }} as {{ level }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
    )
    on {{ levels | join(', ') }}
    into name nivel_jerarquia value unique_id
{%- endmacro %}

{# The levels whose series have one value of a column; a course has one programme and one kind of demand. #}
{% macro levels_with(column) -%}
    {%- set owner = 'curso_actual' if column in ('programa', 'tipo_demanda') else column -%}
    {%- set levels = [] -%}
    {%- for level in hierarchy_levels().split() if column in columns_of(level).split() or owner in columns_of(level).split() -%}
        {%- do levels.append("'" ~ level ~ "'") -%}
    {%- endfor -%}
    ({{ levels | join(', ') }})
{%- endmacro %}
