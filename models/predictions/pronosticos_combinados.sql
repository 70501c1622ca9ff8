with
base as (select * from {{ ref('pronosticos_base') }}),

candidatos as (select * from {{ ref('candidatos') }}),

-- A cell: the learner's views, averaged; where there is no learner, the flow with its retention.
por_celda as (
    select
        c.indice_origen,
        c.h,
        c.unique_id,
        avg(b.yhat) filter (where {{ es_vista_del_aprendiz('b.modelo', 'c.tipo') }}) as aprendiz,
        max(b.yhat) filter (where b.modelo = 'flujo_retenido') as flujo_retenido,
        max(b.razon) filter (where b.modelo = 'flujo_retenido') as razon
    from candidatos as c
    inner join base as b
        on c.indice_origen = b.indice_origen and c.h = b.h and c.unique_id = b.unique_id and b.nivel = 'celda'
    where c.es_evaluado
    group by c.indice_origen, c.h, c.unique_id
),

celdas as (
    select
        indice_origen,
        h,
        'celda' as nivel,
        unique_id,
        coalesce(aprendiz, flujo_retenido) as yhat,
        case when aprendiz is not null then 'aprendiz' else 'flujo_retenido' end as modelo,
        razon
    from por_celda
),

con_celdas as (
    select distinct
        indice_origen,
        h
    from candidatos
),

-- The total and the campuses, each with the model that suits its series. The levels between have none: there the sums
-- of the cells are better than any model of one series (docs/accuracy.md).
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
    inner join con_celdas using (indice_origen, h)
    where
        (b.nivel = 'total' and b.modelo = 'theta_optimizada')
        or (b.nivel = 'sede' and b.modelo = 'auto_ets')
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
