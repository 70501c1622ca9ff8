with
{{ judged_errors('error_absoluto / nullif(alumnos, 0)', '1 / nullif(alumnos, 0)') }}

select
    'exactitud' as tipo,
    nivel,
    donde,
    periodo,
    round(valor, 4) as valor,
    round(hasta, 4) as umbral,
    cast(null as double) as umbral_inferior,
    valor > hasta as se_cumple
from juzgadas
