with
detalle as (select * from {{ ref('prediccion_detalle') }})

select
    periodo as "PERIODO",
    sede as "SEDE",
    curso_actual as "CURSO_ACTUAL",
    horario_actual as "HORARIO_ACTUAL",
    predict_alumnos as "PREDICT_ALUMNOS"
from detalle
order by periodo, sede, curso_actual, horario_actual
