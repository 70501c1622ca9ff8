with
cursos as (select * from {{ ref('dim_cursos') }})

select
    curso_actual,
    coalesce(nombre, curso_actual) as nombre,
    linea,
    programa,
    nivel,
    frecuencia,
    intensidad,
    cast(duracion_periodos as integer) as duracion_periodos,
    curso_siguiente,
    tipo_demanda
from cursos
order by programa, nivel, curso_actual
