with
fuentes as (select * from {{ ref('fuentes') }}),

corrida as (select * from {{ ref('corrida') }}),

cuarentena as (select * from {{ ref('cuarentena') }})

select
    f.tabla,
    f.estado,
    coalesce(f.motivo_estado, case when f.estado = 'ausente' then {{ reasons_of_absence() }}[f.tabla] end) as motivo_estado,
    f.filas,
    f.origen,
    f.capturada_en,
    f.cambio_en,
    f.edad_dias,
    case when f.tabla = 'programacion' then (select count(distinct q.seccion_id) from cuarentena as q) else 0 end as en_cuarentena,
    r.run_id
from fuentes as f
cross join corrida as r
order by f.tabla
