with
vistas as (select * from {{ ref('vistas') }}),

objetivo as (
    select * from {{ ref('objetivo') }}
    where es_candidata
),

periodos as (select * from {{ ref('dim_periodos') }}),

conocidas as (
    select
        v.*,
        t.alumnos,
        {{ rules_size('v') }} as tamano
    from vistas as v
    inner join objetivo as t using (indice_origen, h, unique_id)
),

-- What each rule missed at each origin: in students, and squared in units of the cell's size, whose least is the mean's.
errores as (
    {% for rule in simple_rules().split() %}
    select
        indice_origen,
        h,
        tipo_demanda,
        '{{ rule }}' as regla,
        {{ loop.index }} as orden,
        sum(abs({{ rule }} - alumnos)) as error_punto,
        sum(({{ rule }} - alumnos) ** 2 / tamano) as error_media
    from conocidas
    group by indice_origen, h, tipo_demanda
    {{ 'union all' if not loop.last }}
    {% endfor %}
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

-- Of the earlier origins whose outcome the origin knows. Rounded: powers differ in the last bit from one machine to the next.
sumas as (
    select
        c.indice_origen,
        c.h,
        c.tipo_demanda,
        e.regla,
        e.orden,
        round(sum(e.error_punto * {{ recency('c', 'e') }}), 6) as error_punto,
        round(sum(e.error_media * {{ recency('c', 'e') }}), 6) as error_media
    from clases as c
    inner join errores as e on c.tipo_demanda = e.tipo_demanda and {{ knows_outcome('c', 'e') }}
    group by c.indice_origen, c.h, c.tipo_demanda, e.regla, e.orden
),

elegidas as (
    select
        indice_origen,
        h,
        tipo_demanda,
        arg_min(regla, (error_punto, orden)) as regla_punto,
        arg_min(regla, (error_media, orden)) as regla_media
    from sumas
    group by indice_origen, h, tipo_demanda
)

-- Without any evidence: the flow's rule.
select
    c.indice_origen,
    c.h,
    c.tipo_demanda,
    coalesce(e.regla_punto, 'flujo') as regla_punto,
    coalesce(e.regla_media, 'flujo') as regla_media
from clases as c
left join elegidas as e using (indice_origen, h, tipo_demanda)
