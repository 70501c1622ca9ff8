with
propios as (select * from {{ ref('puntos_propios') }}),

vistas as (select * from {{ ref('vistas') }}),

relevos as (select * from {{ ref('relevos') }})

select
    p.indice_origen,
    p.h,
    p.unique_id,
    coalesce(round({{ rule_value('r.regla', 'v') }}), p.punto) as punto,
    p.es_regla or r.regla is not null as es_regla
from propios as p
inner join vistas as v using (indice_origen, h, unique_id)
inner join relevos as r using (indice_origen, h, tipo_demanda)
