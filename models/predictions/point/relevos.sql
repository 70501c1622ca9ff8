{% set reglas = simple_rules().split() %}

with
propios as (select * from {{ ref('puntos_propios') }}),

vistas as (select * from {{ ref('vistas') }}),

objetivo as (
    select * from {{ ref('objetivo') }}
    where es_candidata
),

-- Students missed by what would be published, and by each rule in its place.
errores as (
    select
        v.indice_origen,
        v.h,
        v.tipo_demanda,
        {%- for regla in reglas %}
        sum(abs(round(v.{{ regla }}) - t.alumnos)) as {{ regla }},
        {%- endfor %}
        sum(abs(p.punto - t.alumnos)) as propio
    from propios as p
    inner join vistas as v using (indice_origen, h, unique_id)
    inner join objetivo as t using (indice_origen, h, unique_id)
    group by v.indice_origen, v.h, v.tipo_demanda
),

clases as (
    select distinct
        indice_origen,
        h,
        tipo_demanda
    from vistas
),

-- At the earlier origins whose outcome the origin knows.
conocidos as (
    select
        c.indice_origen,
        c.h,
        c.tipo_demanda,
        count(e.propio) as origenes,
        {%- for regla in reglas %}
        coalesce(sum(e.{{ regla }}), 0) as {{ regla }},
        {%- endfor %}
        coalesce(sum(e.propio), 0) as propio
    from clases as c
    left join errores as e on c.tipo_demanda = e.tipo_demanda and {{ knows_outcome('c', 'e') }}
    group by c.indice_origen, c.h, c.tipo_demanda
),

mejores as (
    select
        *,
        least({{ reglas | join(', ') }}) as de_regla
    from conocidos
)

select
    indice_origen,
    h,
    tipo_demanda,
    case
        when origenes = 0 or de_regla * (1 + {{ var('relevo_margen') }} / origenes) >= propio then null
        {%- for regla in reglas %}
        when de_regla = {{ regla }} then '{{ regla }}'
        {%- endfor %}
    end as regla,
    propio as error_propio,
    de_regla as error_regla,
    cast(origenes as integer) as origenes
from mejores
