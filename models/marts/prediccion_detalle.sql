with
pronosticos as (select * from {{ ref('pronosticos') }}),

candidatos as (select * from {{ ref('candidatos') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

probabilidades as (select * from {{ ref('probabilidades') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

corrida as (select * from {{ ref('corrida') }})

select
    c.periodo,
    t.fecha_inicio as fecha,
    c.h as horizonte,
    c.sede,
    c.curso_actual,
    c.horario_actual,
    k.programa,
    k.nivel,
    c.tipo as tipo_demanda,
    c.motivo_candidata,
    cast(round(p.punto) as integer) as predict_alumnos,
    {{ published_quantiles('p') }},
    round(d.probabilidad_dictado, 4) as probabilidad_dictado,
    p.modelo,
    p.razon_modelo,
    p.metodo_intervalo,
    r.periodo_corte as periodo_origen,
    r.estado_fuente,
    r.tablas_respaldo,
    r.datos_al,
    r.as_of,
    r.run_id,
    r.version_raw,
    r.version_platinum,
    r.version_features,
    r.version_target,
    r.experimento,
    r.git_commit
from candidatos as c
inner join corrida as r on c.indice_origen = r.indice_corte
inner join periodos as t on c.periodo = t.periodo
inner join cursos as k on c.curso_actual = k.curso_actual
inner join pronosticos as p
    on
        c.indice_origen = p.indice_origen
        and c.h = p.h
        and c.unique_id = p.unique_id
        and p.nivel_jerarquia = 'celda'
left join probabilidades as d on c.indice_origen = d.indice_origen and c.h = d.h and c.unique_id = d.unique_id
order by c.periodo, c.sede, c.curso_actual, c.horario_actual
