with
celdas as (select * from {{ ref('celdas') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

-- The candidates themselves, and the nodes above them.
nodos as (select * from {{ ref('nodos_jerarquia') }}),

corrida as (select * from {{ ref('corrida') }}),

con_programa as (
    select
        c.*,
        k.programa
    from celdas as c
    inner join cursos as k on c.curso_actual = k.curso_actual
),

-- One row a cell, period and level: every held cell counts in the levels above, candidate or not.
por_nivel as (
    {{ by_level('con_programa', ['indice', 'alumnos']) }}
),

observadas as (
    select
        nivel_jerarquia,
        unique_id,
        indice,
        sum(alumnos) as y
    from por_nivel
    where (nivel_jerarquia, unique_id) in (select (n.nivel_jerarquia, n.unique_id) from nodos as n)
    group by all
),

-- Dense from the first period of the series to the last known one: StatsForecast takes gaps in silence.
rejilla as (
    select
        o.nivel_jerarquia,
        o.unique_id,
        unnest(generate_series(min(o.indice), max(r.indice_corte))) as indice
    from observadas as o
    cross join corrida as r
    group by o.nivel_jerarquia, o.unique_id
)

select
    g.nivel_jerarquia,
    g.unique_id,
    cast(g.indice as integer) as indice,
    cast(coalesce(o.y, 0) as double) as y
from rejilla as g
left join observadas as o using (nivel_jerarquia, unique_id, indice)
