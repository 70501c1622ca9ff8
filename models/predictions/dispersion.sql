-- Errors grow with the square root of the size, as counts' do: residuals are pooled in that unit.
with
evaluaciones as (select * from {{ ref('evaluaciones_por_nivel') }}),

residuos as (
    select
        nivel,
        coalesce(tipo_demanda, 'todas') as tipo_demanda,
        {{ tramo('yhat') }} as tramo,
        (y - yhat) / sqrt(greatest(yhat, 1)) as z
    from evaluaciones
    where modelo = 'aforo' and es_pronosticada
)

select
    nivel,
    tipo_demanda,
    tramo,
    count(*) as residuos,
    quantile_cont(z, 0.025) as z025,
    quantile_cont(z, 0.10) as z10,
    quantile_cont(z, 0.50) as z50,
    quantile_cont(z, 0.90) as z90,
    quantile_cont(z, 0.975) as z975
from residuos
group by nivel, rollup(tipo_demanda, tramo)
