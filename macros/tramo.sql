{# The size class of a forecast, for pooling its errors with its peers'. #}
{% macro tramo(yhat) -%}
case
            when {{ yhat }} < 1 then 0
            when {{ yhat }} < 5 then 1
            when {{ yhat }} < 12 then 2
            when {{ yhat }} < 25 then 3
            when {{ yhat }} < 60 then 4
            else 5
        end
{%- endmacro %}
