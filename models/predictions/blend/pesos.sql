-- Fifths of four ways to see a cell. What each tenth away from the usual shares must save: a share of what they miss at one origin.
{% set costo = 0.02 %}
{% set periodos_suficientes = 20 %}
{% set errores = {
    'punto': 'sum(abs(yhat - alumnos))',
    'media': 'sum((yhat - alumnos) ** 2 / tamano)',
} %}

with
vistas as (select * from {{ ref('vistas') }}),

reglas as (select * from {{ ref('reglas') }}),

objetivo as (
    select * from {{ ref('objetivo') }}
    where es_candidata
),

origenes as (select * from {{ ref('origenes') }}),

corrida as (select * from {{ ref('corrida') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

quintos as (
    select unnest(range(0, 6)) as quinto
),

repartos as (
    select
        a.quinto / 5 as peso_aprendiz,
        m.quinto / 5 as peso_aprendiz_media,
        f.quinto / 5 as peso_flujo,
        (5 - a.quinto - m.quinto - f.quinto) / 5 as peso_regla
    from quintos as a
    inner join quintos as m on a.quinto + m.quinto <= 5
    inner join quintos as f on a.quinto + m.quinto + f.quinto <= 5
),

medidas as (
    select unnest(['punto', 'media']) as medida
),

-- How much history the learner and the rates had: the less, the more the simple rule has.
historias as (
    select
        o.indice_origen,
        p.estaciones_por_ciclo,
        o.indice_origen - r.primer_indice + 1 as periodos,
        (o.indice_origen - r.primer_indice + 1) // p.estaciones_por_ciclo as ciclos
    from origenes as o
    cross join corrida as r
    inner join periodos as p on o.indice_origen = p.indice
),

clases as (
    select
        v.indice_origen,
        v.h,
        v.tipo_demanda,
        m.medida,
        any_value(c.estaciones_por_ciclo) as estaciones_por_ciclo,
        case any_value(c.ciclos)
            when 0 then 0.8
            when 1 then 0.6
            else greatest(1 - any_value(c.periodos) / {{ periodos_suficientes }}, 0)
        end as usual_regla,
        case
            when count(v.aprendiz) = 0 then 0
            when m.medida = 'media' then 0.4
            when v.tipo_demanda = 'inicial' then 0.8
            else 1
        end as parte_aprendiz,
        case when count(v.aprendiz) > 0 and m.medida = 'media' then 0.4 else 0 end as parte_aprendiz_media
    from vistas as v
    cross join medidas as m
    inner join historias as c on v.indice_origen = c.indice_origen
    group by v.indice_origen, v.h, v.tipo_demanda, m.medida
),

usuales as (
    select
        *,
        parte_aprendiz * (1 - usual_regla) as usual_aprendiz,
        parte_aprendiz_media * (1 - usual_regla) as usual_aprendiz_media,
        (1 - parte_aprendiz - parte_aprendiz_media) * (1 - usual_regla) as usual_flujo
    from clases
),

conocidas as (
    select
        v.indice_origen,
        v.h,
        v.tipo_demanda,
        v.aprendiz,
        v.aprendiz_media,
        v.flujo_retenido,
        {{ rule_value('g.regla_punto', 'v') }} as regla_punto,
        {{ rule_value('g.regla_media', 'v') }} as regla_media,
        {{ rules_size('v') }} as tamano,
        t.alumnos
    from vistas as v
    inner join reglas as g using (indice_origen, h, tipo_demanda)
    inner join objetivo as t using (indice_origen, h, unique_id)
),

-- What each share would have missed.
errores as (
    {% for medida, error in errores.items() %}
    select
        indice_origen,
        h,
        tipo_demanda,
        '{{ medida }}' as medida,
        peso_aprendiz,
        peso_aprendiz_media,
        peso_flujo,
        peso_regla,
        {{ error }} as error
    from (
        select
            c.*,
            p.*,
            {{ mixture('p', 'c', 'regla_' ~ medida) }} as yhat
        from conocidas as c
        cross join repartos as p
    ) as mezclas
    group by all
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Of the earlier origins whose outcome the origin knows.
costos as (
    select
        u.indice_origen,
        u.h,
        u.tipo_demanda,
        u.medida,
        p.peso_aprendiz,
        p.peso_aprendiz_media,
        p.peso_flujo,
        p.peso_regla,
        count(e.error) as origenes,
        coalesce(sum({{ recency('u', 'e') }}), 0) as origenes_recientes,
        coalesce(sum(e.error * {{ recency('u', 'e') }}), 0) as error,
        5 * (
            abs(p.peso_aprendiz - u.usual_aprendiz) + abs(p.peso_aprendiz_media - u.usual_aprendiz_media)
            + abs(p.peso_flujo - u.usual_flujo) + abs(p.peso_regla - u.usual_regla)
        ) as decimos
    from usuales as u
    cross join repartos as p
    left join errores as e
        on
            u.tipo_demanda = e.tipo_demanda
            and u.medida = e.medida
            and p.peso_aprendiz = e.peso_aprendiz
            and p.peso_aprendiz_media = e.peso_aprendiz_media
            and p.peso_flujo = e.peso_flujo
            and {{ knows_outcome('u', 'e') }}
    group by all
),

-- Leaving the usual shares has its price, so that chance alone moves nothing.
con_precio as (
    select
        *,
        round(
            error
            + {{ costo }} * decimos * min(error) over (partition by indice_origen, h, tipo_demanda, medida)
            / greatest(origenes_recientes, 1),
            6
        ) as costo
    from costos
)

select
    indice_origen,
    h,
    tipo_demanda,
    medida,
    peso_aprendiz,
    peso_aprendiz_media,
    peso_flujo,
    peso_regla,
    cast(origenes as integer) as origenes
from con_precio
qualify
    row_number() over (
        partition by indice_origen, h, tipo_demanda, medida
        order by costo, decimos, -peso_regla, -peso_flujo, -peso_aprendiz
    ) = 1
