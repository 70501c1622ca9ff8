with
resultados as (select * from {{ ref('resultados_plan') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

-- A plan that was made for certain costs is judged by them; the others by each.
costos as (
    select unnest([5, 10, 20]) as costo_cancelacion
),

juzgados as (
    select
        r.*,
        cast(c.costo_cancelacion as double) as costo_cancelacion
    from resultados as r
    inner join costos as c on r.costos is null or r.costos = cast(c.costo_cancelacion as varchar)
    where r.costos is distinct from 'plan'

    union all

    select
        *,
        cast({{ var('costo_cancelacion') }} as double) / {{ var('costo_rechazado') }} as costo_cancelacion
    from resultados
    where plan = 'aforo_con_uniones'
)

select
    o.periodo as periodo_origen,
    j.periodo,
    cast(j.h as integer) as horizonte,
    j.es_masivo as es_periodo_masivo,
    j.tipo_demanda,
    j.sede,
    j.plan,
    j.costo_cancelacion,
    cast(j.celdas as integer) as celdas,
    cast(j.alumnos as integer) as alumnos,
    cast(j.secciones_necesarias as integer) as secciones_necesarias,
    cast(j.secciones as integer) as secciones,
    cast(j.exactas as integer) as exactas,
    cast(j.faltante as integer) as faltante,
    cast(j.sobrante as integer) as sobrante,
    cast(j.cancelaciones as integer) as cancelaciones,
    cast(j.rechazados as integer) as rechazados,
    round(j.costo_cancelacion * j.cancelaciones + j.rechazados, 4) as costo
from juzgados as j
inner join periodos as o on j.indice_origen = o.indice
order by j.h, periodo_origen, j.sede, j.tipo_demanda, j.plan, j.costo_cancelacion
