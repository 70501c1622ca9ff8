with
estadisticos as (select * from {{ ref('statsforecast_ajuste') }}),

flujo as (select * from {{ ref('pronosticos_flujo') }}),

reunidos as (
    select
        indice_origen,
        h,
        nivel,
        unique_id,
        modelo,
        yhat,
        razon
    from estadisticos

    union all

    select
        indice_origen,
        h,
        'celda' as nivel,
        unique_id,
        'flujo' as modelo,
        yhat,
        razon
    from flujo
)

select
    cast(indice_origen as integer) as indice_origen,
    cast(h as integer) as h,
    cast(nivel as varchar) as nivel,
    cast(unique_id as varchar) as unique_id,
    cast(modelo as varchar) as modelo,
    cast(yhat as double) as yhat,
    cast(razon as varchar) as razon
from reunidos
