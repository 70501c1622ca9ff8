with
evaluaciones as (select * from {{ ref('evaluaciones_por_nivel') }})

select
    nivel,
    coalesce(tipo_demanda, 'todas') as tipo_demanda,
    cast(h as integer) as horizonte,
    modelo,
    cast(count(distinct indice_origen) as integer) as origenes,
    cast(count(*) as integer) as n,
    sum(y) as alumnos,
    round(sum(abs(yhat - y)) / nullif(sum(y), 0), 6) as wape,
    round(sum(yhat - y) / nullif(sum(y), 0), 6) as sesgo,
    round(sqrt(avg(pow(yhat - y, 2))), 6) as rmse
from evaluaciones
group by nivel, h, modelo, rollup(tipo_demanda)
having grouping(tipo_demanda) = 1 or tipo_demanda is not null
order by nivel, tipo_demanda, horizonte, modelo
