with
{{ judged_errors('error_absoluto / nullif(alumnos, 0)', '1 / nullif(alumnos, 0)', var('vigilancia_desviaciones')) }}

select
    'exactitud' as tipo,
    j.nivel,
    j.donde,
    d.periodo,
    round(j.valor, 4) as valor,
    round(j.centro + j.limite, 4) as umbral,
    cast(null as double) as umbral_inferior,
    j.valor > j.centro + j.limite as se_cumple
from juzgadas as j
inner join periodos as d on j.indice = d.indice
