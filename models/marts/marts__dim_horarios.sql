with
horarios as (select * from {{ ref('dim_horarios') }})

select
    horario_actual,
    turno,
    franja,
    cast(bloques as integer) as bloques,
    cast(hora_inicio as double) as hora_inicio,
    cast(hora_fin as double) as hora_fin,
    cast(row_number() over (order by hora_inicio nulls last, hora_fin, horario_actual) as integer) as orden
from horarios
order by orden
