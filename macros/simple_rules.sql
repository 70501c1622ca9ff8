{# The rules that anyone could forecast a cell by; none may be better than what is published (docs/accuracy.md). #}
{% macro simple_rules() -%}flujo naive naive_estacional media_estacional{%- endmacro %}

{# StatsForecast's references (python_models/forecasting/models.py): what anyone would forecast a series by. #}
{% macro references() -%}('naive', 'naive_estacional', 'media_estacional', 'estacional_con_crecimiento'){%- endmacro %}

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

{# A cell seen in the four ways at once, each by its share (pesos); the flow stands in for a learner that there is not. #}
{% macro mixture(shares, views, rule) -%}
{{ shares }}.peso_aprendiz * coalesce({{ views }}.aprendiz, {{ views }}.flujo_retenido)
            + {{ shares }}.peso_aprendiz_media * coalesce({{ views }}.aprendiz_media, {{ views }}.flujo_retenido)
            + {{ shares }}.peso_flujo * {{ views }}.flujo_retenido
            + {{ shares }}.peso_regla * {{ views }}.{{ rule }}
{%- endmacro %}
