-- Where little is expected of a cell it has, if it is held, so many of its course's minimums or more (macro minimos_si_se_dicta), or what it
-- had: an expectation below that is a chance of so many. The backtest corrects this, class by class, as far as it has seen k cells of one.
{% set k = 60 %}

with
vistas as (select * from {{ ref('vistas_del_punto') }}),

objetivo as (
    select * from {{ ref('objetivo') }}
    where es_candidata
),

-- What a cell of which nothing is known would have: what others of its kind have.
con_tamano as (
    select
        *,
        coalesce(
            nullif(alumnos_si_se_dicta, 0),
            round(avg(nullif(alumnos_si_se_dicta, 0)) over (partition by indice_origen, h, tipo_demanda), 6),
            1
        ) as si_se_dicta
    from vistas
),

esperadas as (
    select
        indice_origen,
        h,
        unique_id,
        tipo_demanda,
        -- Finer where the chance changes fastest, up to three times what it would have.
        cast(least(floor(6 * ln(1 + 7 * media / si_se_dicta)), 14) as integer) as clase,
        least(media / si_se_dicta, 1) as probabilidad_previa
    from con_tamano
),

conocidas as (
    select
        e.*,
        cast(t.alumnos > 0 as integer) as se_dicto
    from esperadas as e
    inner join objetivo as t using (indice_origen, h, unique_id)
),

por_origen as (
    select
        indice_origen,
        h,
        tipo_demanda,
        clase,
        count(*) as celdas,
        sum(se_dicto) as dictadas
    from conocidas
    group by all
),

origenes as (
    select distinct
        indice_origen,
        h
    from esperadas
),

-- The cells of a class at the earlier origins whose outcome the origin knows: of each kind, and of all (no kind).
clases as (
    select
        o.indice_origen,
        o.h,
        a.clase,
        a.tipo_demanda,
        sum(a.celdas) as celdas,
        sum(a.dictadas) as dictadas
    from origenes as o
    inner join por_origen as a on {{ knows_outcome('o', 'a') }}
    group by o.indice_origen, o.h, a.clase, rollup(a.tipo_demanda)
),

de_todas as (
    select
        e.*,
        (coalesce(t.dictadas, 0) + {{ k }} * e.probabilidad_previa) / (coalesce(t.celdas, 0) + {{ k }}) as probabilidad
    from esperadas as e
    left join clases as t
        on e.indice_origen = t.indice_origen and e.h = t.h and e.clase = t.clase and t.tipo_demanda is null
)

select
    e.indice_origen,
    e.h,
    e.unique_id,
    round(
        (coalesce(t.dictadas, 0) + {{ k }} * e.probabilidad) / (coalesce(t.celdas, 0) + {{ k }}), 6
    ) as probabilidad_dictado,
    cast(coalesce(t.celdas, 0) as integer) as celdas
from de_todas as e
left join clases as t
    on e.indice_origen = t.indice_origen and e.h = t.h and e.clase = t.clase and e.tipo_demanda = t.tipo_demanda
