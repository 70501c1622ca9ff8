with
secciones as (
    select s.*
    from {{ ref('int_secciones_codificadas') }} as s
    inner join {{ ref('corrida') }} as r on s.indice <= r.indice_corte
),

problemas as (
    select
        seccion_id,
        periodo,
        'curso' as columna,
        curso as valor,
        matriculados,
        'add the code to equivalencia_cursos (and its course to cursos)' as remedio
    from secciones
    where curso_actual is null

    union all

    select
        seccion_id,
        periodo,
        'horario' as columna,
        horario as valor,
        matriculados,
        'add the slot to horarios' as remedio
    from secciones
    where horario_actual is null
)

select
    seccion_id,
    periodo,
    columna,
    valor,
    matriculados,
    'unknown code' as problema,
    remedio
from problemas
