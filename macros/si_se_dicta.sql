{# The students expected of a cell, 0 where it is more likely not held at all. A cell of which little is expected has, where
   it is held, 1.4 times the course's minimum or more: below half of that, none is the better guess. #}
{% macro si_se_dicta(esperado, minimo) -%}
case when {{ esperado }} < 0.7 * {{ minimo }} then 0 else {{ esperado }} end
{%- endmacro %}
