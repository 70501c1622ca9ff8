-- A period of which more of the sections created than this were not held: most of those were made in bulk and cancelled at once.
{% set parte_masiva = 0.333 %}

with
insumos as (
    select * from {{ ref('celdas_a_decidir') }}
    where not es_actual
),

celdas as (select * from {{ ref('celdas') }}),

secciones as (select * from {{ ref('secciones') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

corrida as (select * from {{ ref('corrida') }}),

parametros as (
    select * from {{ ref('parametros_vigentes') }}
    where minimo_alumnos is not null and vacantes_estandar is not null
),

origenes as (
    select distinct
        i.indice_origen,
        i.h,
        i.indice,
        i.periodo
    from insumos as i
    inner join corrida as r on i.indice <= r.indice_corte
),

creadas as (
    select
        indice,
        sede,
        curso_actual,
        horario_actual,
        count(*) as secciones,
        count(*) filter (where not se_dicto) as no_dictadas
    from secciones
    group by indice, sede, curso_actual, horario_actual
),

masivos as (
    select
        indice,
        sum(no_dictadas) > {{ parte_masiva }} * sum(secciones) as es_masivo
    from creadas
    group by indice
),

-- Every cell of which any of the plans could say something: candidates, those held now or last, those created.
vistas as (
    select
        indice_origen,
        h,
        sede,
        curso_actual,
        horario_actual
    from insumos

    union

    select
        o.indice_origen,
        o.h,
        c.sede,
        c.curso_actual,
        c.horario_actual
    from origenes as o
    inner join celdas as c on c.indice in (o.indice, o.indice_origen)

    union

    select
        o.indice_origen,
        o.h,
        c.sede,
        c.curso_actual,
        c.horario_actual
    from origenes as o
    inner join creadas as c using (indice)
)

select
    o.indice_origen,
    o.h,
    o.indice,
    o.periodo,
    v.sede,
    v.curso_actual,
    v.horario_actual,
    {{ cell_id('v') }} as unique_id,
    k.tipo_demanda,
    case when p.minimo_alumnos > p.vacantes_estandar then p.vacantes_estandar else p.minimo_alumnos end as minimo_alumnos,
    p.vacantes_estandar,
    coalesce(c.alumnos, 0) as alumnos,
    coalesce(u.alumnos, 0) as alumnos_ultimos,
    cast(round(coalesce(i.punto, 0)) as integer) as punto,
    coalesce(s.secciones, 0) as secciones_creadas,
    coalesce(m.es_masivo, false) as es_masivo
from vistas as v
inner join origenes as o using (indice_origen, h)
inner join cursos as k on v.curso_actual = k.curso_actual
inner join parametros as p on o.indice = p.indice and v.curso_actual = p.curso_actual
left join celdas as c
    on o.indice = c.indice and v.sede = c.sede and v.curso_actual = c.curso_actual and v.horario_actual = c.horario_actual
left join celdas as u
    on
        o.indice_origen = u.indice
        and v.sede = u.sede
        and v.curso_actual = u.curso_actual
        and v.horario_actual = u.horario_actual
left join creadas as s
    on o.indice = s.indice and v.sede = s.sede and v.curso_actual = s.curso_actual and v.horario_actual = s.horario_actual
left join masivos as m on o.indice = m.indice
left join insumos as i
    on
        o.indice_origen = i.indice_origen
        and o.h = i.h
        and v.sede = i.sede
        and v.curso_actual = i.curso_actual
        and v.horario_actual = i.horario_actual
