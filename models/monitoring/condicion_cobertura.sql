with
{{ judged_errors('1 - (bajo_q10 + sobre_q90) / nullif(celdas_con_intervalo, 0)', '1 / nullif(celdas_con_intervalo, 0) / 4') }}

select
    'cobertura' as tipo,
    nivel,
    donde,
    periodo,
    round(valor, 4) as valor,
    cast(1 as double) as umbral,
    round(desde, 4) as umbral_inferior,
    valor < desde as se_cumple
from juzgadas
