with
exactitud as (
    select * from {{ ref('exactitud') }}
    where nivel_jerarquia = 'celda' and corte in ('todo', 'tipo_demanda')
),

propia as (
    select * from exactitud
    where modelo = 'aforo'
)

select
    e.horizonte,
    case when e.corte = 'todo' then 'todas' else e.valor end as tipo_demanda,
    e.modelo,
    case e.modelo
        when 'naive' then 'ultimo_valor'
        when 'naive_estacional' then 'misma_estacion'
        when 'media_estacional' then 'media_de_la_estacion'
        when 'flujo' then 'regla_de_flujo'
        when 'statsforecast' then 'statsforecast'
        else 'pronostico_base'
    end as clase,
    e.origenes,
    e.alumnos,
    e.wape,
    p.wape as wape_aforo,
    round(p.wape / nullif(e.wape, 0), 6) as cociente
from exactitud as e
inner join propia as p using (corte, valor, horizonte)
where e.modelo <> 'aforo'
order by e.horizonte, tipo_demanda, e.wape
