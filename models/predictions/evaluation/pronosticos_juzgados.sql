with
evaluaciones as (
    select * from {{ ref('evaluaciones_jerarquia') }}
    where modelo = 'aforo' and nivel_jerarquia in ('total', 'sede', 'celda')
),

pronosticos as (select * from {{ ref('pronosticos') }}),

experimento as (select * from {{ ref('experimento') }})

select
    x.experimento,
    x.base,
    x.ajustes,
    cast(e.indice_origen as integer) as indice_origen,
    cast(e.h as integer) as h,
    e.nivel_jerarquia,
    e.unique_id,
    case when e.nivel_jerarquia = 'celda' and p.punto is not null then round(p.punto) else e.yhat end as pronostico,
    e.y
from evaluaciones as e
cross join experimento as x
left join pronosticos as p
    on
        e.indice_origen = p.indice_origen
        and e.h = p.h
        and e.nivel_jerarquia = p.nivel_jerarquia
        and e.unique_id = p.unique_id
