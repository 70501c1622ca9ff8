with
candidatos as (select * from {{ ref('candidatos') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

celdas as (
    select
        c.sede,
        c.curso_actual,
        c.horario_actual,
        k.programa,
        k.tipo_demanda
    from candidatos as c
    inner join cursos as k on c.curso_actual = k.curso_actual
    where c.es_evaluado
),

por_nivel as (
    {{ by_level('celdas', ['sede as campus', 'curso_actual', 'horario_actual', 'programa', 'tipo_demanda']) }}
)

select distinct
    nivel_jerarquia,
    unique_id,
    case when nivel_jerarquia in {{ levels_with('sede') }} then campus end as sede,
    case when nivel_jerarquia in {{ levels_with('programa') }} then programa end as programa,
    case when nivel_jerarquia in {{ levels_with('curso_actual') }} then curso_actual end as curso_actual,
    case when nivel_jerarquia in {{ levels_with('horario_actual') }} then horario_actual end as horario_actual,
    case when nivel_jerarquia in {{ levels_with('tipo_demanda') }} then tipo_demanda end as tipo_demanda
from por_nivel
