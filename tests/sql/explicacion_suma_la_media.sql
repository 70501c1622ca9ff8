-- Every forecast cell is explained, and its parts add up to its mean to the last of its four decimals.
with
explicacion as (select * from {{ ref('explicacion') }}),

detalle as (select * from {{ ref('prediccion_detalle') }})

select
    periodo,
    sede,
    curso_actual,
    horario_actual,
    e.media as media_explicada,
    d.media
from explicacion as e
full outer join detalle as d using (periodo, sede, curso_actual, horario_actual)
where
    e.media is null
    or d.media is null
    or abs(e.media - d.media) > 0.00005
    or round(e.predecesor + e.retencion + e.derrame + e.ingreso + e.ajuste + e.reconciliacion, 4) <> round(e.media, 4)
