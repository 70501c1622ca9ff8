-- A cell's point is a part of its mean and the rest of what missed the fewest students; 0 below a part of what it has where it is
-- held. What leaving the usual choice must save, for each step: a share of what is missed at one origin.
{% set partes = [0, 0.5, 1] %}
{% set cortes = [0, 0.3, 0.4, 0.5, 0.6, 0.8, 1] %}
{% set parte_usual = 0.5 %}
{% set corte_usual = 0.5 %}
{% set costo = 0.05 %}

with
vistas as (select * from {{ ref('vistas_del_punto') }}),

objetivo as (
    select * from {{ ref('objetivo') }}
    where es_candidata
),

periodos as (select * from {{ ref('dim_periodos') }}),

partes as (
    select unnest({{ partes }}) as parte_media
),

umbrales as (
    select unnest({{ cortes }}) as corte
),

opciones as (
    select
        p.parte_media,
        u.corte,
        false as es_regla,
        2 * abs(p.parte_media - {{ parte_usual }}) + 10 * abs(u.corte - {{ corte_usual }}) as pasos
    from partes as p
    cross join umbrales as u

    union all

    select
        0 as parte_media,
        0 as corte,
        true as es_regla,
        5 as pasos
),

errores as (
    select
        v.indice_origen,
        v.h,
        v.tipo_demanda,
        o.parte_media,
        o.corte,
        o.es_regla,
        sum(abs({{ point_of('v', 'o') }} - t.alumnos)) as error
    from vistas as v
    inner join objetivo as t using (indice_origen, h, unique_id)
    cross join opciones as o
    group by v.indice_origen, v.h, v.tipo_demanda, o.parte_media, o.corte, o.es_regla
),

clases as (
    select distinct
        v.indice_origen,
        v.h,
        v.tipo_demanda,
        p.estaciones_por_ciclo
    from vistas as v
    inner join periodos as p on v.indice_origen = p.indice
),

-- At the earlier origins whose outcome the origin knows.
costos as (
    select
        c.indice_origen,
        c.h,
        c.tipo_demanda,
        o.parte_media,
        o.corte,
        o.es_regla,
        o.pasos,
        count(e.error) as origenes,
        coalesce(sum({{ recency('c', 'e') }}), 0) as origenes_recientes,
        coalesce(sum(e.error * {{ recency('c', 'e') }}), 0) as error
    from clases as c
    cross join opciones as o
    left join errores as e
        on
            c.tipo_demanda = e.tipo_demanda
            and o.parte_media = e.parte_media
            and o.corte = e.corte
            and o.es_regla = e.es_regla
            and {{ knows_outcome('c', 'e') }}
    group by all
),

con_precio as (
    select
        *,
        round(
            error + {{ costo }} * pasos * min(error) over (partition by indice_origen, h, tipo_demanda) / greatest(origenes_recientes, 1),
            6
        ) as costo
    from costos
)

select
    indice_origen,
    h,
    tipo_demanda,
    cast(parte_media as double) as parte_media,
    cast(corte as double) as corte,
    es_regla,
    cast(origenes as integer) as origenes
from con_precio
qualify row_number() over (partition by indice_origen, h, tipo_demanda order by costo, pasos) = 1
