with
candidatos as (select * from {{ ref('candidatos') }}),

cursos as (select * from {{ ref('dim_cursos') }})

select distinct
    c.unique_id,
    'total' as total,
    c.sede,
    c.sede || '/' || k.programa as sede_programa,
    c.sede || '/' || c.curso_actual as sede_curso,
    c.sede || '/' || c.horario_actual as sede_horario,
    c.curso_actual,
    c.horario_actual,
    k.programa
from candidatos as c
inner join cursos as k on c.curso_actual = k.curso_actual
where c.es_evaluado
