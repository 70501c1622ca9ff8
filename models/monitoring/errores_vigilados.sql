with
publicados as (
    select * from {{ ref('pronostico_y_real') }}
    where es_ultima
),

pronosticos as (
    select * from {{ ref('pronosticos') }}
    where nivel_jerarquia = 'celda'
),

nodos as (
    select * from {{ ref('nodos_jerarquia') }}
    where nivel_jerarquia = 'celda'
),

celdas as (select * from {{ ref('celdas') }}),

secciones as (select * from {{ ref('secciones') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

periodos as (select * from {{ ref('dim_periodos') }}),

corrida as (select * from {{ ref('corrida') }}),

abiertos as (
    select distinct indice
    from secciones
    where es_provisional
),

con_publicacion as (
    select distinct
        periodo,
        horizonte
    from publicados
),

-- Where nothing was published of a period, the forecast as it would have been made then stands in.
de_respaldo as (
    select
        p.indice_origen + p.h as indice,
        p.h as horizonte,
        n.sede,
        n.curso_actual,
        n.horario_actual,
        p.punto,
        p.media,
        p.q025,
        p.q10,
        p.q90,
        p.q975
    from pronosticos as p
    inner join nodos as n on p.unique_id = n.unique_id
    inner join periodos as d on p.indice_origen + p.h = d.indice
    anti join con_publicacion as c on d.periodo = c.periodo and p.h = c.horizonte
),

lugares_de_respaldo as (
    select distinct
        indice,
        horizonte
    from de_respaldo
),

reales as (
    select
        l.indice,
        l.horizonte,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        c.alumnos
    from lugares_de_respaldo as l
    inner join celdas as c on l.indice = c.indice
),

juntos as (
    select
        'backtest' as fuente,
        indice,
        horizonte,
        sede,
        curso_actual,
        horario_actual,
        cast(round(coalesce(f.punto, 0)) as integer) as predict_alumnos,
        coalesce(f.media, 0) as media,
        f.q025,
        f.q10,
        f.q90,
        f.q975,
        coalesce(c.alumnos, 0) as alumnos
    from de_respaldo as f
    full outer join reales as c using (indice, horizonte, sede, curso_actual, horario_actual)

    union all

    select
        'publicado' as fuente,
        d.indice,
        p.horizonte,
        p.sede,
        p.curso_actual,
        p.horario_actual,
        p.predict_alumnos,
        p.media,
        p.q025,
        p.q10,
        p.q90,
        p.q975,
        p.alumnos
    from publicados as p
    inner join periodos as d on p.periodo = d.periodo
),

-- What a forecast of this size misses anywhere in the institute in this period: what size explains of a cell's error.
con_esperado as (
    select
        *,
        avg(abs(predict_alumnos - alumnos)) over (
            partition by indice, horizonte, {{ tramo('media') }}
        ) as error_esperado
    from juntos
),

celdas_juzgadas as (
    select
        j.*,
        -- The counts of a period that still enrols, or of one that is to come, are not final.
        j.indice <= r.indice_corte and a.indice is null as es_final,
        'todo' as total,
        coalesce(k.programa, 'SIN PROGRAMA') as programa,
        coalesce(k.nivel, 'SIN NIVEL') as nivel_curso,
        j.sede as campus,
        j.horario_actual as horario
    from con_esperado as j
    cross join corrida as r
    left join abiertos as a on j.indice = a.indice
    left join cursos as k on j.curso_actual = k.curso_actual
),

por_nivel as (
    unpivot (
        select * replace (campus as sede)
        from celdas_juzgadas
    )
    on total, sede, programa, nivel_curso, horario
    into name nivel value donde
)

select
    any_value(fuente) as fuente,
    indice,
    horizonte,
    nivel,
    donde,
    bool_and(es_final) as es_final,
    cast(count(*) as integer) as celdas,
    cast(sum(alumnos) as integer) as alumnos,
    round(sum(media), 6) as pronosticados,
    cast(sum(abs(predict_alumnos - alumnos)) as integer) as error_absoluto,
    round(sum(error_esperado), 6) as error_esperado,
    cast(count(q10) as integer) as celdas_con_intervalo,
    cast(count(*) filter (where alumnos < q025) as integer) as bajo_q025,
    cast(count(*) filter (where alumnos < q10) as integer) as bajo_q10,
    cast(count(*) filter (where alumnos > q90) as integer) as sobre_q90,
    cast(count(*) filter (where alumnos > q975) as integer) as sobre_q975
from por_nivel
group by indice, horizonte, nivel, donde
