with
capturas as (select * from {{ ref('raw__capturas') }}),

fuentes as (select * from {{ ref('fuentes') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

-- The moment that the run stands at, as the state of its sources has it.
ahora as (
    select max(capturada_en + edad_dias * interval 1 day) as momento
    from fuentes
),

-- From one capture of programacion that brought something new to the next.
intervalos as (
    select
        capturada_en as desde,
        lead(capturada_en) over (order by secuencia, capturada_en) as hasta
    from capturas
    where tabla = 'programacion' and cambios > 0
),

duraciones as (
    select
        i.desde,
        coalesce(i.hasta, a.momento) as hasta
    from intervalos as i
    cross join ahora as a
),

plazo as (
    select
        round(
            {{ var('vigilancia_periodos_sin_cambios') }}
            * median(date_diff('day', fecha_inicio, fecha_fin) + 1), 1
        ) as dias
    from periodos
),

-- A period of the calendar lasts until the next begins.
lapsos as (
    select
        periodo,
        fecha_inicio as desde,
        coalesce(lead(fecha_inicio) over (order by indice), fecha_fin + 1) as hasta
    from periodos
    where fecha_inicio is not null
)

select
    'fuente_atrasada' as tipo,
    'tabla' as nivel,
    'programacion' as donde,
    l.periodo,
    cast(max(date_diff('day', d.desde, least(d.hasta, l.hasta))) as double) as valor,
    any_value(p.dias) as umbral,
    cast(null as double) as umbral_inferior,
    max(date_diff('day', d.desde, least(d.hasta, l.hasta))) > any_value(p.dias) as se_cumple
from lapsos as l
inner join duraciones as d on l.hasta > d.desde and l.desde < d.hasta
cross join plazo as p
group by l.periodo
