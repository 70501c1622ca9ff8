with
base as (select * from {{ ref('pronosticos_base') }}),

candidatos as (select * from {{ ref('candidatos') }}),

-- A cell: the flow from the course before it; an entry course: the median of its flow rule and its sparse models.
celdas as (
    select
        c.indice_origen,
        c.h,
        'celda' as nivel,
        c.unique_id,
        case when c.tipo = 'inicial' then median(b.yhat) else max(b.yhat) filter (where b.modelo = 'flujo') end as yhat,
        case when c.tipo = 'inicial' then 'mediana' else 'flujo' end as modelo,
        max(b.razon) filter (where b.modelo = 'flujo') as razon
    from candidatos as c
    inner join base as b
        on c.indice_origen = b.indice_origen and c.h = b.h and c.unique_id = b.unique_id and b.nivel = 'celda'
    where b.modelo not in ('naive', 'naive_estacional')
    group by c.indice_origen, c.h, c.unique_id, c.tipo
),

-- The levels above, each with the model that suits its series. Campus × course has none: there the sums of the
-- flow are better than any model of so short a series (docs/forecast.md).
niveles as (
    select
        b.indice_origen,
        b.h,
        b.nivel,
        b.unique_id,
        b.yhat,
        b.modelo,
        b.razon
    from base as b
    where
        (b.nivel = 'total' and b.modelo = 'theta_optimizada')
        or (b.nivel in ('sede', 'sede_programa', 'sede_horario') and b.modelo = 'auto_ets')
),

reunidos as (
    select * from celdas
    union all
    select * from niveles
)

-- Counts vary as their size; the total is a tenth as uncertain for its size, for it has the longest, smoothest series.
select
    *,
    greatest(yhat, 0.5) * case when nivel = 'total' then 0.1 else 1 end as varianza
from reunidos
