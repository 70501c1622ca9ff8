{# What a simple rule forecasts for a cell that no course feeds, from its own past (rezagos). #}
{% macro entry_rules() -%}media_tres_periodos misma_estacion media_estaciones{%- endmacro %}

{% macro entry_rule(rule, lags) -%}
case {{ rule }}
                when 'misma_estacion' then {{ lags }}.alumnos_misma_estacion
                when 'media_estaciones' then {{ lags }}.alumnos_media_estaciones
                else {{ lags }}.alumnos_media_3
            end
{%- endmacro %}
