with
{{ judged_errors('pronosticados / nullif(alumnos, 0) - 1', '1 / nullif(alumnos, 0)', var('vigilancia_desviaciones_sesgo'), centre=0) }}

select
    'sesgo' as tipo,
    j.nivel,
    j.donde,
    d.periodo,
    round(j.valor, 4) as valor,
    round(j.centro + j.limite, 4) as umbral,
    round(j.centro - j.limite, 4) as umbral_inferior,
    abs(j.valor - j.centro) > j.limite as se_cumple
from juzgadas as j
inner join periodos as d on j.indice = d.indice
