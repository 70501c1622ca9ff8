-- The moment of var as_of is one that no vacuum has folded. `aforo run` refuses such a moment before it starts
-- (flows/home/history.py); this is for dbt by hand.
{{ config(tags=['auditoria'], store_failures=true) }}

with
capturas as (select * from {{ ref('raw__capturas') }}),

vaciados as (select * from {{ ref('raw__vaciados') }}),

conocido as (select max(capturada_en) as momento from capturas),

conservado as (
    select
        max(corte) as corte,
        arg_max(momentos, vaciado_en) as momentos
    from vaciados
)

select
    cast(null as varchar) as tabla,
    cast(null as varchar) as archivo,
    cast(null as bigint) as fila,
    cast(null as varchar) as columna,
    cast(k.momento as varchar) as valor,
    'what was known at the moment of as_of is not kept: a vacuum has folded the history up to then' as problema,
    'give as_of a moment from ' || cast(c.corte as varchar) || ' UTC on, or that of a published forecast' as remedio
from conocido as k
cross join conservado as c
where k.momento < c.corte and not list_contains(c.momentos, k.momento)
