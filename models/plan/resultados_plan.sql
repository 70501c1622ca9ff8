with
celdas as (select * from {{ ref('celdas_juzgadas') }}),

elegidas as (select * from {{ ref('secciones_elegidas') }}),

uniones as (select * from {{ ref('uniones') }}),

fijas as (
    select
        *,
        unnest(['regla_clasica', 'regla_clasica_ultimo_periodo', 'oraculo', 'institucion']) as plan
    from celdas
),

-- What each plan says of each cell, and the students who come there.
planes as (
    select
        f.*,
        cast(null as varchar) as costos,
        case f.plan
            when 'regla_clasica' then {{ sections_needed('f.punto', 'f') }}
            when 'regla_clasica_ultimo_periodo' then {{ sections_needed('f.alumnos_ultimos', 'f') }}
            when 'oraculo' then {{ sections_needed('f.alumnos', 'f') }}
            else f.secciones_creadas
        end as secciones
    from fijas as f

    union all

    select
        c.*,
        'aforo' as plan,
        x.costos,
        coalesce(e.secciones, 0) as secciones
    from celdas as c
    cross join (select distinct costos from elegidas) as x
    left join elegidas as e
        on c.indice_origen = e.indice_origen and c.h = e.h and c.unique_id = e.unique_id and x.costos = e.costos
),

-- The students of a cell that is joined come to the other one.
mudanzas as (
    select
        u.indice_origen,
        u.h,
        u.unique_id,
        u.destino,
        u.secciones,
        c.alumnos
    from uniones as u
    inner join celdas as c using (indice_origen, h, unique_id)
),

unidas as (
    select
        p.* replace (
            'aforo_con_uniones' as plan,
            case when s.unique_id is not null then 0 else p.alumnos + coalesce(r.alumnos, 0) end as alumnos,
            case when s.unique_id is not null then 0 else coalesce(r.secciones, p.secciones) end as secciones
        )
    from planes as p
    left join mudanzas as s
        on p.indice_origen = s.indice_origen and p.h = s.h and p.unique_id = s.unique_id
    left join mudanzas as r
        on p.indice_origen = r.indice_origen and p.h = r.h and p.unique_id = r.destino
    where p.plan = 'aforo' and p.costos = 'plan' and p.h = 1
),

todos as (
    select * from planes
    union all
    select * from unidas
),

necesarias as (
    select
        *,
        {{ sections_needed('alumnos', 'todos') }} as secciones_necesarias
    from todos
),

dictadas as (
    select
        *,
        least(secciones, secciones_necesarias) as secciones_dictadas
    from necesarias
)

select
    plan,
    costos,
    indice_origen,
    h,
    periodo,
    es_masivo,
    tipo_demanda,
    sede,
    count(*) as celdas,
    sum(alumnos) as alumnos,
    sum(secciones_necesarias) as secciones_necesarias,
    sum(secciones) as secciones,
    count(*) filter (where secciones = secciones_necesarias) as exactas,
    sum(greatest(secciones_necesarias - secciones, 0)) as faltante,
    sum(greatest(secciones - secciones_necesarias, 0)) as sobrante,
    sum(secciones - secciones_dictadas) as cancelaciones,
    sum(alumnos - {{ students_seated('alumnos', 'secciones_dictadas', 'dictadas') }}) as rechazados
from dictadas
group by plan, costos, indice_origen, h, periodo, es_masivo, tipo_demanda, sede
