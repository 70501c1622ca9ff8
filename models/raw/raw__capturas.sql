{#- The snapshots write the log: it is read after them. -#}
{%- for tabla in contract_tables() %}
-- depends_on: {{ ref('snapshot__' ~ tabla) }}
{%- endfor %}
with
capturas as (select * from {{ source('aforo', 'capturas') }})

select *
from capturas
{%- if of_this_run('as_of') is not none %}
where
    secuencia <= (
        select max(c.secuencia)
        from capturas as c
        where c.capturada_en <= cast({{ quoted(of_this_run('as_of') | string) }} as timestamp)
    )
{%- endif %}
