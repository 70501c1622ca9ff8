with
origenes as (select * from {{ ref('origenes') }}),

residuos as (select * from {{ ref('residuos') }})

-- What an origin's intervals are made of: the residuals of all other origins. Today's has none of its own: it uses all.
-- Rounded: interpolated quantiles of equal residuals differ in the last bit.
select
    o.indice_origen,
    r.h,
    r.nivel_jerarquia,
    r.tipo_demanda,
    r.tramo,
    count(*) as residuos,
    sqrt(avg(r.z * r.z)) as raiz_cuadratica,
    round(quantile_cont(r.z, 0.025), 9) as z025,
    round(quantile_cont(r.z, 0.10), 9) as z10,
    round(quantile_cont(r.z, 0.50), 9) as z50,
    round(quantile_cont(r.z, 0.90), 9) as z90,
    round(quantile_cont(r.z, 0.975), 9) as z975
from origenes as o
inner join residuos as r on o.indice_origen <> r.indice_origen
where o.es_evaluado
group by o.indice_origen, r.h, r.nivel_jerarquia, rollup(r.tipo_demanda, r.tramo)
