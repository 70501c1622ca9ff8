{# The rules that anyone could forecast a cell by; none may be better than what is published (docs/accuracy.md). #}
{% macro simple_rules() -%}flujo naive naive_estacional media_estacional{%- endmacro %}

{# The value that the rule of this name has in a row of vistas. #}
{% macro rule_value(rule, views) -%}
case {{ rule }}
            {%- for name in simple_rules().split() %}
            when '{{ name }}' then {{ views }}.{{ name }}
            {%- endfor %}
        end
{%- endmacro %}

{# The size of a cell by which squared errors are made comparable: what the rules say on average, 1 at least. #}
{% macro rules_size(views) -%}
greatest(({% for name in simple_rules().split() %}{{ views }}.{{ name }}{{ ' + ' if not loop.last }}{% endfor %}) / {{ simple_rules().split() | length }}, 1)
{%- endmacro %}
