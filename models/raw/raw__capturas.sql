{#- The snapshots write the log: it is read after them. -#}
{%- for tabla in contract_tables() %}
-- depends_on: {{ ref('snapshot__' ~ tabla) }}
{%- endfor %}
select *
from {{ source('aforo', 'capturas') }}
{%- if var('as_of') is not none %}
where capturada_en <= cast({{ quoted(var('as_of') | string) }} as timestamp)
{%- endif %}
