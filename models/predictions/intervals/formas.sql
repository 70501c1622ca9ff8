-- A class with few residuals has most of its shape from the class above it: that weighs as much as k of them.
{% set k = 50 %}

with
puntos as (select * from {{ ref('vistas_del_punto') }}),

candidatos as (select * from {{ ref('candidatos') }}),

demanda as (select * from {{ ref('demanda') }}),

clasificados as (
    select
        v.indice_origen,
        v.h,
        v.unique_id,
        v.tipo_demanda,
        c.indice,
        {{ tramo('v.media') }} as tramo,
        {{ tamano('v.media') }} as tamano,
        v.media
    from puntos as v
    inner join candidatos as c using (indice_origen, h, unique_id)
),

residuos as (
    select
        c.indice_origen,
        c.h,
        c.tipo_demanda,
        c.tramo,
        c.tamano,
        (d.demanda - c.media) / sqrt(greatest(c.media, 1)) as z
    from clasificados as c
    inner join demanda as d using (indice, unique_id)
),

clases as (
    select distinct
        indice_origen,
        h,
        tipo_demanda,
        tramo,
        tamano
    from clasificados
),

origenes as (
    select distinct
        indice_origen,
        h
    from clases
),

-- Of the earlier origins whose outcome the origin knows. Rounded: interpolated quantiles of equal residuals differ in the last bit.
conocidas as (
    select
        o.indice_origen,
        o.h,
        r.tramo,
        r.tamano,
        r.tipo_demanda,
        grouping(r.tramo) + grouping(r.tamano) + grouping(r.tipo_demanda) as nivel,
        count(*) as residuos,
        [round(q, 9) for q in quantile_cont(r.z, {{ niveles() }})] as z
    from origenes as o
    inner join residuos as r on {{ knows_outcome('o', 'r') }}
    group by o.indice_origen, o.h, rollup(r.tramo, r.tamano, r.tipo_demanda)
),

de_todas as (
    select
        indice_origen,
        h,
        residuos,
        z
    from conocidas
    where nivel = 3
),

de_tramo as (
    select
        indice_origen,
        h,
        tramo,
        residuos,
        z
    from conocidas
    where nivel = 2
),

de_tamano as (
    select
        indice_origen,
        h,
        tramo,
        tamano,
        residuos,
        z
    from conocidas
    where nivel = 1
),

de_clase as (
    select
        indice_origen,
        h,
        tramo,
        tamano,
        tipo_demanda,
        residuos,
        z
    from conocidas
    where nivel = 0
),

pesadas as (
    select
        c.*,
        coalesce(k.residuos, 0) as residuos,
        coalesce(n.residuos, 0) as residuos_nivel,
        coalesce(n.residuos / (n.residuos + {{ k }}), 0) as peso_todas,
        coalesce(t.residuos / (t.residuos + {{ k }}), 0) as peso_tramo,
        coalesce(s.residuos / (s.residuos + {{ k }}), 0) as peso_tamano,
        coalesce(k.residuos / (k.residuos + {{ k }}), 0) as peso_clase,
        n.z as z_todas,
        t.z as z_tramo,
        s.z as z_tamano,
        k.z as z_clase
    from clases as c
    left join de_todas as n using (indice_origen, h)
    left join de_tramo as t using (indice_origen, h, tramo)
    left join de_tamano as s using (indice_origen, h, tramo, tamano)
    left join de_clase as k using (indice_origen, h, tramo, tamano, tipo_demanda)
)

select
    indice_origen,
    h,
    tipo_demanda,
    tramo,
    tamano,
    cast(residuos as integer) as residuos,
    cast(residuos_nivel as integer) as residuos_nivel,
    round((1 - peso_clase) * (1 - peso_tamano) * (1 - peso_tramo) * (1 - peso_todas), 9) as peso_previa,
    [
        round(
            peso_clase * coalesce(z_clase[i], 0)
            + (1 - peso_clase) * (
                peso_tamano * coalesce(z_tamano[i], 0)
                + (1 - peso_tamano) * (
                    peso_tramo * coalesce(z_tramo[i], 0) + (1 - peso_tramo) * peso_todas * coalesce(z_todas[i], 0)
                )
            ),
            9
        )
        for i in range(1, {{ puntos_de_cuantil() }} + 1)
    ] as z
from pesadas
