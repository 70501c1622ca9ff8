{# A forecast's mean and quantiles as the marts publish them. #}
{% macro published_quantiles(alias) -%}
    {%- for column in ['media', 'mediana', 'q025', 'q10', 'q90', 'q975'] -%}
    round({{ alias }}.{{ column }}, 4) as {{ column }}{{ ',\n    ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
