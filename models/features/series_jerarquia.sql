with
celdas as (select * from {{ ref('celdas') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

jerarquia as (select * from {{ ref('jerarquia') }}),

corrida as (select * from {{ ref('corrida') }}),

-- One row a cell, period and level: every held cell counts in the levels above, candidate or not.
por_nivel as (
    unpivot (
        select
            c.indice,
            c.alumnos,
            'total' as total,
            c.sede,
            c.sede || '/' || k.programa as sede_programa,
            c.sede || '/' || c.curso_actual as sede_curso,
            c.sede || '/' || c.horario_actual as sede_horario,
            c.sede || '/' || c.curso_actual || '/' || c.horario_actual as celda
        from celdas as c
        inner join cursos as k on c.curso_actual = k.curso_actual
    )
    on total, sede, sede_programa, sede_curso, sede_horario, celda
    into name nivel value unique_id
),

-- The nodes above a candidate, and the candidates themselves.
nodos as (
    unpivot (
        select
            unique_id as celda,
            total,
            sede,
            sede_programa,
            sede_curso,
            sede_horario
        from jerarquia
    )
    on total, sede, sede_programa, sede_curso, sede_horario, celda
    into name nivel value unique_id
),

observadas as (
    select
        nivel,
        unique_id,
        indice,
        sum(alumnos) as y
    from por_nivel
    where (nivel, unique_id) in (select (n.nivel, n.unique_id) from nodos as n)
    group by all
),

-- Dense from the first period of the series to the last known one: StatsForecast takes gaps in silence.
rejilla as (
    select
        o.nivel,
        o.unique_id,
        unnest(generate_series(min(o.indice), max(r.indice_corte))) as indice
    from observadas as o
    cross join corrida as r
    group by o.nivel, o.unique_id
)

select
    g.nivel,
    g.unique_id,
    cast(g.indice as integer) as indice,
    cast(coalesce(o.y, 0) as double) as y
from rejilla as g
left join observadas as o using (nivel, unique_id, indice)
