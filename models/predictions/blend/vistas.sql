with
base as (
    select * from {{ ref('pronosticos_base') }}
    where nivel_jerarquia = 'celda'
),

candidatos as (select * from {{ ref('candidatos') }})

select
    c.indice_origen,
    c.h,
    c.unique_id,
    c.tipo as tipo_demanda,
    avg(b.yhat) filter (where {{ es_vista_del_aprendiz('b.modelo', 'c.tipo') }}) as aprendiz,
    max(b.yhat) filter (where b.modelo = 'aprendiz_desvio') as aprendiz_media,
    max(b.yhat) filter (where b.modelo = 'flujo_retenido') as flujo_retenido,
    {% for rule in simple_rules().split() -%}
    max(b.yhat) filter (where b.modelo = '{{ rule }}') as {{ rule }},
    {% endfor -%}
    max(b.razon) filter (where b.modelo = 'flujo_retenido') as razon
from candidatos as c
inner join base as b on c.indice_origen = b.indice_origen and c.h = b.h and c.unique_id = b.unique_id
where c.es_evaluado
group by c.indice_origen, c.h, c.unique_id, c.tipo
