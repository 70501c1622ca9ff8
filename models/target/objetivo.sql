with
origenes as (select * from {{ ref('origenes') }}),

candidatos as (select * from {{ ref('candidatos') }}),

celdas as (select * from {{ ref('celdas') }}),

corrida as (select * from {{ ref('corrida') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

reales as (
    select
        o.indice_origen,
        c.indice,
        c.sede,
        c.curso_actual,
        c.horario_actual,
        c.alumnos
    from origenes as o
    inner join celdas as c on c.indice between o.indice_origen + 1 and o.indice_origen + o.horizonte
),

conocidos as (
    select c.*
    from candidatos as c
    inner join corrida as r on c.indice <= r.indice_corte
)

-- A candidate that did not happen has the target 0; a cell that happened unforeseen is kept as no candidate.
select
    indice_origen,
    indice,
    indice - indice_origen as h,
    sede,
    curso_actual,
    horario_actual,
    {{ cell_id() }} as unique_id,
    k.tipo_demanda as tipo,
    coalesce(r.alumnos, 0) as alumnos,
    c.unique_id is not null as es_candidata
from conocidos as c
full outer join reales as r using (indice_origen, indice, sede, curso_actual, horario_actual)
inner join cursos as k using (curso_actual)
