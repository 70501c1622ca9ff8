with
base as (select * from {{ ref('pronosticos_base') }}),

celdas as (select * from {{ ref('pronosticos_celda') }}),

con_celdas as (
    select distinct
        indice_origen,
        h
    from celdas
)

-- The total and the campuses, each with the model that suits its series. The levels between have none: there the sums
-- of the cells are better than any model of one series (docs/accuracy.md).
select
    b.indice_origen,
    b.h,
    b.nivel_jerarquia,
    b.unique_id,
    b.yhat,
    b.modelo,
    b.razon
from base as b
inner join con_celdas using (indice_origen, h)
where
    (b.nivel_jerarquia = 'total' and b.modelo = 'theta_optimizada')
    or (b.nivel_jerarquia = 'sede' and b.modelo = 'auto_ets')
