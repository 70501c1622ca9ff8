{# A raw table as it was known at `as_of` (UTC); as captured last where none is asked. A run counts as a whole, from
   its first capture on (raw__capturas): its tables are captured seconds apart, and were forecast from together. #}
{% macro raw_as_of(tabla) -%}
{%- set momento = '(select max(c.capturada_en) from ' ~ ref('raw__capturas') ~ ' as c)' -%}
select * exclude (dbt_scd_id, dbt_updated_at, dbt_valid_from, dbt_valid_to, dbt_is_deleted)
from {{ ref('snapshot__' ~ tabla) }}
where
    dbt_is_deleted = 'False'
    {%- if of_this_run('as_of') is none %}
    and dbt_valid_to is null
    {%- else %}
    and dbt_valid_from <= {{ momento }}
    and (dbt_valid_to is null or dbt_valid_to > {{ momento }})
    {%- endif %}
{%- endmacro %}
