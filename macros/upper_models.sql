{# What forecasts the total and the campuses: the references, StatsForecast's models, and the sum of the cells. #}
{% macro upper_models() -%}naive naive_estacional media_estacional estacional_con_crecimiento auto_ets theta_optimizada{%- endmacro %}
