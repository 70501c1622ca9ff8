with
estadisticos as (select * from {{ ref('statsforecast_ajuste') }}),

aprendiz as (select * from {{ ref('aprendiz_ajuste') }}),

flujo as (select * from {{ ref('flujo') }}),

candidatos as (select * from {{ ref('candidatos') }}),

reunidos as (
    select
        indice_origen,
        h,
        nivel_jerarquia,
        unique_id,
        modelo,
        yhat,
        razon
    from estadisticos

    union all

    select
        indice_origen,
        h,
        'celda' as nivel_jerarquia,
        unique_id,
        modelo,
        yhat,
        null as razon
    from aprendiz

    union all

    select
        f.indice_origen,
        f.h,
        'celda' as nivel_jerarquia,
        f.unique_id,
        'flujo' as modelo,
        f.regla as yhat,
        f.razon
    from flujo as f
    inner join candidatos as c using (indice_origen, h, unique_id)
    where c.es_evaluado

    union all

    select
        f.indice_origen,
        f.h,
        'celda' as nivel_jerarquia,
        f.unique_id,
        'flujo_retenido' as modelo,
        f.flujo_retenido as yhat,
        case
            when f.razon in ('{{ entry_rules().split() | join("', '") }}') and f.flujo_retenido <> f.regla then 'ingresos_esperados'
            else f.razon
        end as razon
    from flujo as f
    inner join candidatos as c using (indice_origen, h, unique_id)
    where c.es_evaluado
)

select
    cast(indice_origen as integer) as indice_origen,
    cast(h as integer) as h,
    cast(nivel_jerarquia as varchar) as nivel_jerarquia,
    cast(unique_id as varchar) as unique_id,
    cast(modelo as varchar) as modelo,
    cast(yhat as double) as yhat,
    cast(razon as varchar) as razon
from reunidos
