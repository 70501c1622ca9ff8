with
publicados as (select * from {{ published_forecasts() }}),

celdas as (select * from {{ ref('celdas') }}),

secciones as (select * from {{ ref('secciones') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

corrida as (select * from {{ ref('corrida') }}),

equivalencia as (select * from {{ ref('raw__equivalencia_cursos') }}),

horarios as (select * from {{ ref('raw__horarios') }}),

-- The periods that the run knows; of one that still enrols the count is not final.
conocidos as (
    select
        p.indice,
        p.periodo,
        p.fecha_inicio as fecha,
        not coalesce(bool_or(s.es_provisional), false) as es_final
    from periodos as p
    inner join corrida as r on p.indice between r.primer_indice and r.indice_corte
    left join secciones as s on p.indice = s.indice
    group by p.indice, p.periodo, p.fecha_inicio
),

-- A publication speaks in the codes of its day.
traducidos as (
    select
        p.*,
        coalesce(e.curso_actual, p.curso_actual) as curso_de_hoy,
        coalesce(h.horario_actual, p.horario_actual) as horario_de_hoy
    from publicados as p
    inner join conocidos as c on p.periodo = c.periodo
    left join equivalencia as e on p.curso_actual = e.curso
    left join horarios as h on p.horario_actual = h.horario
),

-- Two cells that are one today: their students add up, their quantiles do not.
pronosticos as (
    select
        run_id,
        periodo,
        horizonte,
        sede,
        curso_de_hoy as curso_actual,
        horario_de_hoy as horario_actual,
        sum(predict_alumnos) as predict_alumnos,
        round(sum(media), 4) as media,
        coalesce(any_value(programa), 'SIN PROGRAMA') as programa_publicado,
        any_value(tipo_demanda) as tipo_publicado,
        {%- for columna in ['q025', 'q10', 'q90', 'q975', 'probabilidad_dictado'] %}
        case when count(*) = 1 then any_value({{ columna }}) end as {{ columna }},
        {%- endfor %}
        true as es_pronosticada
    from traducidos
    group by run_id, periodo, horizonte, sede, curso_de_hoy, horario_de_hoy
),

-- Of several publications of a period at a horizon the last one counted; one that rebuilt a past moment made nothing new.
publicaciones as (
    select
        run_id,
        periodo,
        horizonte,
        any_value(periodo_origen) as periodo_origen,
        any_value(estado_fuente) as estado_fuente,
        any_value(datos_al) as datos_al,
        any_value(as_of) as as_of,
        any_value(experimento) as experimento,
        row_number() over (partition by periodo, horizonte order by any_value(as_of) is null desc, run_id desc) = 1 as es_ultima
    from traducidos
    group by run_id, periodo, horizonte
),

-- Cells that were held and that a publication did not have: it expected nobody in them.
omitidos as (
    select
        p.run_id,
        p.periodo,
        p.horizonte,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        0 as predict_alumnos,
        0 as media,
        false as es_pronosticada
    from publicaciones as p
    inner join celdas as c on p.periodo = c.periodo
    anti join pronosticos as f
        on
            p.run_id = f.run_id
            and p.periodo = f.periodo
            and p.horizonte = f.horizonte
            and c.sede = f.sede
            and c.curso_actual = f.curso_actual
            and c.horario_actual = f.horario_actual
),

juzgados as (
    select * from pronosticos

    union all by name

    select * from omitidos
)

select
    j.periodo,
    c.fecha,
    cast(j.horizonte as integer) as horizonte,
    j.sede,
    j.curso_actual,
    j.horario_actual,
    coalesce(k.programa, j.programa_publicado, 'SIN PROGRAMA') as programa,
    coalesce(k.tipo_demanda, j.tipo_publicado) as tipo_demanda,
    cast(j.predict_alumnos as integer) as predict_alumnos,
    cast(j.media as double) as media,
    j.q025,
    j.q10,
    j.q90,
    j.q975,
    j.probabilidad_dictado,
    coalesce(t.alumnos, 0) as alumnos,
    cast(j.predict_alumnos as integer) - coalesce(t.alumnos, 0) as error,
    cast(abs(j.predict_alumnos - coalesce(t.alumnos, 0)) as integer) as error_absoluto,
    coalesce(t.alumnos, 0) between j.q10 and j.q90 as dentro_80,
    j.es_pronosticada,
    c.es_final,
    p.es_ultima,
    p.periodo_origen,
    p.estado_fuente,
    p.datos_al,
    p.as_of,
    p.experimento,
    j.run_id
from juzgados as j
inner join publicaciones as p on j.run_id = p.run_id and j.periodo = p.periodo and j.horizonte = p.horizonte
inner join conocidos as c on j.periodo = c.periodo
left join cursos as k on j.curso_actual = k.curso_actual
left join celdas as t
    on
        j.periodo = t.periodo
        and j.sede = t.sede
        and j.curso_actual = t.curso_actual
        and j.horario_actual = t.horario_actual
order by j.periodo, j.horizonte, j.run_id, j.sede, j.curso_actual, j.horario_actual
