with
{{ judged_errors('1 - (bajo_q10 + sobre_q90) / nullif(celdas_con_intervalo, 0)', '1 / nullif(celdas_con_intervalo, 0) / 4', var('vigilancia_desviaciones')) }}

select
    'cobertura' as tipo,
    j.nivel,
    j.donde,
    d.periodo,
    round(j.valor, 4) as valor,
    cast(1 as double) as umbral,
    round(j.centro - j.limite, 4) as umbral_inferior,
    j.valor < j.centro - j.limite as se_cumple
from juzgadas as j
inner join periodos as d on j.indice = d.indice
