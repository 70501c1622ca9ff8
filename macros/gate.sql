{# What is published now (flows/steps/gate.py): {origenes: {period: WAPE of its backtest's origin}, respaldo: share of cells on a rule, vivas: tables read};
   {} where nothing is. #}
{% macro published_now() -%}
    {{ return(of_this_run('publicado')) }}
{%- endmacro %}
