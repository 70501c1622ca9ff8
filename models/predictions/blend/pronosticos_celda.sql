with
vistas as (select * from {{ ref('vistas') }}),

pesos as (select * from {{ ref('pesos') }})

select
    v.indice_origen,
    v.h,
    v.unique_id,
    coalesce(v.aprendiz + p.peso_flujo * (v.flujo_retenido - v.aprendiz), v.flujo_retenido) as yhat,
    case when v.aprendiz is null then 'flujo_retenido' else 'aprendiz' end as modelo,
    case when v.aprendiz is null then 1 else p.peso_flujo end as peso_flujo,
    v.razon
from vistas as v
left join pesos as p using (indice_origen, h, tipo_demanda)
