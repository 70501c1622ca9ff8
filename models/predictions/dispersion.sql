-- Errors grow with the square root of the size, as counts' do: residuals are pooled in that unit.
{% set cuantiles = {'z025': 0.025, 'z10': 0.10, 'z50': 0.50, 'z90': 0.90, 'z975': 0.975} %}

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
    {% for nombre, q in cuantiles.items() %}
    quantile_cont(z, {{ q }}) as {{ nombre }}{{ ',' if not loop.last }}
    {% endfor %}
from residuos
group by grouping sets ((nivel, tipo_demanda, tramo), (nivel))
