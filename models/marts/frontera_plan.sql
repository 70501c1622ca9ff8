with
resultados as (
    select * from {{ ref('resultados_plan') }}
    where costos is distinct from 'plan' or plan = 'aforo_con_uniones'
),

conjuntos as (
    select unnest(['todos', 'sin_masivos']) as periodos
)

select
    cast(r.h as integer) as horizonte,
    c.periodos,
    r.plan,
    cast(case when r.plan = 'aforo' then r.costos end as double) as costo_cancelacion,
    cast(count(distinct r.indice_origen) as integer) as origenes,
    cast(sum(r.alumnos) as integer) as alumnos,
    cast(sum(r.secciones) as integer) as secciones,
    cast(sum(r.cancelaciones) as integer) as cancelaciones,
    cast(sum(r.rechazados) as integer) as rechazados
from resultados as r
inner join conjuntos as c on c.periodos = 'todos' or not r.es_masivo
group by r.h, c.periodos, r.plan, r.costos
order by horizonte, c.periodos, r.plan, costo_cancelacion
