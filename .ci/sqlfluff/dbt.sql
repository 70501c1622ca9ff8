{# What sqlfluff's jinja templater is told of dbt: every number var, and what is of a run, is 3, the contract has no tables, nothing else is set. #}
{% macro var(name, default=none) %}3{% endmacro %}
{% macro env_var(name, default='') %}{{ default }}{% endmacro %}
{% macro contract_tables() %}{% endmacro %}
{% macro this_run() %}run{% endmacro %}
{% macro of_this_run(name) %}3{% endmacro %}
{% macro reasons_of_fallback() %}map(cast([] as varchar[]), cast([] as varchar[])){% endmacro %}
{% macro publications() %}{{ return({'files': [], 'refused': []}) }}{% endmacro %}
{% macro published_forecasts() %}(select 1 as run_id){% endmacro %}
{% macro published_now() %}{{ return({}) }}{% endmacro %}
