with
evaluaciones as (select * from {{ ref('evaluaciones') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

con_curso as (
    select
        e.*,
        k.tipo_demanda,
        k.programa
    from evaluaciones as e
    inner join cursos as k on e.curso_actual = k.curso_actual
),

por_nivel as (
    {{ by_level(
        'con_curso',
        ['indice_origen', 'h', 'modelo', 'es_pronosticada', 'yhat', 'y', 'tipo_demanda', 'programa', 'sede as campus']
    ) }}
)

select
    indice_origen,
    h,
    modelo,
    nivel_jerarquia,
    unique_id,
    case when nivel_jerarquia in {{ levels_with('tipo_demanda') }} then any_value(tipo_demanda) end as tipo_demanda,
    case when nivel_jerarquia in {{ levels_with('sede') }} then any_value(campus) end as sede,
    case when nivel_jerarquia in {{ levels_with('programa') }} then any_value(programa) end as programa,
    bool_or(es_pronosticada) as es_pronosticada,
    sum(yhat) as yhat,
    sum(y) as y
from por_nivel
group by indice_origen, h, modelo, nivel_jerarquia, unique_id
