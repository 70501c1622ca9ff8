with
vistas as (select * from {{ ref('vistas_del_punto') }}),

cortes as (select * from {{ ref('cortes') }}),

elegidos as (
    select
        v.indice_origen,
        v.h,
        v.unique_id,
        round(v.regla) as punto_regla,
        {{ point_of('v', 'c') }} as punto,
        c.es_regla
    from vistas as v
    inner join cortes as c using (indice_origen, h, tipo_demanda)
),

totales as (
    select
        indice_origen,
        h,
        sum(punto) = 0 as es_vacio
    from elegidos
    group by indice_origen, h
)

-- A period of which no class is likely enough is not left empty: the simple rule says where students were.
select
    e.indice_origen,
    e.h,
    e.unique_id,
    case when t.es_vacio then e.punto_regla else e.punto end as punto,
    e.es_regla or t.es_vacio as es_regla
from elegidos as e
inner join totales as t using (indice_origen, h)
