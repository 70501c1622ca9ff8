{# A cell of which little is expected has, where it is held, so many times its course's minimum or more (docs/accuracy.md). #}
{% macro minimos_si_se_dicta() -%}1.4{%- endmacro %}

{# The students expected of a cell, 0 where it is more likely not held at all: below half of what it has where it is held,
   none is the better guess. #}
{% macro si_se_dicta(esperado, minimo) -%}
case when {{ esperado }} < {{ (minimos_si_se_dicta() | float) / 2 }} * {{ minimo }} then 0 else {{ esperado }} end
{%- endmacro %}
