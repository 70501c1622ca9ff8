with
vistas as (select * from {{ ref('vistas_del_punto') }}),

cortes as (select * from {{ ref('cortes') }})

select
    v.indice_origen,
    v.h,
    v.unique_id,
    {{ point_of('v', 'c') }} as punto,
    c.es_regla
from vistas as v
inner join cortes as c using (indice_origen, h, tipo_demanda)
