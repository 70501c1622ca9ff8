{# A raw table as it was known at var as_of (UTC); as captured last where none is asked. #}
{% macro raw_as_of(tabla) -%}
select * exclude (dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to, dbt_is_deleted)
from {{ ref('snapshot__' ~ tabla) }}
where
    dbt_is_deleted = 'False'
    {%- if var('as_of') is none %}
    and dbt_valid_to is null
    {%- else %}
    and dbt_valid_from <= cast({{ quoted(var('as_of') | string) }} as timestamp)
    and (dbt_valid_to is null or dbt_valid_to > cast({{ quoted(var('as_of') | string) }} as timestamp))
    {%- endif %}
{%- endmacro %}
