with
evaluaciones as (select * from {{ ref('evaluaciones_jerarquia') }}),

propias as (
    select
        *,
        sqrt(greatest(yhat, 1)) as unidad
    from evaluaciones
    where modelo = 'aforo' and es_pronosticada
)

-- Errors grow with the square root of the size, as counts' do: they are compared in that unit.
select
    indice_origen,
    h,
    nivel_jerarquia,
    unique_id,
    coalesce(tipo_demanda, 'todas') as tipo_demanda,
    {{ tramo('yhat') }} as tramo,
    y,
    (y - yhat) / unidad as z
from propias
