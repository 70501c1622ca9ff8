{% set campeon = ref('pronosticos_juzgados') %}

with
campeon as (select * from {{ campeon }}),

-- Their schemas are found, not named: any experiment may have been run beside the champion.
retadores as (
    {%- for esquema in challengers(campeon) %}
    select * from {{ esquema }}.{{ campeon.identifier }}
    union all
    {%- endfor %}
    select * from campeon
    where false
)

select
    *,
    true as es_campeon
from campeon

union all

select
    *,
    false as es_campeon
from retadores
