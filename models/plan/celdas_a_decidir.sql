with
candidatos as (select * from {{ ref('candidatos') }}),

destinos as (select * from {{ ref('destinos') }}),

corrida as (select * from {{ ref('corrida') }}),

pronosticos as (
    select * from {{ ref('pronosticos') }}
    where nivel_jerarquia = 'celda'
),

distribuciones as (select * from {{ ref('distribuciones') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

horarios as (select * from {{ ref('dim_horarios') }}),

parametros as (select * from {{ ref('parametros_vigentes') }}),

aulas as (select * from {{ ref('aulas_vistas') }}),

programadas as (select * from {{ ref('secciones_programadas') }}),

pronosticadas as (
    select
        c.indice_origen,
        c.h,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        p.media,
        p.punto,
        d.cuantiles,
        d.prob_sin_dictar
    from candidatos as c
    inner join pronosticos as p using (indice_origen, h, unique_id)
    inner join distribuciones as d using (indice_origen, h, unique_id)
),

-- What is programmed for a period forecast, and no candidate: the planner sees it, too.
reunidas as (
    select
        indice_origen,
        h,
        sede,
        curso_actual,
        horario_actual,
        p.media is not null as es_candidata,
        coalesce(p.media, 0) as media,
        coalesce(p.punto, 0) as punto,
        p.cuantiles,
        p.prob_sin_dictar,
        g.secciones as secciones_programadas
    from pronosticadas as p
    full outer join programadas as g using (indice_origen, h, sede, curso_actual, horario_actual)
),

periodos_programados as (
    select distinct
        indice_origen,
        h
    from programadas
)

select
    r.indice_origen,
    r.h,
    d.indice,
    d.periodo,
    r.indice_origen = q.indice_corte as es_actual,
    r.sede,
    r.curso_actual,
    r.horario_actual,
    {{ cell_id('r') }} as unique_id,
    k.programa,
    k.nivel,
    k.tipo_demanda,
    f.turno,
    f.franja,
    f.hora_inicio,
    f.hora_fin,
    r.es_candidata,
    r.media,
    r.punto,
    r.cuantiles,
    r.prob_sin_dictar,
    -- A section never needs more students than it seats.
    case when m.minimo_alumnos > m.vacantes_estandar then m.vacantes_estandar else m.minimo_alumnos end as minimo_alumnos,
    m.vacantes_estandar,
    a.aulas,
    case when g.h is not null then coalesce(r.secciones_programadas, 0) end as secciones_programadas,
    {{ cost_of('cancelacion', 'k.programa') }} as costo_cancelacion,
    {{ cost_of('rechazado', 'k.programa') }} as costo_rechazado,
    {{ cost_of('hora', 'k.programa') }} as costo_hora
from reunidas as r
inner join destinos as d on r.indice_origen = d.indice_origen and r.h = d.h
inner join cursos as k on r.curso_actual = k.curso_actual
cross join corrida as q
left join horarios as f on r.horario_actual = f.horario_actual
left join parametros as m on d.indice = m.indice and r.curso_actual = m.curso_actual
left join aulas as a
    on r.indice_origen = a.indice_origen and r.sede = a.sede and r.horario_actual = a.horario_actual
left join periodos_programados as g on r.indice_origen = g.indice_origen and r.h = g.h
