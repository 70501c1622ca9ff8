with
vistas as (select * from {{ ref('vistas') }}),

pesos as (select * from {{ ref('pesos') }}),

reglas as (select * from {{ ref('reglas') }}),

con_regla as (
    select
        v.*,
        g.regla_media,
        {{ rule_value('g.regla_punto', 'v') }} as alumnos_regla_punto,
        {{ rule_value('g.regla_media', 'v') }} as alumnos_regla_media
    from vistas as v
    inner join reglas as g using (indice_origen, h, tipo_demanda)
)

-- The mean, which adds up; the point, which misses the fewest students; and the rule that it must not be worse than.
select
    v.indice_origen,
    v.h,
    v.unique_id,
    v.tipo_demanda,
    {{ mixture('m', 'v', 'alumnos_regla_media') }} as yhat,
    {{ mixture('p', 'v', 'alumnos_regla_punto') }} as punto,
    v.alumnos_regla_punto as regla,
    case
        when m.peso_regla > 0.5 then 'regla'
        when v.aprendiz is null or m.peso_flujo > 0.5 then 'flujo_retenido'
        else 'aprendiz'
    end as modelo,
    case when v.aprendiz is null then 0 else m.peso_aprendiz end as peso_aprendiz,
    case when v.aprendiz is null then 0 else m.peso_aprendiz_media end as peso_aprendiz_media,
    case when v.aprendiz is null then 1 - m.peso_regla else m.peso_flujo end as peso_flujo,
    m.peso_regla,
    v.regla_media as modelo_regla,
    case when m.peso_regla > 0.5 then 'regla: ' || v.regla_media else v.razon end as razon
from con_regla as v
inner join pesos as m
    on
        v.indice_origen = m.indice_origen
        and v.h = m.h
        and v.tipo_demanda = m.tipo_demanda
        and m.medida = 'media'
inner join pesos as p
    on
        v.indice_origen = p.indice_origen
        and v.h = p.h
        and v.tipo_demanda = p.tipo_demanda
        and p.medida = 'punto'
