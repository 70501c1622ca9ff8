{# The rule of the plan, stated once: the marts, the backtest and `aforo plan` (flows/plan.py) all use it; docs/plan.md says it in words.

   Students fill the sections of a cell one after the other, each up to its standard seats. Those that are full are held, and so is
   the last one where it has the minimum; one that stays below the minimum is cancelled, and its students are turned away.
   So the k-th section is held with (k - 1) full ones and the minimum, or more. #}

{# The fewest students of the cell with which its k-th section is held. #}
{% macro students_for_section(k, c) -%}
(({{ k }} - 1) * {{ c }}.vacantes_estandar + {{ c }}.minimo_alumnos)
{%- endmacro %}

{# The sections that so many students fill: the classical rule. #}
{% macro sections_needed(n, c) -%}
cast(
        floor({{ n }} / {{ c }}.vacantes_estandar)
        + case when {{ n }} - floor({{ n }} / {{ c }}.vacantes_estandar) * {{ c }}.vacantes_estandar >= {{ c }}.minimo_alumnos then 1 else 0 end
        as integer
    )
{%- endmacro %}

{# The students of n who find a seat in that many sections held. #}
{% macro students_seated(n, held, c) -%}
least({{ n }}, {{ held }} * {{ c }}.vacantes_estandar)
{%- endmacro %}

{# The cost ratios of the backtest: how many students turned away a cancelled section is worth. #}
{% macro cost_ratios() -%}1 2 3 5 7 10 14 20 30 50{%- endmacro %}

{# What names a campus that has no rooms. #}
{% macro is_virtual(text) -%}(lower({{ text }}) like '%virtual%'){%- endmacro %}

{# A cost of the plan: the programme's own (var costos_por_programa), else that of all. #}
{% macro cost_of(cost, programme) -%}
    {%- set own = var('costos_por_programa') -%}
    {%- set ours = [] -%}
    {%- for name, costs in own.items() if cost in costs -%}
        {%- do ours.append("when " ~ quoted(name) ~ " then " ~ (costs[cost] | float)) -%}
    {%- endfor -%}
cast({% if ours %}case {{ programme }} {{ ours | join(' ') }} else {{ var('costo_' ~ cost) | float }} end{% else %}{{ var('costo_' ~ cost) | float }}{% endif %} as double)
{%- endmacro %}
