with
evaluaciones as (select * from {{ ref('evaluaciones') }}),

cursos as (select * from {{ ref('dim_cursos') }}),

por_nivel as (
    unpivot (
        select
            e.indice_origen,
            e.h,
            e.modelo,
            e.es_pronosticada,
            e.yhat,
            e.y,
            k.tipo_demanda,
            k.programa,
            e.sede as campus,
            'total' as total,
            e.sede,
            e.sede || '/' || k.programa as sede_programa,
            e.sede || '/' || e.curso_actual as sede_curso,
            e.sede || '/' || e.horario_actual as sede_horario,
            e.unique_id as celda
        from evaluaciones as e
        inner join cursos as k on e.curso_actual = k.curso_actual
    )
    on total, sede, sede_programa, sede_curso, sede_horario, celda
    into name nivel value unique_id
)

select
    indice_origen,
    h,
    modelo,
    nivel,
    unique_id,
    case when nivel in ('celda', 'sede_curso') then any_value(tipo_demanda) end as tipo_demanda,
    case when nivel <> 'total' then any_value(campus) end as sede,
    case when nivel in ('celda', 'sede_curso', 'sede_programa') then any_value(programa) end as programa,
    bool_or(es_pronosticada) as es_pronosticada,
    sum(yhat) as yhat,
    sum(y) as y
from por_nivel
group by indice_origen, h, modelo, nivel, unique_id
